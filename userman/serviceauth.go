package userman

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/internal/validate"
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
		Field: "service", Code: store.CodeUnknown, Message: "there is no such service; give the part before .login of a permission",
	})
}

// AuthenticateService says whether a service with a login of its own, such as "xmpp", is
// to let somebody in: the password is right, the person is enabled, and
// permitted the service's ".login". No copy of the password is ever handed out,
// and no code of a second factor is asked for, because such services have no
// place to type it. Refusals are [credential.LoginError]s (NotAllowed says that
// the permission is off, and PasswordExpired that the password must be changed
// in the portal first) and [store.RateLimitedError]s; an unknown service is a
// [store.InvalidError] on "service". Whose password it is must be in reach, see
// [Service.Scoped]: else it is not compared, but refused no sooner than that of
// a name that nobody has, and throttled like it.
//
// Tries are throttled by the address of the actor of ctx (see
// [audit.WithActor]): give it where the service knows it. Where there is none,
// each name at each service is a source of its own, or one device with an old
// password would shut out everybody behind that server. That costs something:
// who tries one password with many names is not slowed, and while somebody
// guesses at one person, or a forgotten device of theirs does, that person
// waits at that service too, for five minutes at most. Other services and
// a portal that knows the device are not concerned.
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

// CanUseService says whether a person exists, is enabled and permitted a service, for
// services that ask that apart from the password. It is not told to strangers.
// An unknown service is a [store.InvalidError] on "service".
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
	resolver, err := s.PermissionResolver(ctx)
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
	if !validate.Extension().Valid(extension) {
		return nil, unassigned
	}
	u, err := s.requireInScope(ctx)(s.store.FindUser(ctx, UserLookup{DefaultExtension: extension}))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unassigned
	}
	return u, err
}
