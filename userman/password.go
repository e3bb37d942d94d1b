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
	// MustChange requires a new password after the next login. Defaults to no.
	MustChange bool
	// DisableTokens disables the API tokens of the user, which have keys of their own.
	// Defaults to no.
	DisableTokens bool
	// Precondition is called in the transaction that sets the password, which
	// begins after the password was hashed. SetPassword changes nothing and
	// returns its error if there is one. It may run more than once. Defaults to
	// none.
	Precondition func(ctx context.Context) error
}

// SetPassword gives the user a new password and ends all sessions, links and
// trusted devices. It is for an administrator: see [Service.ChangePassword]. It
// returns an error wrapping [store.ErrInvalid] on "password" if the password is not
// good enough, and one wrapping [store.ErrConflict] if the user's directory keeps
// the password.
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
	err = s.audit.Do(ctx, s.store, s.userEvent(string(auth.OpSetPassword), username), func(ctx context.Context, r *audit.Recorder) (err error) {
		if after, err = commit(ctx); err != nil {
			return err
		}
		return s.eachDependents(func(d Dependents) error { return d.Disable(ctx, r, after.ID) })
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

// SetPasswordHash stores a password hash of another system: argon2id in PHC form,
// bcrypt, phpass (FreePBX's User Manager), or SHA-1. The next login replaces it.
// Otherwise it acts as [Service.SetPassword], but does not change MustChangePassword.
// It returns an error wrapping [store.ErrInvalid] on "password_hash" if the form of the
// hash is unknown.
func (s *Service) SetPasswordHash(ctx context.Context, username string, hash store.Secret) (*User, error) {
	return s.credentials().SetPasswordHash(ctx, username, hash)
}

// ChangePassword gives the user of that ID, who calls it, a new password, which
// must differ from the current one. It ends all other sessions: the returned
// record has the new session epoch. It returns an error wrapping
// [store.ErrInvalid] on "current_password" or "password", one wrapping
// [store.ErrConflict] if the user's directory keeps the password, and a
// [store.RateLimitedError] after too many guesses.
func (s *Service) ChangePassword(ctx context.Context, id string, current, password store.Secret) (*User, error) {
	return s.credentials().ChangePassword(ctx, id, current, password)
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

// GeneratePassword returns a random password for [Service.SetPassword]: 20 letters and
// digits without those that look alike, or more if [Options].MinPasswordLength requires
// it.
func (s *Service) GeneratePassword() (store.Secret, error) {
	generator, err := password.NewGenerator(&password.GeneratorInput{
		LowerLetters: lowerLetters, UpperLetters: upperLetters, Digits: unambiguousDigits, Reader: s.opts.Random,
	})
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a password: %w", err)
	}
	generated, err := generator.Generate(max(generatedPasswordLength, s.opts.MinPasswordLength), generatedDigits, 0, false, true)
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a password: %w", err)
	}
	return store.NewSecret(generated), nil
}
