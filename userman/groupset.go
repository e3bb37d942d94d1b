package userman

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// groupSet holds data that the service computes from all groups at one revision. It
// never changes.
type groupSet struct {
	revision int64
	resolver *permission.Resolver
	// names are the names of the groups, by their folded form.
	names map[string]string
	// defaults are the names of the default groups, sorted, and exempt are those whose
	// grants any administrator may hand out, see [Service.Scoped].
	defaults, exempt []string
}

// groups returns the current groups, as of the transaction of ctx. It reads them
// only if they changed since the last call.
func (s *Service) groups(ctx context.Context) (*groupSet, error) {
	revision, err := s.store.GroupsRevision(ctx)
	if err != nil {
		return nil, err
	}
	return s.groupsAt(ctx, revision)
}

// groupsAt returns the groups at that revision.
func (s *Service) groupsAt(ctx context.Context, revision int64) (*groupSet, error) {
	if cached := s.shared.groups.get(revision); cached != nil {
		return cached, nil
	}
	groups, revision, err := s.store.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	if cached := s.shared.groups.get(revision); cached != nil {
		return cached, nil
	}
	set := newGroupSet(s.registry, groups, revision)
	s.shared.groups.latest.Store(set)
	return set, nil
}

func newGroupSet(registry *permission.Registry, groups []*Group, revision int64) *groupSet {
	set := &groupSet{revision: revision, names: make(map[string]string, len(groups))}
	grants := make([]permission.GroupGrants, len(groups))
	for i, g := range groups {
		grants[i] = permission.GroupGrants{Name: g.Name, Priority: g.Priority, Permissions: g.Permissions}
		set.names[FoldGroupName(g.Name)] = g.Name
		if g.Default {
			set.defaults = append(set.defaults, g.Name)
			if !grantsAllNumbers(registry, g) {
				set.exempt = append(set.exempt, g.Name)
			}
		}
	}
	slices.Sort(set.defaults)
	set.resolver = permission.NewResolver(registry, grants)
	return set
}

// grantsAllNumbers reports whether g grants all extensions or all numbers. The scope of
// an administrator would mean nothing if a new user had them.
func grantsAllNumbers(registry *permission.Registry, g *Group) bool {
	return slices.ContainsFunc(registry.All(), func(p permission.Permission) bool {
		isNumber := p.Kind == permission.KindExtensions || p.Kind == permission.KindNumbers
		return isNumber && slices.Contains(g.Permissions[p.ID].Items(), permission.Any)
	})
}

// resolve returns the stored names of the groups, sorted and without duplicates. It
// also returns the errors in names.
func (g *groupSet) resolve(names []string) ([]string, []store.FieldError) {
	if len(names) > MaxGroupsPerUser {
		return nil, []store.FieldError{{Field: "groups", Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries", MaxGroupsPerUser)}}
	}
	var errs []store.FieldError
	found := make([]string, 0, len(names))
	for i, name := range names {
		canonicalName, ok := "", false
		if len(name) <= maxText {
			canonicalName, ok = g.names[FoldGroupName(normalizeText(name))]
		}
		if !ok {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("groups[%d]", i), Code: store.CodeUnknown, Message: "there is no such group; choose from the list of groups, or create it first",
			})
			continue
		}
		found = append(found, canonicalName)
	}
	return sortedUnique(found), errs
}

// withDefaultGrants returns u with the grants of the exempt default groups, and no
// others.
func (g *groupSet) withDefaultGrants(u *User) *User {
	c := u.Clone()
	c.Groups, c.Permissions = slices.Clone(g.exempt), nil
	return c
}

// groupCache holds the last groups. A revision is never used twice, so the groups
// of a transaction that is rolled back are not found again.
type groupCache struct {
	latest atomic.Pointer[groupSet]
}

// get returns the groups at that revision, or nil.
func (c *groupCache) get(revision int64) *groupSet {
	if cached := c.latest.Load(); cached != nil && cached.revision == revision {
		return cached
	}
	return nil
}

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
