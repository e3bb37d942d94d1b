package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Login is a login that succeeded.
type Login struct {
	Administrator *Administrator
	// DeviceToken is for this device to keep and to show at the next login: while
	// others guess at this account, a device that is known still gets in.
	DeviceToken store.Secret
	// RecoveryCodesLeft is how many are left when this login used one; -1
	// when it did not.
	RecoveryCodesLeft int
}

// Authenticate logs an administrator in, or refuses with a [credential.LoginError], or,
// after too many tries, with a [store.RateLimitedError]. An unknown user and a
// wrong password take the same time and get the same answer. Codes of an
// authenticator app are counted apart from passwords.
//
// In the trail are the logins and the refusals, but that a code is still asked
// for; of those that are held up only the first. A name that no administrator
// has is not kept: people type passwords there.
func (s *Service) Authenticate(ctx context.Context, attempt credential.LoginAttempt) (*Login, error) {
	result, err := s.authenticator.Authenticate(ctx, attempt, nil)
	return s.newLogin(ctx, result, err)
}

// ConfirmLogin ends a login that [Service.Authenticate] answered with
// MFARequired or InvalidMFACode: whoever calls vouches that this visitor has
// proven the password of newLoginAttempt.Username a few minutes ago, when the sessions
// were of that generation. newLoginAttempt.Password is ignored. The refusals are those
// of Authenticate; InvalidCredentials means that it has to begin again.
func (s *Service) ConfirmLogin(ctx context.Context, attempt credential.LoginAttempt, epoch int64) (*Login, error) {
	result, err := s.authenticator.Confirm(ctx, attempt, epoch, nil)
	return s.newLogin(ctx, result, err)
}

// newLogin returns what came of a login: a session of the generation that was
// proven, which ends at once when the password was changed meanwhile.
func (s *Service) newLogin(ctx context.Context, result *auth.Login, err error) (*Login, error) {
	if err != nil {
		return nil, err
	}
	a, err := s.Session(ctx, result.Account.Name, result.Account.SessionEpoch)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &credential.LoginError{Code: credential.InvalidCredentials, Message: "the sessions were ended meanwhile; log in again"}
	}
	if err != nil {
		return nil, err
	}
	return &Login{Administrator: a, DeviceToken: result.DeviceToken, RecoveryCodesLeft: result.RecoveryCodesLeft}, nil
}
