package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// PasswordOptions are the options of [Service.SetPassword].
type PasswordOptions struct {
	// Precondition is called in the transaction that sets the password, which
	// begins after the password was hashed. SetPassword changes nothing and
	// returns its error if there is one. It may run more than once. Defaults to
	// none.
	Precondition func(ctx context.Context) error
}

// SetPassword gives the administrator a new password and ends all sessions, links
// and trusted devices. It is for another administrator: see
// [Service.ChangePassword]. It returns an error wrapping [store.ErrInvalid] on
// "password" if the password is not good enough.
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

// SetPasswordHash takes over a hash from another system: argon2id in PHC form,
// bcrypt, phpass, or FreePBX's SHA-1. The next login replaces it. Otherwise it does
// what [Service.SetPassword] does. It returns an error wrapping [store.ErrInvalid]
// on "password_hash" if the form of the hash is unknown.
func (s *Service) SetPasswordHash(ctx context.Context, username string, hash store.Secret) (*Administrator, error) {
	return s.credentials().SetPasswordHash(ctx, username, hash)
}

// ChangePassword gives the administrator who calls it a new password. It ends all
// other sessions: the returned record has the new session epoch. It returns an
// error wrapping [store.ErrInvalid] on "current_password" or "password", and a
// [store.RateLimitedError] after too many guesses.
func (s *Service) ChangePassword(ctx context.Context, username string, current, password store.Secret) (*Administrator, error) {
	return s.credentials().ChangePassword(ctx, username, current, password)
}
