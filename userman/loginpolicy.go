package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// hasPermission reports whether a Switch is on for u.
func (s *Service) hasPermission(ctx context.Context, u *User, permission string) (bool, error) {
	resolver, err := s.PermissionResolver(ctx)
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

// authorizeLogin refuses somebody whose password is proven and who is not permitted to log
// in there, and returns them as the store keeps them now. To compare a password
// takes long: whose sessions were ended meanwhile, as a new password and
// [Service.Disable] do, is refused as well.
func (s *Service) authorizeLogin(ctx context.Context, a *auth.Account, permission string) (*User, error) {
	u, err := s.findByID(ctx, a.ID)
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

// authorizeService returns what vets somebody where a password cannot be changed, and
// keeps who was let in.
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

// notAuthorized names the permission, so that whoever is asked knows what to turn
// on.
func notAuthorized(permission string) *credential.LoginError {
	return &credential.LoginError{
		Code:    credential.NotAuthorized,
		Message: "you are not permitted to log in here; ask your administrator to turn on the permission " + permission + " for you",
	}
}

func passwordExpired() *credential.LoginError {
	return &credential.LoginError{
		Code:    credential.PasswordExpired,
		Message: "your password has to be changed first; log in to the portal and choose another one",
	}
}

// passwordIsExternal reports whether the password of u is not kept here: the directory
// that u comes from compares it, or would if the product still had it.
func (s *Service) passwordIsExternal(u *User) bool {
	if u.Directory == "" {
		return false
	}
	directory, ok := s.directoryOf(u)
	return !ok || directory.Capabilities().Authenticate
}

// requireLocalPassword refuses to set the password of somebody whose directory keeps it.
func (s *Service) requireLocalPassword(u *User) error {
	if !s.passwordIsExternal(u) {
		return nil
	}
	return &store.ConflictError{Reason: "the directory that this person comes from keeps the password; change it there"}
}

// verifyExternally has the directory of u compare the password. That of a
// directory that the product has no more is never right.
func (s *Service) verifyExternally(ctx context.Context, u *User, password store.Secret) (bool, error) {
	directory, ok := s.directoryOf(u)
	if !ok {
		s.opts.Logger.ErrorContext(ctx, KindUser+": the directory that compares the password is not among the options any more",
			"username", u.Username, "directory", u.Directory)
		return false, nil
	}
	return directory.Authenticate(ctx, u.ExternalID, password)
}
