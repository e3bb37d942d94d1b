package userman

import (
	"context"
	"fmt"

	"github.com/sethvargo/go-password/password"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// PasswordOptions are the options of [Service.SetPassword].
type PasswordOptions struct {
	// MustChange requires a new password after the next login. Defaults to false.
	MustChange bool
	// DisableTokens also disables the API tokens of the user, because tokens have their
	// own keys. Defaults to false.
	DisableTokens bool
	// Precondition runs in the transaction that sets the password. This transaction
	// begins after the password is hashed. If Precondition returns an error,
	// SetPassword changes nothing and returns this error. Precondition may run more
	// than once. Defaults to none.
	Precondition func(ctx context.Context) error
}

// SetPassword sets the password of a user for an administrator. Users change their own
// password with [Service.ChangePassword]. SetPassword ends all sessions, invalidates
// all links and forgets trusted devices. It returns an error wrapping
// [store.ErrInvalid] on "password" if the password is too weak. It returns an error
// wrapping [store.ErrConflict] if the user's directory manages the password.
func (s *Service) SetPassword(ctx context.Context, username string, password store.Secret, opts *PasswordOptions) (*User, error) {
	if opts == nil {
		opts = &PasswordOptions{}
	}
	commit, err := s.credentialsWith(*opts).PrepareSetPassword(ctx, username, password)
	if err != nil {
		return nil, err
	}
	if !opts.DisableTokens {
		return commit(ctx)
	}
	var after *User
	err = s.audit.Do(ctx, s.store, s.AuditEvent(ctx, string(auth.OpSetPassword), username), func(ctx context.Context, r *audit.Recorder) (err error) {
		if after, err = commit(ctx); err != nil {
			return err
		}
		return s.eachDependents(func(d Dependents) error { return d.Disable(ctx, r, after) })
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// SetPasswordHash stores a password hash of another system: argon2id in PHC format,
// bcrypt, phpass (FreePBX's User Manager), or SHA-1. The next login replaces the hash.
// Otherwise SetPasswordHash works like [Service.SetPassword], but does not change
// MustChangePassword. It returns an error wrapping [store.ErrInvalid] on
// "password_hash" if the hash format is unknown.
func (s *Service) SetPasswordHash(ctx context.Context, username string, hash store.Secret) (*User, error) {
	return s.credentials().SetPasswordHash(ctx, username, hash)
}

// ChangePassword changes the password for the user with this ID, on the user's own
// request. The new password must differ from the current one. ChangePassword ends all
// other sessions. The returned record has the new session epoch. ChangePassword returns
// an error wrapping [store.ErrInvalid] on "current_password" or "password" if one of
// them is invalid. It returns an error wrapping [store.ErrConflict] if the user's
// directory manages the password. It returns a [store.RateLimitedError] after too many
// guesses.
func (s *Service) ChangePassword(ctx context.Context, id store.UserID, current, password store.Secret) (*User, error) {
	return s.credentials().ChangePassword(ctx, string(id), current, password)
}

// A generated password has generatedPasswordLength letters and digits, without those
// that look alike, with repetition: more than 100 bits.
const (
	generatedPasswordLength = 20
	generatedDigits         = 5
	lowerLetters            = "abcdefghijkmnopqrstuvwxyz"
	upperLetters            = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	unambiguousDigits       = "23456789"
)

// GeneratePassword returns a random password for [Service.SetPassword]. The password
// has 20 letters and digits, or more if [Options].MinPasswordLength requires it. It has
// no characters that look alike.
func (s *Service) GeneratePassword() (store.Secret, error) {
	generator, err := password.NewGenerator(&password.GeneratorInput{
		LowerLetters: lowerLetters, UpperLetters: upperLetters, Digits: unambiguousDigits, Reader: s.opts().Random,
	})
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a password: %w", err)
	}
	generated, err := generator.Generate(max(generatedPasswordLength, s.opts().MinPasswordLength), generatedDigits, 0, false, true)
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a password: %w", err)
	}
	return store.NewSecret(generated), nil
}
