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
	seen, err := s.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.keptHere(seen); err != nil {
		s.trail.RecordFailure(ctx, s.event(action, seen.Username), err)
		return nil, err
	}
	if err := s.desk.Own(ctx, action, s.accountOf(seen), current); err != nil {
		return nil, err
	}
	hash, err := s.anotherHash(ctx, seen, password)
	if err != nil {
		s.trail.RecordFailure(ctx, s.event(action, seen.Username), err)
		return nil, err
	}
	return s.actOn(ctx, action, id, func(_ context.Context, u *User) error {
		if u.SessionGeneration != seen.SessionGeneration || u.Disabled {
			return &store.ConflictError{Reason: "the sessions were ended meanwhile; log in again"}
		}
		if err := s.keptHere(u); err != nil {
			return err
		}
		s.take(u, hash)
		u.MustChangePassword = false
		return nil
	})
}

// anotherHash returns the hash of a password that is good enough for u, and
// not the current one, however that is typed.
func (s *Service) anotherHash(ctx context.Context, u *User, password store.Secret) (store.Secret, error) {
	current, err := s.hasher.Check(ctx, u.Credentials.PasswordHash, password)
	if err != nil {
		return store.Secret{}, err
	}
	if current.Match {
		return store.Secret{}, store.Invalid(store.FieldError{
			Field: "password", Code: "unchanged", Message: "this is the current password; choose another one",
		})
	}
	return s.hashFor(ctx, u, password)
}
