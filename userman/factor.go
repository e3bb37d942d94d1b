package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Enrolment is what an authenticator app has to be given; its fields are those
// of [credential.Enrolment].
type Enrolment = credential.Enrolment

// BeginSecondFactor makes a new secret for an authenticator app of the person
// of that ID. It counts only after [Service.ConfirmSecondFactor]; a second
// factor that there is already is a [store.ConflictError].
func (s *Service) BeginSecondFactor(ctx context.Context, id string) (*Enrolment, error) {
	var begun credential.Set
	u, err := s.actOn(ctx, "begin second factor", id, s.giving(func(_ context.Context, u *User) error {
		err := login.BeginFactor(&u.Credentials, s.opts.Random)
		begun = u.Credentials
		return err
	}))
	if err != nil {
		return nil, err
	}
	return login.PendingFactor(&begun, s.opts.Product, u.Username)
}

// PendingSecondFactor returns the enrolment that was begun and not confirmed. A
// [store.NotFoundError] when there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, id string) (*Enrolment, error) {
	u, err := s.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.mayHold(ctx, u); err != nil {
		return nil, err
	}
	return login.PendingFactor(&u.Credentials, s.opts.Product, u.Username)
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and
// returns ten recovery codes, which are shown this once. A wrong code is a
// [store.InvalidError] on "code"; a second factor that was not begun is a
// [store.NotFoundError].
func (s *Service) ConfirmSecondFactor(ctx context.Context, id, code string) ([]store.Secret, error) {
	return s.giveCodes(ctx, "confirm second factor", id, func(c *credential.Set, hashes [][]byte) error {
		return login.ConfirmFactor(c, code, s.now(), hashes)
	})
}

// NewRecoveryCodes replaces the recovery codes. A [store.ConflictError] when
// there is no second factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, id string) ([]store.Secret, error) {
	return s.giveCodes(ctx, "new recovery codes", id, login.ReplaceRecoveryCodes)
}

// giveCodes makes new recovery codes and has give put them where they belong.
func (s *Service) giveCodes(ctx context.Context, action, id string, give func(c *credential.Set, hashes [][]byte) error) ([]store.Secret, error) {
	codes, hashes, err := login.NewRecoveryCodes(s.opts.Random)
	if err != nil {
		return nil, err
	}
	_, err = s.actOn(ctx, action, id, s.giving(func(_ context.Context, u *User) error { return give(&u.Credentials, hashes) }))
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveSecondFactor makes the password of the person of that username enough
// again. It is no error when there is none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*User, error) {
	return s.act(ctx, "remove second factor", username, s.giving(func(_ context.Context, u *User) error {
		u.Credentials.SecondFactor = nil
		return nil
	}))
}
