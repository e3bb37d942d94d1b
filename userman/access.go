package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Access gives other packages the users that a service may access. They use it for
// records that belong to users, such as API tokens. An Access is valid only in the
// transaction of the ctx that was passed to [Service.Access].
type Access struct {
	service *Service
	scope   scope.Scope
}

// Access loads the scope of the service in the transaction of ctx, see
// [Service.Scoped].
func (s *Service) Access(ctx context.Context) (*Access, error) {
	sc, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	return &Access{s, sc}, nil
}

// Scope returns the scope.
func (a *Access) Scope() scope.Scope { return a.scope }

// User returns the user with this username, as [Service.Get] does, but records no
// denial.
func (a *Access) User(ctx context.Context, username string) (*User, error) {
	u, err := a.service.lookup(ctx, username)
	if err != nil {
		return nil, err
	}
	return a.Redact(u)
}

// UserByID returns the user with this ID, including a deleted one. It works as
// [Service.GetByID] does, but records no denial.
func (a *Access) UserByID(ctx context.Context, id store.UserID) (*User, error) {
	u, err := a.service.lookupID(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.Redact(u)
}

// UserByExtension returns the user with this default extension. It records no denial.
func (a *Access) UserByExtension(ctx context.Context, extension string) (*User, error) {
	u, err := a.service.lookupExtension(ctx, extension)
	if err != nil {
		return nil, err
	}
	return a.Redact(u)
}

// Redact removes the credentials from u, which a store returned, as the service does.
// It returns an error wrapping [store.ErrForbidden] if u is out of scope.
func (a *Access) Redact(u *User) (*User, error) {
	if !userInScope(a.scope, u) {
		return nil, outOfScopeError()
	}
	return a.service.redact(u), nil
}

// AuthorizeCredentials checks that the service may hand out credentials of u, see
// [Service.Scoped]. Otherwise it returns an error wrapping [store.ErrForbidden]. It
// runs in the transaction of ctx.
func (a *Access) AuthorizeCredentials(ctx context.Context, u *User) error {
	if a.scope.IsUnrestricted() {
		return nil
	}
	groups, err := a.service.groups(ctx)
	if err != nil {
		return err
	}
	before, after := groups.resolver.For(groups.withDefaultGrants(u).PermissionSubject()), groups.resolver.For(u.PermissionSubject())
	if permission := a.service.firstOutOfScope(a.scope, before, after); permission != "" {
		return &store.ForbiddenError{Reason: "this user has the permission " + permission + " with values outside your scope, and so would the holder of the user's password, link, key or mailbox; ask an administrator with access"}
	}
	return nil
}

// Creator returns the creator of a credential that the actor of ctx creates for a user.
// It reads in the transaction of ctx.
func (a *Access) Creator(ctx context.Context, id store.UserID) (credential.Creator, error) {
	u, err := a.service.lookupID(ctx, id)
	if err != nil {
		return credential.Creator{}, err
	}
	return a.service.creator(ctx, u), nil
}

// PermissionResolver returns a resolver that uses the current groups. The resolver can
// be used for many users. PermissionResolver reads the groups only if they changed
// since the last call.
func (a *Access) PermissionResolver(ctx context.Context) (*permission.Resolver, error) {
	return a.service.permissionResolver(ctx)
}

// PermissionResolverAt works as [Access.PermissionResolver] does. The caller has
// already read the revision of the groups from the store.
func (a *Access) PermissionResolverAt(ctx context.Context, revision int64) (*permission.Resolver, error) {
	groups, err := a.service.groupsAt(ctx, revision)
	if err != nil {
		return nil, err
	}
	return groups.resolver, nil
}
