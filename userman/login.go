package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Login is a login whose password was right.
type Login struct {
	credential.LoginResult

	// User is the user who logged in; nil while the login waits for a code.
	User *User
	// MustChangePassword limits the session to [Service.ChangePassword], see
	// [User.PasswordChangeRequired].
	MustChangePassword bool
}

// Authenticate logs a user in to the portal. If a second factor is on and the
// attempt has no code, the result has an MFAToken for [Service.ConfirmLogin]. It
// returns a [credential.LoginError] if the login is denied, and a
// [store.RateLimitedError] after too many attempts. An unknown username and a wrong
// password take the same time and get the same error. A user without the
// permission [permission.PortalLogin] is denied after the password was right.
//
// The audit log has the logins and the denials, and of rate-limited attempts the
// first. It does not have the typed name of an unknown user, which may be a
// password.
func (s *Service) Authenticate(ctx context.Context, attempt credential.LoginAttempt) (*Login, error) {
	login, err := s.authenticator.Authenticate(ctx, attempt, s.authorizePortal)
	return s.newLogin(ctx, login, err)
}

// ConfirmLogin completes a login that waits for a code. A wrong code is a
// [credential.LoginError] with the code InvalidMFACode and leaves the token valid.
// InvalidCredentials means that the login must start again. The other errors are
// those of [Service.Authenticate].
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

// Session returns the user of a session of that epoch, see [User.SessionEpoch], with
// the current permissions. It returns an error wrapping [store.ErrNotFound] if the
// session has ended: the user was deleted or disabled or may no longer use the portal,
// or all sessions were ended. See [User.PasswordChangeRequired] for what a session may
// do.
func (s *Service) Session(ctx context.Context, id string, generation int64) (*User, error) {
	ended := &store.NotFoundError{Kind: "session"}
	u, err := s.findByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ended
	}
	if err != nil {
		return nil, err
	}
	if u.Disabled || u.SessionEpoch != generation {
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
