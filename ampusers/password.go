package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// PasswordOptions are the options of [Service.SetPassword].
type PasswordOptions struct {
	// Precondition is called in the transaction that sets the password, after the
	// password was hashed. If it returns an error, SetPassword changes nothing and
	// returns that error. It may run more than once. Defaults to none.
	Precondition func(ctx context.Context) error
}

// SetPassword sets the password of an administrator. It ends all sessions,
// revokes the link to set a password, and forgets trusted devices. For one's own
// password, call [Service.ChangePassword]. It returns an error
// wrapping [store.ErrInvalid] on "password" if the password violates the policy.
func (s *Service) SetPassword(ctx context.Context, username string, password store.Secret, opts *PasswordOptions) (*Administrator, error) {
	if opts == nil {
		opts = &PasswordOptions{}
	}
	commit, err := s.credentialsWith(*opts).PrepareSetPassword(ctx, username, password)
	if err != nil {
		return nil, err
	}
	return commit(ctx)
}

// SetPasswordHash sets a hash from another system: argon2id in PHC form, bcrypt,
// phpass, or FreePBX's SHA-1. The next login replaces it. Otherwise it works like
// [Service.SetPassword]. It returns an error wrapping [store.ErrInvalid] on
// "password_hash" if the format of the hash is unknown.
func (s *Service) SetPasswordHash(ctx context.Context, username string, hash store.Secret) (*Administrator, error) {
	return s.credentials().SetPasswordHash(ctx, username, hash)
}

// ChangePassword changes the password for administrators who know their current one.
// It ends all other sessions: the returned record has the new session epoch. It returns an
// error wrapping [store.ErrInvalid] on "current_password" or "password", and a
// [store.RateLimitedError] after too many guesses.
func (s *Service) ChangePassword(ctx context.Context, username string, current, password store.Secret) (*Administrator, error) {
	return s.credentials().ChangePassword(ctx, username, current, password)
}
