package userman

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// loginPermission returns the permission to log in to a service.
func (s *Service) loginPermission(service string) (string, error) {
	if slices.Contains(permission.LoginServices(s.Permissions()), service) {
		return permission.LoginID(service), nil
	}
	return "", store.NewInvalidError(store.FieldError{
		Field: "service", Code: store.CodeUnknown, Message: "unknown service; use the part before .login of a permission",
	})
}

// AuthenticateService verifies a login to a service with its own login form, such as
// "xmpp". The password must be right, and the user enabled and permitted to use the
// service by its ".login" permission. Such services have no form for the code of a
// second factor: it is not required. The password is not copied to the service.
//
// It returns a [credential.LoginError] if the login is denied. Its code is
// NotAuthorized if the permission is off, and PasswordExpired if the password must be
// changed in the portal first. It returns a [store.RateLimitedError] after too many
// attempts, and an error wrapping [store.ErrInvalid] on "service" for an unknown
// service. The password of a user out of scope, see [Service.Scoped], is not compared;
// the denial takes the same time and counts as for an unknown username.
//
// Attempts are rate-limited by the address of the actor of ctx (see [audit.WithActor]).
// Give the address if the service knows it. Without it, each username at each service
// is limited by itself, so that one device with an old password does not lock out all
// users of the service. Then guessing one password with many usernames is not limited,
// and guesses at one user make this user wait at this service for up to five minutes.
// Other services, and a portal that knows the device, are not affected.
func (s *Service) AuthenticateService(ctx context.Context, service, login string, password store.Secret) (*User, error) {
	permission, err := s.loginPermission(service)
	if err != nil {
		return nil, err
	}
	attempt := credential.LoginAttempt{Username: login, Password: password, RemoteAddr: audit.ActorFromContext(ctx).RemoteAddr}
	if !attempt.RemoteAddr.IsValid() {
		attempt.Service = service
	}
	var u *User
	_, err = s.authenticator.Verify(ctx, attempt, s.authorizeService(permission, &u))
	if err != nil {
		return nil, s.recordDenied(ctx, login, err)
	}
	return s.redact(u), nil
}

// CanUseService reports whether a user exists, is enabled and is permitted to use a
// service. Services that verify the password elsewhere call it; do not show the result
// to visitors. It returns an error wrapping [store.ErrInvalid] on "service" for an
// unknown service.
func (s *Service) CanUseService(ctx context.Context, service, login string) (bool, error) {
	permission, err := s.loginPermission(service)
	if err != nil {
		return false, err
	}
	u, err := s.resolveLogin(ctx, login)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || u.Disabled {
		return false, s.recordDenied(ctx, login, err)
	}
	return s.hasPermission(ctx, u, permission)
}

// AuthorizePhone returns the user whose default extension it is if the phone of the
// extension may show a module: the user is enabled and has the module in
// [permission.PhoneAppsModules]. It returns an error wrapping [store.ErrForbidden]
// otherwise.
func (s *Service) AuthorizePhone(ctx context.Context, extension, module string) (*User, error) {
	u, err := s.phoneOwner(ctx, extension)
	if err != nil {
		return nil, err
	}
	if u.Disabled {
		return nil, &store.ForbiddenError{Reason: "the user of this extension is disabled; ask your administrator to enable the user"}
	}
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	if !resolver.For(u.PermissionSubject()).Contains(permission.PhoneAppsModules, module) {
		return nil, &store.ForbiddenError{Reason: "the user of this extension does not have the permission for this phone app; ask your administrator for it"}
	}
	return s.redact(u), nil
}

// phoneOwner returns the user whose default extension it is.
func (s *Service) phoneOwner(ctx context.Context, extension string) (*User, error) {
	unassigned := &store.ForbiddenError{Reason: "this extension is not the default extension of a user; ask your administrator to assign it"}
	u, err := s.requireInScope(ctx)(s.lookupExtension(ctx, extension))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unassigned
	}
	return u, err
}
