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
// "xmpp". The password must be correct, the user must be enabled, and the ".login"
// permission of the service must be on. A second factor is not required, because such
// services have no form for its code. The password is not copied to the service.
//
// AuthenticateService returns a [credential.LoginError] if it denies the login. The
// code is NotAuthorized if the permission is off. The code is PasswordExpired if the
// user must change the password in the portal first. AuthenticateService returns a
// [store.RateLimitedError] after too many attempts. It returns an error wrapping
// [store.ErrInvalid] on "service" for an unknown service. It treats a user out of scope
// as an unknown username, see [Service.Scoped]. The denial takes the same time and
// counts the same for rate limits.
//
// The rate limit applies to the address of the actor of ctx, see [audit.WithActor].
// Pass the address if the service knows it. Without an address, the limit applies to
// each username at each service. One device with an old password therefore does not
// lock out all users of the service. But without an address, there is no limit for
// guesses of one password with many usernames. Guesses at one user also make this user
// wait at this service for up to five minutes. They do not affect other services, or a
// portal that knows the address.
func (s *Service) AuthenticateService(ctx context.Context, service, login string, password store.Secret) (*User, error) {
	permission, err := s.loginPermission(service)
	if err != nil {
		return nil, err
	}
	var u *User
	_, err = s.authenticator.Verify(ctx, serviceAttempt(ctx, service, login, password), s.authorizeService(permission, &u))
	if err != nil {
		return nil, s.recordDenied(ctx, login, err)
	}
	return s.redact(u), nil
}

// portalService is the service of [permission.PortalLogin].
const portalService = "portal"

// VerifyPassword reports whether the password of a user is right, even if the user is
// disabled or may not log in. A login page that is not for users calls it to name the right
// page, after it has denied the login. It counts as a login to the portal, with the rate
// limits of [Service.AuthenticateService], but records nothing: the audit log has the
// denial of the page. It returns false after too many attempts.
func (s *Service) VerifyPassword(ctx context.Context, login string, password store.Secret) (bool, error) {
	err := s.authenticator.Check(ctx, serviceAttempt(ctx, portalService, login, password))
	loginErr, denied := errors.AsType[*credential.LoginError](err)
	switch {
	case denied: // all other codes mean that the password is right
		return loginErr.Code != credential.InvalidCredentials, nil
	case errors.Is(err, store.ErrRateLimited):
		return false, nil
	}
	return err == nil, err
}

// serviceAttempt returns the attempt to log in to a service.
func serviceAttempt(ctx context.Context, service, login string, password store.Secret) credential.LoginAttempt {
	attempt := credential.LoginAttempt{Username: login, Password: password, RemoteAddr: audit.ActorFromContext(ctx).RemoteAddr}
	if !attempt.RemoteAddr.IsValid() {
		attempt.Service = service
	}
	return attempt
}

// CanUseService reports whether a user exists, is enabled, and has the permission to
// use a service. Services that verify the password themselves call CanUseService. Do not
// show the result to visitors. It returns an error wrapping [store.ErrInvalid] on
// "service" for an unknown service.
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

// AuthorizePhone reports whether the phone of an extension may show a module. It
// returns the user who has the extension as default extension. This user must be
// enabled and have the module in [permission.PhoneAppsModules]. Otherwise
// AuthorizePhone returns an error wrapping [store.ErrForbidden].
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
	if errors.Is(store.Conceal(err), store.ErrNotFound) {
		return nil, unassigned
	}
	return u, err
}
