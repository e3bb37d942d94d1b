package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// BeginSecondFactor makes a new secret for an authenticator app of the person
// of that ID. It counts only after [Service.ConfirmSecondFactor]; a second
// factor that there is already is a [store.ConflictError].
func (s *Service) BeginSecondFactor(ctx context.Context, id string) (*credential.TOTPEnrollment, error) {
	var creds credential.Credentials
	u, err := s.mutateByID(ctx, "begin second factor", id, s.withCredentialCheck(func(_ context.Context, u *User) error {
		err := auth.BeginSecondFactor(&u.Credentials, s.opts.Random)
		creds = u.Credentials
		return err
	}))
	if err != nil {
		return nil, err
	}
	return auth.PendingSecondFactor(&creds, s.opts.Product, u.Username)
}

// PendingSecondFactor returns the enrolment that was begun and not confirmed. A
// [store.NotFoundError] when there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, id string) (*credential.TOTPEnrollment, error) {
	u, err := s.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.authorizeCredentials(ctx, u); err != nil {
		return nil, err
	}
	return auth.PendingSecondFactor(&u.Credentials, s.opts.Product, u.Username)
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and
// returns ten recovery codes, which are shown this once. A wrong code is a
// [store.InvalidError] on "code"; a second factor that was not begun is a
// [store.NotFoundError].
func (s *Service) ConfirmSecondFactor(ctx context.Context, id, code string) ([]store.Secret, error) {
	return s.issueRecoveryCodes(ctx, "confirm second factor", id, func(c *credential.Credentials, hashes [][]byte) error {
		return auth.ConfirmSecondFactor(c, code, s.now(), hashes)
	})
}

// NewRecoveryCodes replaces the recovery codes. A [store.ConflictError] when
// there is no second factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, id string) ([]store.Secret, error) {
	return s.issueRecoveryCodes(ctx, "new recovery codes", id, auth.ReplaceRecoveryCodes)
}

// issueRecoveryCodes makes new recovery codes and has give put them where they belong.
func (s *Service) issueRecoveryCodes(ctx context.Context, action, id string, update func(c *credential.Credentials, hashes [][]byte) error) ([]store.Secret, error) {
	codes, hashes, err := auth.NewRecoveryCodes(s.opts.Random)
	if err != nil {
		return nil, err
	}
	_, err = s.mutateByID(ctx, action, id, s.withCredentialCheck(func(_ context.Context, u *User) error { return update(&u.Credentials, hashes) }))
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveSecondFactor makes the password of the person of that username enough
// again. It is no error when there is none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*User, error) {
	return s.mutate(ctx, "remove second factor", username, s.withCredentialCheck(func(_ context.Context, u *User) error {
		u.Credentials.SecondFactor = nil
		return nil
	}))
}
