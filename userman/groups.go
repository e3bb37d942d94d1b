package userman

import (
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// CreateGroup adds a group. What the service sets is ignored in g. It refuses
// bad fields with a [store.InvalidError] ("permissions.voicemail.download" is
// the field of a permission), and a name that another group has, in any case,
// with a [store.ExistsError]. Beyond [MaxGroups] it is a
// [store.ConflictError].
func (s *Service) CreateGroup(ctx context.Context, g *Group) (*Group, error) {
	return s.createGroup(ctx, "create", g, nil)
}

// createGroup adds a group as [Service.CreateGroup] does. begin, when it is not
// nil, sets what only the service sets: the directory.
func (s *Service) createGroup(ctx context.Context, action string, g *Group, begin func(*Group)) (*Group, error) {
	created := g.Clone().cleaned()
	created.Directory, created.Members = "", 0
	if begin != nil {
		begin(created)
	}
	created.CreatedAt = s.now()
	created.UpdatedAt = created.CreatedAt
	err := s.once(ctx, s.groupEvent(action, g.Name), func(ctx context.Context, intent *audit.Event) ([]audit.Event, error) {
		if err := s.mayAddGroup(ctx, created); err != nil {
			return nil, err
		}
		created.Permissions = created.Permissions.normalised()
		if err := s.store.CreateGroup(ctx, created); err != nil {
			return nil, err
		}
		event := audit.Event{Action: action, Kind: GroupRecord, Key: intent.Key, After: created.shown(0), Sealed: sealedGroup(created)}
		return []audit.Event{event}, nil
	})
	if err != nil {
		return nil, err
	}
	s.logGroup(ctx, action, created)
	return created.shown(0), nil
}

func (s *Service) mayAddGroup(ctx context.Context, g *Group) error {
	if err := s.everything(); err != nil {
		return err
	}
	if err := store.Invalid(s.checkGroup(g, nil)...); err != nil {
		return err
	}
	groups, _, err := s.store.ListGroups(ctx)
	if err == nil && len(groups) >= MaxGroups {
		return &store.ConflictError{Reason: fmt.Sprintf("there are %d groups already; delete one that is not needed", MaxGroups)}
	}
	return err
}

// findGroup reads the group of that name, which may come from a stranger.
func (s *Service) findGroup(ctx context.Context, name string) (*Group, error) {
	if len(name) > maxText {
		return nil, &store.NotFoundError{Kind: GroupRecord}
	}
	return s.store.Group(ctx, plain(name))
}

// Group returns the group of that name, in any case, or a
// [store.NotFoundError].
func (s *Service) Group(ctx context.Context, name string) (*Group, error) {
	g, err := s.findGroup(ctx, name)
	if err != nil {
		return nil, err
	}
	members, err := s.store.CountMembers(ctx)
	if err != nil {
		return nil, err
	}
	return g.shown(members[g.Name]), nil
}

// Groups returns all groups, in the order in which they count: by priority,
// then by name.
func (s *Service) Groups(ctx context.Context) ([]*Group, error) {
	groups, _, err := s.store.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	members, err := s.store.CountMembers(ctx)
	if err != nil {
		return nil, err
	}
	for i, g := range groups {
		groups[i] = g.shown(members[g.Name])
	}
	return groups, nil
}

// UpdateGroup has change edit the group and keeps what came of it; see
// [Service.Update]. The name, the members and what the service sets stay.
func (s *Service) UpdateGroup(ctx context.Context, name string, change func(*Group) error) (*Group, error) {
	const action = "update"
	var after *Group
	err := s.once(ctx, s.groupEvent(action, name), func(ctx context.Context, intent *audit.Event) ([]audit.Event, error) {
		if err := s.everything(); err != nil {
			return nil, err
		}
		before, err := s.Group(ctx, name)
		if err != nil {
			return nil, err
		}
		intent.Key = s.inTeam(before.Name)
		if after, err = s.changeGroup(before, change); err != nil {
			return nil, err
		}
		event := audit.Event{
			Action: action, Kind: GroupRecord, Key: intent.Key,
			Before: before, After: after, SealedBefore: sealedGroup(before), Sealed: sealedGroup(after),
		}
		return []audit.Event{event}, s.store.UpdateGroup(ctx, before.Name, func(g *Group) error {
			*g = *after.Clone()
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	s.logGroup(ctx, action, after)
	return after, nil
}

// changeGroup returns what change makes of a group.
func (s *Service) changeGroup(before *Group, change func(*Group) error) (*Group, error) {
	after := before.Clone()
	if err := change(after); err != nil {
		return nil, err
	}
	after = after.Clone().cleaned()
	after.Name, after.Directory, after.Members = before.Name, before.Directory, before.Members
	after.CreatedAt, after.UpdatedAt = before.CreatedAt, s.now()
	if err := store.Invalid(s.checkGroup(after, before.Permissions)...); err != nil {
		return nil, err
	}
	after.Permissions = after.Permissions.normalised()
	return after.shown(after.Members), nil
}

func (s *Service) logGroup(ctx context.Context, action string, g *Group) {
	s.opts.Logger.InfoContext(ctx, GroupRecord+": "+action, "name", g.Name, "team", s.store.Team())
}
