package userman

import (
	"context"
	"sync/atomic"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// Permissions returns the permissions of the service: the standard ones, and those of
// [Options].Permissions behind them or in the place of those with the same ID.
func (s *Service) Permissions() []permission.Permission { return s.registry.All() }

// EffectivePermissions returns the effective permissions of a user. It returns an
// error wrapping [store.ErrNotFound] if there is no such user.
func (s *Service) EffectivePermissions(ctx context.Context, username string) (*permission.EffectiveSet, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	return resolver.For(u.PermissionSubject()), nil
}

// PermissionResolver returns a resolver over the current groups, for many users.
// It reads the groups only if they changed since the last call.
func (s *Service) PermissionResolver(ctx context.Context) (*permission.Resolver, error) {
	revision, err := s.store.GroupsRevision(ctx)
	if err != nil {
		return nil, err
	}
	return s.PermissionResolverAt(ctx, revision)
}

// PermissionResolverAt is [Service.PermissionResolver] for a caller that has read the
// revision of the groups from the store.
func (s *Service) PermissionResolverAt(ctx context.Context, revision int64) (*permission.Resolver, error) {
	if resolver := s.shared.resolvers.get(revision); resolver != nil {
		return resolver, nil
	}
	groups, revision, err := s.store.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	return s.resolverOver(groups, revision), nil
}

// resolverOver returns the resolver over all groups, which are at that revision.
func (s *Service) resolverOver(groups []*Group, revision int64) *permission.Resolver {
	if resolver := s.shared.resolvers.get(revision); resolver != nil {
		return resolver
	}
	grants := make([]permission.GroupGrants, len(groups))
	for i, g := range groups {
		grants[i] = permission.GroupGrants{Name: g.Name, Priority: g.Priority, Permissions: g.Permissions}
	}
	resolver := permission.NewResolver(s.registry, grants)
	s.shared.resolvers.put(revision, resolver)
	return resolver
}

// PermissionSubject returns the fields of u that decide its permissions.
func (u *User) PermissionSubject() permission.Subject {
	return permission.Subject{
		Permissions: u.Permissions, Groups: u.Groups,
		DefaultExtension: u.DefaultExtension, LinkedExtensions: u.LinkedExtensions,
	}
}

// resolverCache holds the last resolver. A revision is never used twice, so the
// groups of a transaction that is rolled back are not found again.
type resolverCache struct {
	latest atomic.Pointer[cachedResolver]
}

type cachedResolver struct {
	revision int64
	resolver *permission.Resolver
}

// get returns the resolver at that revision, or nil.
func (c *resolverCache) get(revision int64) *permission.Resolver {
	if cached := c.latest.Load(); cached != nil && cached.revision == revision {
		return cached.resolver
	}
	return nil
}

func (c *resolverCache) put(revision int64, resolver *permission.Resolver) {
	c.latest.Store(&cachedResolver{revision, resolver})
}
