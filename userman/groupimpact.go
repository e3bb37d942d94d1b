package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// Impact is what would change for one person.
type Impact struct {
	Username string `json:"username"`
	// Changes are the permissions whose effective value would be another one,
	// by ID. None means that other groups, or what is said of the person, give
	// the same.
	Changes []ImpactChange `json:"changes"`
}

// ImpactChange is a permission that would be another one, in the words of
// [Effective.Words].
type ImpactChange struct {
	Permission string `json:"permission"`
	Before     string `json:"before"`
	After      string `json:"after"`
}

// GroupImpact tells, for the first most members of a group by username, what
// would change for them if the group were deleted; total counts all members.
func (s *Service) GroupImpact(ctx context.Context, name string, most int) (impact []Impact, total int, err error) {
	g, err := s.Group(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	policies, err := s.Policies(ctx)
	if err != nil {
		return nil, 0, err
	}
	impact = []Impact{}
	for q := (Query{Group: g.Name}); len(impact) < most; {
		q.Limit = min(most-len(impact), store.MaxPageLimit)
		list, err := s.List(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		for _, u := range list.Items {
			impact = append(impact, s.impactOf(policies, u, g.Name))
		}
		if q.After = list.Next; q.After == "" {
			break
		}
	}
	return impact, g.Members, nil
}

// impactOf returns what would change for u without the group.
func (s *Service) impactOf(policies *Policies, u *User, group string) Impact {
	without := u.Clone()
	leave(without, group)
	before, after := policies.Of(u), policies.Of(without)
	impact := Impact{Username: u.Username, Changes: []ImpactChange{}}
	for _, p := range s.Permissions() {
		change := ImpactChange{Permission: p.ID, Before: before.Words(p.ID), After: after.Words(p.ID)}
		if change.Before != change.After {
			impact.Changes = append(impact.Changes, change)
		}
	}
	return impact
}
