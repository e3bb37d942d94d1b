package userman

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// GroupService manages the groups of a [Service]; see [Service.Groups].
type GroupService struct{ s *Service }

// Groups returns the service of groups.
func (s *Service) Groups() *GroupService { return &GroupService{s} }

// Create creates a group. It ignores the fields of g that the service sets. It
// returns an error wrapping [store.ErrInvalid] if a field is invalid. The field name of
// a permission is, for example, "permissions.voicemail.download". It returns an error
// wrapping [store.ErrAlreadyExists] if another group has the name, ignoring case. It
// returns an error wrapping [store.ErrConflict] if there are already [MaxGroups]
// groups.
//
// unreadable lists fields that the caller could not parse, as in
// [Service.PrepareCreate].
func (gs *GroupService) Create(ctx context.Context, g *Group, unreadable ...store.FieldError) (*Group, error) {
	return gs.s.createGroup(ctx, "create", g, nil, unreadable...)
}

// AuditEvent returns the audit event of an operation on the group of that name, with the
// name as it is stored. A name without a group is recorded only if it could be a
// username, because a secret in the wrong field could be a name. See
// [Service.AuditEvent].
func (gs *GroupService) AuditEvent(ctx context.Context, action, name string) audit.Event {
	g, err := gs.s.store.Group(ctx, name)
	if err != nil {
		return gs.s.groupEvent(action, validUsername(name))
	}
	return gs.s.groupEvent(action, g.Name)
}

// createGroup creates a group as [GroupService.Create] does. setManaged, if not nil,
// sets the fields that only the service sets.
func (s *Service) createGroup(ctx context.Context, action string, g *Group, setManaged func(*Group), unreadable ...store.FieldError) (*Group, error) {
	created := g.Clone().normalize()
	created.Directory, created.Members = "", 0
	if setManaged != nil {
		setManaged(created)
	}
	created.CreatedAt = s.now()
	created.UpdatedAt = created.CreatedAt
	err := s.audit.Do(ctx, s.store, s.groupEvent(action, g.Name), func(ctx context.Context, r *audit.Recorder) error {
		if err := s.checkCreateGroup(ctx, created, unreadable); err != nil {
			return err
		}
		created.Permissions = created.Permissions.Normalized()
		if err := s.store.CreateGroup(ctx, created); err != nil {
			return err
		}
		event := r.Intent
		event.After, event.State = created.withMembers(0), groupAuditState(created)
		return r.Record(ctx, event)
	})
	if err != nil {
		return nil, err
	}
	s.logGroup(ctx, action, created)
	return created.withMembers(0), nil
}

func (s *Service) checkCreateGroup(ctx context.Context, g *Group, unreadable []store.FieldError) error {
	if err := s.requireUnscoped(ctx); err != nil {
		return err
	}
	groups, _, err := s.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	err = store.NewInvalidError(s.validateGroup(g, nil)...)
	taken := func(other *Group) bool { return FoldGroupName(other.Name) == FoldGroupName(g.Name) }
	if err == nil && slices.ContainsFunc(groups, taken) {
		err = &store.AlreadyExistsError{Kind: KindGroup, Field: "name"}
	}
	if err := store.AddFieldErrors(err, unreadable...); err != nil {
		return err
	}
	if len(groups) >= MaxGroups {
		return &store.ConflictError{Reason: fmt.Sprintf("there are %d groups already; delete one that is not needed", MaxGroups)}
	}
	return nil
}

// findGroup reads the group of that name, which may be any input.
func (s *Service) findGroup(ctx context.Context, name string) (*Group, error) {
	if len(name) > maxText {
		return nil, &store.NotFoundError{Kind: KindGroup}
	}
	return s.store.Group(ctx, normalizeText(name))
}

// Get returns the group with this name, ignoring case. It returns an error wrapping
// [store.ErrNotFound] if there is no such group.
func (gs *GroupService) Get(ctx context.Context, name string) (*Group, error) {
	g, err := gs.s.findGroup(ctx, name)
	if err != nil {
		return nil, err
	}
	members, err := gs.s.store.CountMembers(ctx)
	if err != nil {
		return nil, err
	}
	return g.withMembers(members[g.Name]), nil
}

// List returns all groups in order of precedence: by priority, then by name.
func (gs *GroupService) List(ctx context.Context) ([]*Group, error) {
	groups, _, err := gs.s.store.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	members, err := gs.s.store.CountMembers(ctx)
	if err != nil {
		return nil, err
	}
	for i, g := range groups {
		groups[i] = g.withMembers(members[g.Name])
	}
	return groups, nil
}

// Update calls change with the group and saves the result, see [Service.Update].
// It does not change the name, the members, or the fields that the service sets.
func (gs *GroupService) Update(ctx context.Context, name string, change func(*Group) error) (*Group, error) {
	const action = "update"
	var after *Group
	err := gs.s.audit.Do(ctx, gs.s.store, gs.s.groupEvent(action, name), func(ctx context.Context, r *audit.Recorder) error {
		if err := gs.s.requireUnscoped(ctx); err != nil {
			return err
		}
		before, err := gs.Get(ctx, name)
		if err != nil {
			return err
		}
		r.Intent.Key = gs.s.auditName(before.Name)
		if after, err = gs.s.editGroup(before, change); err != nil {
			return err
		}
		return gs.s.saveGroup(ctx, r, before, after)
	})
	if err != nil {
		return nil, err
	}
	gs.s.logGroup(ctx, action, after)
	return after, nil
}

// saveGroup replaces before with after in the transaction of ctx and records it. It
// revokes credentials of the members, see [Service.save].
func (s *Service) saveGroup(ctx context.Context, r *audit.Recorder, before, after *Group) error {
	prior, err := s.groups(ctx)
	if err != nil {
		return err
	}
	err = s.store.UpdateGroup(ctx, before.Name, func(g *Group) error {
		*g = *after.Clone()
		return nil
	})
	if err != nil {
		return err
	}
	err = r.Record(ctx, audit.Event{
		Action: r.Intent.Action, Kind: KindGroup, Key: s.auditName(before.Name),
		Before: before, After: after, PriorState: groupAuditState(before), State: groupAuditState(after),
	})
	if err != nil || before.Priority == after.Priority && maps.EqualFunc(before.Permissions, after.Permissions, permission.Value.Equal) {
		return err
	}
	return s.revokeMembers(ctx, r, before.Name, prior)
}

// editGroup returns a group edited by change.
func (s *Service) editGroup(before *Group, change func(*Group) error) (*Group, error) {
	after := before.Clone()
	unreadable, err := store.FieldErrors(change(after))
	if err != nil {
		return nil, err
	}
	after = after.Clone().normalize()
	after.Name, after.Directory, after.Members = before.Name, before.Directory, before.Members
	after.CreatedAt, after.UpdatedAt = before.CreatedAt, s.now()
	if err := store.NewInvalidError(slices.Concat(unreadable, s.validateGroup(after, before.Permissions))...); err != nil {
		return nil, err
	}
	after.Permissions = after.Permissions.Normalized()
	return after.withMembers(after.Members), nil
}

func (s *Service) logGroup(ctx context.Context, action string, g *Group) {
	s.opts().Logger.InfoContext(ctx, KindGroup+": "+action, "name", g.Name, "team", s.store.Team())
}
