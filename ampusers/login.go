package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Login is the result of a login with the correct password.
type Login struct {
	credential.LoginResult

	// Administrator is nil while the login waits for a code.
	Administrator *Administrator
}

// Authenticate logs an administrator in. If a second factor is on and the attempt
// has no code, the result has an MFAToken for [Service.ConfirmLogin]. It returns a
// [credential.LoginError] if the login is denied, and a [store.RateLimitedError]
// after too many attempts. An unknown username and a wrong password take the same
// time and get the same error. Codes and passwords have separate rate limits.
//
// The audit log records logins and denials. It records only the first of several
// rate-limited attempts. It never records an unknown username, because people
// sometimes type their password there.
func (s *Service) Authenticate(ctx context.Context, attempt credential.LoginAttempt) (*Login, error) {
	login, err := s.authenticator.Authenticate(ctx, attempt, nil)
	return s.newLogin(ctx, login, err)
}

// ConfirmLogin completes a login that waits for a code. A wrong code is a
// [credential.LoginError] with the code InvalidMFACode and leaves the token valid.
// InvalidCredentials means that the login must start again. The other errors are
// those of [Service.Authenticate].
func (s *Service) ConfirmLogin(ctx context.Context, attempt credential.MFAAttempt) (*Login, error) {
	login, err := s.authenticator.Confirm(ctx, attempt, nil)
	return s.newLogin(ctx, login, err)
}

// newLogin adds the administrator to the result of a login.
func (s *Service) newLogin(ctx context.Context, login *auth.Login, err error) (*Login, error) {
	if err != nil {
		return nil, err
	}
	if login.MFARequired() {
		return &Login{LoginResult: login.LoginResult}, nil
	}
	a, err := auth.Session(ctx, login, s.Session)
	if err != nil {
		return nil, err
	}
	return &Login{LoginResult: login.LoginResult, Administrator: a}, nil
}
