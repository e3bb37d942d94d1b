package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Access gives other packages the users that a service may touch. They use it for
// records that belong to users, such as API tokens. It is valid in the transaction in
// which [Service.Access] was called.
type Access struct {
	service *Service
	scope   scope.Scope
}

// Access loads the scope of the service, see [Service.Scoped], as of the transaction
// of ctx.
func (s *Service) Access(ctx context.Context) (*Access, error) {
	sc, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	return &Access{s, sc}, nil
}

// Scope returns the scope.
func (a *Access) Scope() scope.Scope { return a.scope }

// User returns the user of that username, as [Service.Get] does, but records no
// denial.
func (a *Access) User(ctx context.Context, username string) (*User, error) {
	u, err := a.service.lookup(ctx, username)
	if err != nil {
		return nil, err
	}
	return a.Redact(u)
}

// UserByID returns the user of that ID, deleted or not, as [Service.GetByID] does, but
// records no denial.
func (a *Access) UserByID(ctx context.Context, id string) (*User, error) {
	u, err := a.service.lookupID(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.Redact(u)
}

// UserByExtension returns the user with that default extension. It records no denial.
func (a *Access) UserByExtension(ctx context.Context, extension string) (*User, error) {
	u, err := a.service.lookupExtension(ctx, extension)
	if err != nil {
		return nil, err
	}
	return a.Redact(u)
}

// Redact returns a user that a store returned without credentials, as the service
// does. It returns an error wrapping [store.ErrForbidden] if u is out of scope.
func (a *Access) Redact(u *User) (*User, error) {
	if !userInScope(a.scope, u) {
		return nil, outOfScopeError()
	}
	return a.service.redact(u), nil
}

// AuthorizeCredentials returns an error wrapping [store.ErrForbidden] if the service
// may not hand out credentials of u, see [Service.Scoped]. It runs in the transaction
// of ctx.
func (a *Access) AuthorizeCredentials(ctx context.Context, u *User) error {
	if a.scope.AllExtensions() {
		return nil
	}
	groups, err := a.service.groups(ctx)
	if err != nil {
		return err
	}
	before, after := groups.resolver.For(groups.withDefaultGrants(u).PermissionSubject()), groups.resolver.For(u.PermissionSubject())
	if permission := a.service.firstOutOfScope(a.scope, before, after); permission != "" {
		return &store.ForbiddenError{Reason: "this user has the permission " + permission + " for extensions outside your scope, and so would the holder of the user's password, link, key or mailbox; ask an administrator with access"}
	}
	return nil
}

// PermissionResolver returns a resolver over the current groups, for many users. It
// reads the groups only if they changed since the last call.
func (a *Access) PermissionResolver(ctx context.Context) (*permission.Resolver, error) {
	return a.service.permissionResolver(ctx)
}

// PermissionResolverAt is [Access.PermissionResolver] for a caller that has read the
// revision of the groups from the store.
func (a *Access) PermissionResolverAt(ctx context.Context, revision int64) (*permission.Resolver, error) {
	groups, err := a.service.groupsAt(ctx, revision)
	if err != nil {
		return nil, err
	}
	return groups.resolver, nil
}
