package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// MemberImpact is what would change for one person.
type MemberImpact struct {
	Username string `json:"username"`
	// Changes are the permissions whose effective value would be another one,
	// by ID. None means that other groups, or what is said of the person, give
	// the same.
	Changes []PermissionChange `json:"changes"`
}

// PermissionChange is a permission that would be another one, in the words of
// [permission.EffectiveSet.Format].
type PermissionChange struct {
	Permission string `json:"permission"`
	Before     string `json:"before"`
	After      string `json:"after"`
}

// PreviewDeleteGroup tells, for the first most members of a group by username, what
// would change for them if the group were deleted; total counts all members.
func (s *Service) PreviewDeleteGroup(ctx context.Context, name string, limit int) (impact []MemberImpact, total int, err error) {
	g, err := s.Group(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return nil, 0, err
	}
	impact = []MemberImpact{}
	for q := (Query{Group: g.Name}); len(impact) < limit; {
		q.Limit = min(limit-len(impact), store.MaxPageLimit)
		list, err := s.List(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		for _, u := range list.Items {
			impact = append(impact, s.previewMember(resolver, u, g.Name))
		}
		if q.After = list.Next; q.After == "" {
			break
		}
	}
	return impact, g.Members, nil
}

// previewMember returns what would change for u without the group.
func (s *Service) previewMember(resolver *permission.Resolver, u *User, group string) MemberImpact {
	nonMember := u.Clone()
	leaveGroup(nonMember, group)
	before, after := resolver.For(u.PermissionSubject()), resolver.For(nonMember.PermissionSubject())
	impact := MemberImpact{Username: u.Username, Changes: []PermissionChange{}}
	for _, p := range s.Permissions() {
		change := PermissionChange{Permission: p.ID, Before: before.Format(p.ID), After: after.Format(p.ID)}
		if change.Before != change.After {
			impact.Changes = append(impact.Changes, change)
		}
	}
	return impact
}
