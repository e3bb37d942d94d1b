package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// PasswordOptions of [Service.SetPassword].
type PasswordOptions struct {
	// MustChange lets the person do nothing but choose another one after the
	// next login. Defaults to no.
	MustChange bool
	// DisableTokens disables all API tokens of the person as well; they have
	// keys of their own. Defaults to no.
	DisableTokens bool
}

// checkPolicy returns what is wrong with a password for u, on the field named field.
// What the record says of the person is guessed first.
func (s *Service) checkPolicy(field string, password store.Secret, u *User) []store.FieldError {
	words := []string{u.Username, u.FirstName, u.LastName, u.DisplayName, u.Email, u.DefaultExtension}
	for i, word := range words {
		if len(word) > maxText { // it is refused for itself
			words[i] = ""
		}
	}
	return s.policy.Check(field, password, words...)
}

// hashPassword returns the hash of a password that is good enough for u. It takes
// long: do it before a transaction is begun.
func (s *Service) hashPassword(ctx context.Context, u *User, password store.Secret) (store.Secret, error) {
	if err := store.NewInvalidError(s.checkPolicy("password", password, u)...); err != nil {
		return store.Secret{}, err
	}
	return s.hasher.Hash(ctx, password)
}

// setPasswordHash makes this the hash of the password of u. Whatever else opens the door,
// or holds it open, ends.
func (s *Service) setPasswordHash(u *User, hash store.Secret) {
	u.Credentials.PasswordHash = hash
	u.Credentials.Invitation = nil
	u.PasswordChangedAt = s.now()
	u.endSessions()
}

// SetPassword gives the person a new password, by somebody else's hand, and
// ends all sessions, links and remembered devices. [store.InvalidError] on
// "password"; [store.ConflictError] for people whose directory keeps it.
func (s *Service) SetPassword(ctx context.Context, username string, password store.Secret, opts *PasswordOptions) (*User, error) {
	const action = "set password"
	if opts == nil {
		opts = &PasswordOptions{}
	}
	hash, err := s.hashPasswordOf(ctx, username, password)
	if err != nil {
		s.audit.RecordFailure(ctx, s.userEvent(action, username), err)
		return nil, err
	}
	replace := s.withCredentialCheck(s.replacePassword(hash, func(u *User) { u.Activation, u.MustChangePassword = nil, opts.MustChange }))
	if !opts.DisableTokens {
		return s.mutate(ctx, action, username, replace)
	}
	var after *User
	err = s.audit.Do(ctx, s.store, s.userEvent(action, username), func(ctx context.Context, _ *audit.Recorder) error {
		if after, err = s.mutate(ctx, action, username, replace); err != nil {
			return err
		}
		return s.disableTokens(ctx, after.ID)
	})
	if err != nil {
		return nil, err
	}
	return after, nil
}

func (s *Service) hashPasswordOf(ctx context.Context, username string, password store.Secret) (store.Secret, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return store.Secret{}, err
	}
	if err := s.requireLocalPassword(u); err != nil {
		return store.Secret{}, err
	}
	return s.hashPassword(ctx, u, password)
}

// replacePassword returns what gives somebody another password, forgets the devices,
// and then does more.
func (s *Service) replacePassword(hash store.Secret, then func(u *User)) mutation {
	return func(_ context.Context, u *User) error {
		if err := s.requireLocalPassword(u); err != nil {
			return err
		}
		s.setPasswordHash(u, hash)
		u.Credentials.Devices = nil
		then(u)
		return nil
	}
}

// disableTokens disables all tokens of a person, in the transaction of ctx.
func (s *Service) disableTokens(ctx context.Context, userID string) error {
	return s.eachToken(ctx, userID, func(t *Token) error {
		if t.Disabled {
			return nil
		}
		_, err := s.UpdateToken(ctx, t.ID, func(t *Token) error { t.Disabled = true; return nil })
		return err
	})
}

// SetPasswordHash takes over a hash from another system: argon2id in PHC form,
// bcrypt, phpass (as FreePBX keeps people), or SHA-1. It is replaced by a new
// one at the next login. Otherwise it does what [Service.SetPassword] does, and
// leaves it to the record whether the password must be changed.
// [store.InvalidError] on "password_hash".
func (s *Service) SetPasswordHash(ctx context.Context, username string, hash store.Secret) (*User, error) {
	const action = "set password hash"
	if !passwords.Supported(hash) {
		err := store.NewInvalidError(store.FieldError{
			Field: "password_hash", Code: "unknown", Message: "give a hash of argon2id in PHC form, bcrypt, phpass, or FreePBX's SHA-1, with bounded costs",
		})
		s.audit.RecordFailure(ctx, s.userEvent(action, username), err)
		return nil, err
	}
	return s.mutate(ctx, action, username, s.withCredentialCheck(s.replacePassword(hash, func(u *User) { u.Activation = nil })))
}
