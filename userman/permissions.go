package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// Permissions returns the permissions of the service: first the standard permissions,
// then [Options].Permissions. A permission of the options replaces a standard
// permission with the same ID, in its place.
func (s *Service) Permissions() []permission.Permission { return s.registry.All() }

// EffectivePermissions returns the effective permissions of a user. It returns an
// error wrapping [store.ErrNotFound] if there is no such user.
func (s *Service) EffectivePermissions(ctx context.Context, username string) (*permission.EffectiveSet, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	return resolver.For(u.PermissionSubject()), nil
}

// permissionResolver returns a resolver over the current groups. It reads the groups
// only if they changed since the last call.
func (s *Service) permissionResolver(ctx context.Context) (*permission.Resolver, error) {
	groups, err := s.groups(ctx)
	if err != nil {
		return nil, err
	}
	return groups.resolver, nil
}

// PermissionSubject returns the fields of u that determine the permissions of u.
func (u *User) PermissionSubject() permission.Subject {
	return permission.Subject{
		Permissions: u.Permissions, Groups: u.Groups,
		DefaultExtension: u.DefaultExtension, LinkedExtensions: u.LinkedExtensions,
	}
}
