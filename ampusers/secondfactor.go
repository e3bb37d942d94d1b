package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// BeginSecondFactor makes a new secret for an authenticator app. It counts
// only after [Service.ConfirmSecondFactor]; a second factor that there is
// already is a [store.ConflictError]: remove it first.
func (s *Service) BeginSecondFactor(ctx context.Context, username string) (*credential.TOTPEnrollment, error) {
	var creds credential.Credentials
	a, err := s.mutate(ctx, "begin second factor", username, func(_ context.Context, a *Administrator) error {
		if err := s.requireSelf(username); err != nil {
			return err
		}
		err := auth.BeginSecondFactor(&a.Credentials, s.random)
		creds = a.Credentials
		return err
	})
	if err != nil {
		return nil, err
	}
	return auth.PendingSecondFactor(&creds, s.issuer, a.Username)
}

// PendingSecondFactor returns the enrolment that was begun and not confirmed,
// to be shown again. A [store.NotFoundError] when there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, username string) (*credential.TOTPEnrollment, error) {
	a, err := s.loadSelf(ctx, username)
	if err != nil {
		return nil, err
	}
	return auth.PendingSecondFactor(&a.Credentials, s.issuer, a.Username)
}

// ConfirmSecondFactor turns the second factor on, given a code of the app,
// and returns ten recovery codes, which are shown this once. A wrong code is a
// [store.InvalidError] on "code"; a second factor that was not begun is a
// [store.NotFoundError].
func (s *Service) ConfirmSecondFactor(ctx context.Context, username, code string) ([]store.Secret, error) {
	return s.issueRecoveryCodes(ctx, "confirm second factor", username, func(c *credential.Credentials, hashes [][]byte) error {
		return auth.ConfirmSecondFactor(c, code, s.now(), hashes)
	})
}

// NewRecoveryCodes replaces the recovery codes. A [store.ConflictError] when
// there is no second factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, username string) ([]store.Secret, error) {
	return s.issueRecoveryCodes(ctx, "new recovery codes", username, auth.ReplaceRecoveryCodes)
}

// issueRecoveryCodes makes new recovery codes and has give put them where they belong.
func (s *Service) issueRecoveryCodes(ctx context.Context, action, username string, apply func(c *credential.Credentials, hashes [][]byte) error) ([]store.Secret, error) {
	codes, hashes, err := auth.NewRecoveryCodes(s.random)
	if err != nil {
		return nil, err
	}
	_, err = s.mutate(ctx, action, username, func(_ context.Context, a *Administrator) error {
		if err := s.requireSelf(username); err != nil {
			return err
		}
		return apply(&a.Credentials, hashes)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveSecondFactor makes the password enough again. It is no error when
// there is none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*Administrator, error) {
	return s.mutate(ctx, "remove second factor", username, func(_ context.Context, a *Administrator) error {
		a.Credentials.SecondFactor = nil
		return nil
	})
}
