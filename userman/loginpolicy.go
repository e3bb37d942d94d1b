package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// hasPermission reports whether a switch is on for u.
func (s *Service) hasPermission(ctx context.Context, u *User, permission string) (bool, error) {
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return false, err
	}
	return resolver.For(u.PermissionSubject()).Enabled(permission), nil
}

// authorizePortal is the [auth.AuthorizeFunc] of the portal.
func (s *Service) authorizePortal(ctx context.Context, a *auth.Account) error {
	_, err := s.authorizeLogin(ctx, a, permission.PortalLogin)
	return err
}

// authorizeLogin reads the user of a verified password again and checks the permission
// to log in. Verifying a password takes long. authorizeLogin denies the login if all
// sessions ended in the meantime.
func (s *Service) authorizeLogin(ctx context.Context, a *auth.Account, permission string) (*User, error) {
	u, err := s.findByID(ctx, store.UserID(a.ID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, auth.SessionEnded()
	}
	if err != nil {
		return nil, err
	}
	if u.SessionEpoch != a.SessionEpoch {
		return nil, auth.SessionEnded()
	}
	allowed, err := s.hasPermission(ctx, u, permission)
	if err == nil && !allowed {
		err = notAuthorized(permission)
	}
	return u, err
}

// authorizeService returns the [auth.AuthorizeFunc] of a service where the password
// cannot be changed. It sets authorized to the user.
func (s *Service) authorizeService(permission string, authorized **User) auth.AuthorizeFunc {
	return func(ctx context.Context, a *auth.Account) error {
		u, err := s.authorizeLogin(ctx, a, permission)
		if err == nil && s.redact(u).PasswordChangeRequired(s.now()) {
			err = passwordExpired()
		}
		*authorized = u
		return err
	}
}

// notAuthorized returns the denial of a login. It names the permission for the
// administrator.
func notAuthorized(permission string) *credential.LoginError {
	return &credential.LoginError{
		Code:    credential.NotAuthorized,
		Message: "you are not authorized to log in here; ask your administrator for the permission " + permission,
	}
}

func passwordExpired() *credential.LoginError {
	return &credential.LoginError{
		Code:    credential.PasswordExpired,
		Message: "your password has expired; change it in the portal",
	}
}

// passwordIsExternal reports whether the directory of u manages the password. It also
// returns true if this directory is no longer in the options.
func (s *Service) passwordIsExternal(u *User) bool {
	if u.Directory == "" {
		return false
	}
	directory, ok := s.directoryOf(u)
	return !ok || directory.Capabilities().Authenticate
}

// requireLocalPassword returns an error wrapping ErrConflict if the directory of u
// manages the password.
func (s *Service) requireLocalPassword(u *User) error {
	if !s.passwordIsExternal(u) {
		return nil
	}
	return &store.ConflictError{Reason: "the user's directory manages the password; change it there"}
}

// verifyExternally lets the directory of u verify the password. It returns false if the
// directory is no longer in the options.
func (s *Service) verifyExternally(ctx context.Context, u *User, password store.Secret) (bool, error) {
	directory, ok := s.directoryOf(u)
	if !ok {
		s.opts().Logger.ErrorContext(ctx, KindUser+": the directory of the user is not configured",
			"username", u.Username, "directory", u.Directory)
		return false, nil
	}
	return directory.Authenticate(ctx, u.ExternalID, password)
}
