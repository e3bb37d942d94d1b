package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// BeginSecondFactor creates a secret for an authenticator app of the user of that
// ID. The second factor is on only after [Service.ConfirmSecondFactor]. It returns
// an error wrapping [store.ErrConflict] if there is a second factor already.
func (s *Service) BeginSecondFactor(ctx context.Context, id string) (*credential.TOTPEnrollment, error) {
	return s.credentials().BeginSecondFactor(ctx, id)
}

// PendingSecondFactor returns the enrollment that is not confirmed yet. It returns
// an error wrapping [store.ErrNotFound] if there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, id string) (*credential.TOTPEnrollment, error) {
	return s.credentials().PendingSecondFactor(ctx, id)
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and
// returns ten recovery codes, which are shown only once. It returns an error
// wrapping [store.ErrInvalid] on "code" if the code is wrong, and one wrapping
// [store.ErrNotFound] if no enrollment is pending.
func (s *Service) ConfirmSecondFactor(ctx context.Context, id, code string) ([]store.Secret, error) {
	return s.credentials().ConfirmSecondFactor(ctx, id, code)
}

// NewRecoveryCodes replaces the recovery codes. It returns an error wrapping
// [store.ErrConflict] if there is no second factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, id string) ([]store.Secret, error) {
	return s.credentials().NewRecoveryCodes(ctx, id)
}

// RemoveSecondFactor turns off the second factor of the user of that username. It
// is no error when there is none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*User, error) {
	return s.credentials().RemoveSecondFactor(ctx, username)
}
