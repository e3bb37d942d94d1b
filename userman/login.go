package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Login is the result of a login with the correct password.
type Login struct {
	credential.LoginResult

	// User is the user who logged in. It is nil while the login waits for a code.
	User *User
	// MustChangePassword means that the session may only call [Service.ChangePassword],
	// see [User.PasswordChangeRequired].
	MustChangePassword bool
}

// Authenticate logs a user in to the portal. If a second factor is on and the attempt
// has no code, the result has an MFAToken for [Service.ConfirmLogin]. Authenticate
// returns a [credential.LoginError] if it denies the login, and a
// [store.RateLimitedError] after too many attempts. An unknown username and a wrong
// password take the same time and get the same error. Authenticate verifies the
// password first. Then it denies a user without the permission
// [permission.PortalLogin].
//
// The audit log records logins and denials, but only the first of several rate-limited
// attempts. It does not record the typed name of an unknown user, because this name may
// be a password.
func (s *Service) Authenticate(ctx context.Context, attempt credential.LoginAttempt) (*Login, error) {
	login, err := s.authenticator.Authenticate(ctx, attempt, s.authorizePortal)
	return s.newLogin(ctx, login, err)
}

// ConfirmLogin completes a login that waits for a code. For a wrong code it returns a
// [credential.LoginError] with the code InvalidMFACode, and the token stays valid. The
// code InvalidCredentials means that the login must start again. ConfirmLogin also
// returns the errors of [Service.Authenticate].
func (s *Service) ConfirmLogin(ctx context.Context, attempt credential.MFAAttempt) (*Login, error) {
	login, err := s.authenticator.Confirm(ctx, attempt, s.authorizePortal)
	return s.newLogin(ctx, login, err)
}

// newLogin adds the user to the result of a login.
func (s *Service) newLogin(ctx context.Context, login *auth.Login, err error) (*Login, error) {
	if err != nil {
		return nil, err
	}
	if login.MFARequired() {
		return &Login{LoginResult: login.LoginResult}, nil
	}
	u, err := auth.Session(ctx, login, s.Session)
	if err != nil {
		return nil, err
	}
	return &Login{LoginResult: login.LoginResult, User: u, MustChangePassword: u.PasswordChangeRequired(s.now())}, nil
}

// Session returns the user of a session with the current permissions. epoch is the
// [User.SessionEpoch] that the portal stored for the session. Session returns an error
// wrapping [store.ErrNotFound] if the session has ended. A session ends when the user
// is deleted or disabled, or loses the permission [permission.PortalLogin]. It also
// ends when all sessions end. [User.PasswordChangeRequired] reports whether the session
// may only change the password.
func (s *Service) Session(ctx context.Context, id store.UserID, epoch int64) (*User, error) {
	ended := &store.NotFoundError{Kind: "session"}
	u, err := s.findByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ended
	}
	if err != nil {
		return nil, err
	}
	if u.Disabled || u.SessionEpoch != epoch {
		return nil, ended
	}
	allowed, err := s.hasPermission(ctx, u, permission.PortalLogin)
	if err == nil && !allowed {
		err = ended
	}
	if err != nil {
		return nil, err
	}
	return s.redact(u), nil
}
