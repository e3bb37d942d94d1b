package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
)

// checkPolicy returns what is wrong with a password for a, on the field named field.
func (s *Service) checkPolicy(field string, password store.Secret, a *Administrator) []store.FieldError {
	words := []string{a.Username, a.DisplayName}
	for i, word := range words {
		if len(word) > maxTextBytes { // it is refused for itself
			words[i] = ""
		}
	}
	return s.policy.Check(field, password, words...)
}

// hashPassword returns the hash of a password that is good enough for a. It takes
// long: do it before a transaction is begun.
func (s *Service) hashPassword(ctx context.Context, a *Administrator, password store.Secret) (store.Secret, error) {
	if err := store.NewInvalidError(s.checkPolicy("password", password, a)...); err != nil {
		return store.Secret{}, err
	}
	return s.hasher.Hash(ctx, password)
}

// setPasswordHash makes this the hash of the password of a. Whatever else opens the door,
// or holds it open, ends.
func (s *Service) setPasswordHash(a *Administrator, hash store.Secret) {
	a.Credentials.PasswordHash = hash
	a.Credentials.Invitation = nil
	a.PasswordChangedAt = s.now()
	a.endSessions()
}

// SetPassword gives the administrator a new password, by somebody else's hand,
// and ends all sessions, links and remembered devices. [store.InvalidError] on "password".
func (s *Service) SetPassword(ctx context.Context, username string, password store.Secret) (*Administrator, error) {
	hash, err := s.hashNewPassword(ctx, username, password)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent("set password", username), err)
		return nil, err
	}
	return s.replacePassword(ctx, "set password", username, hash)
}

func (s *Service) hashNewPassword(ctx context.Context, username string, password store.Secret) (store.Secret, error) {
	a, err := s.loadTarget(ctx, username)
	if err != nil {
		return store.Secret{}, err
	}
	return s.hashPassword(ctx, a, password)
}

// replacePassword gives the administrator another password and forgets the devices.
func (s *Service) replacePassword(ctx context.Context, action, username string, hash store.Secret) (*Administrator, error) {
	return s.mutate(ctx, action, username, func(_ context.Context, a *Administrator) error {
		s.setPasswordHash(a, hash)
		a.Credentials.Devices = nil
		return nil
	})
}

// SetPasswordHash takes over a hash from another system: argon2id in PHC form,
// bcrypt, phpass, or FreePBX's SHA-1. It is replaced by a new one at the next
// login. Otherwise it does what [Service.SetPassword] does.
// [store.InvalidError] on "password_hash".
func (s *Service) SetPasswordHash(ctx context.Context, username string, hash store.Secret) (*Administrator, error) {
	const action = "set password hash"
	if !passwords.Supported(hash) {
		err := store.NewInvalidError(store.FieldError{
			Field: "password_hash", Code: "unknown", Message: "give a hash of argon2id in PHC form, bcrypt, phpass, or FreePBX's SHA-1, with bounded costs",
		})
		s.audit.RecordFailure(ctx, newEvent(action, username), err)
		return nil, err
	}
	return s.replacePassword(ctx, action, username, hash)
}

// ChangePassword gives the administrator a new password, by the
// administrator's own hand: current must be right, or it is a
// [store.InvalidError] on "current_password"; tries are throttled as logins
// are. All other sessions end: the returned record has the new generation.
func (s *Service) ChangePassword(ctx context.Context, username string, current, password store.Secret) (*Administrator, error) {
	const action = "change password"
	before, err := s.loadSelf(ctx, username)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent(action, username), err)
		return nil, err
	}
	if err := s.authenticator.VerifyCurrentPassword(ctx, action, loginAccount(before), current); err != nil {
		return nil, err
	}
	hash, err := s.hashPassword(ctx, before, password)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent(action, before.Username), err)
		return nil, err
	}
	return s.mutate(ctx, action, username, func(_ context.Context, a *Administrator) error {
		if a.SessionEpoch != before.SessionEpoch {
			return &store.ConflictError{Reason: "the sessions were ended meanwhile; log in again"}
		}
		s.setPasswordHash(a, hash)
		return nil
	})
}

// loadSelf returns the administrator of that name, who is the one who acts.
func (s *Service) loadSelf(ctx context.Context, username string) (*Administrator, error) {
	if err := s.requireSelf(username); err != nil {
		return nil, err
	}
	return s.loadTarget(ctx, username)
}
