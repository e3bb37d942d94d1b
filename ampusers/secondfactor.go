package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// BeginSecondFactor creates a secret for an authenticator app, for an administrator who
// knows the current password: with a session alone, another could lock the administrator
// out. The second factor is on only after [Service.ConfirmSecondFactor]. It returns an
// error wrapping [store.ErrConflict] if there is a second factor already, one wrapping
// [store.ErrInvalid] on "current_password", and one wrapping [store.ErrRateLimited] after
// too many guesses.
func (s *Service) BeginSecondFactor(ctx context.Context, username string, current store.Secret) (*credential.TOTPEnrollment, error) {
	return s.credentials().BeginSecondFactor(ctx, username, current)
}

// PendingSecondFactor returns the enrollment that is not confirmed yet. It returns
// an error wrapping [store.ErrNotFound] if there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, username string) (*credential.TOTPEnrollment, error) {
	return s.credentials().PendingSecondFactor(ctx, username)
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and
// returns ten recovery codes, which are shown only once. It returns an error
// wrapping [store.ErrInvalid] on "code" if the code is wrong, and one wrapping
// [store.ErrNotFound] if no enrollment is pending.
func (s *Service) ConfirmSecondFactor(ctx context.Context, username, code string) ([]store.Secret, error) {
	return s.credentials().ConfirmSecondFactor(ctx, username, code)
}

// NewRecoveryCodes replaces the recovery codes of an administrator who knows the
// current password. It returns an error wrapping [store.ErrConflict] if there is no
// second factor, one wrapping [store.ErrInvalid] on "current_password", and one
// wrapping [store.ErrRateLimited] after too many guesses.
func (s *Service) NewRecoveryCodes(ctx context.Context, username string, current store.Secret) ([]store.Secret, error) {
	return s.credentials().NewRecoveryCodes(ctx, username, current)
}

// RemoveOwnSecondFactor turns the second factor off, for an administrator who knows the
// current password. An enrollment that is not confirmed needs no password. It returns
// the errors of [Service.NewRecoveryCodes], but none if there is no second factor.
func (s *Service) RemoveOwnSecondFactor(ctx context.Context, username string, current store.Secret) (*Administrator, error) {
	return s.credentials().RemoveOwnSecondFactor(ctx, username, current)
}

// RemoveSecondFactor turns the second factor of another administrator off, see
// [Service.RemoveOwnSecondFactor]. It is no error when there is none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*Administrator, error) {
	return s.credentials().RemoveSecondFactor(ctx, username)
}
