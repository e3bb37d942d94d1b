package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// ChangePassword gives the person of that ID a new password, by their own hand:
// current must be right, or it is a [store.InvalidError] on "current_password";
// tries are throttled as logins are. The new one is another one, and good
// enough, or it is one on "password". All other sessions end: the returned
// record has the new generation. [store.ConflictError] for people whose
// directory keeps it.
func (s *Service) ChangePassword(ctx context.Context, id string, current, password store.Secret) (*User, error) {
	const action = "change password"
	snapshot, err := s.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.requireLocalPassword(snapshot); err != nil {
		s.audit.RecordFailure(ctx, s.userEvent(action, snapshot.Username), err)
		return nil, err
	}
	if err := s.authenticator.VerifyCurrentPassword(ctx, action, s.loginAccount(snapshot), current); err != nil {
		return nil, err
	}
	hash, err := s.hashDifferentPassword(ctx, snapshot, password)
	if err != nil {
		s.audit.RecordFailure(ctx, s.userEvent(action, snapshot.Username), err)
		return nil, err
	}
	return s.mutateByID(ctx, action, id, func(_ context.Context, u *User) error {
		if u.SessionEpoch != snapshot.SessionEpoch || u.Disabled {
			return &store.ConflictError{Reason: "the sessions were ended meanwhile; log in again"}
		}
		if err := s.requireLocalPassword(u); err != nil {
			return err
		}
		s.setPasswordHash(u, hash)
		u.MustChangePassword = false
		return nil
	})
}

// hashDifferentPassword returns the hash of a password that is good enough for u, and
// not the current one, however that is typed.
func (s *Service) hashDifferentPassword(ctx context.Context, u *User, password store.Secret) (store.Secret, error) {
	current, err := s.hasher.Verify(ctx, u.Credentials.PasswordHash, password)
	if err != nil {
		return store.Secret{}, err
	}
	if current.Match {
		return store.Secret{}, store.NewInvalidError(store.FieldError{
			Field: "password", Code: "unchanged", Message: "this is the current password; choose another one",
		})
	}
	return s.hashPassword(ctx, u, password)
}
