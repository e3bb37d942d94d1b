package userman

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

const (
	// MaxMembersPerCall is how many people one call adds to a group, or removes.
	MaxMembersPerCall = 1000
	// maxMemberReferences bounds the references of a group that cannot go.
	maxMemberReferences = 100
)

// AddMembers and RemoveMembers change who is in a group, and nothing else of
// these people; names are usernames, at most [MaxMembersPerCall]. All are
// changed, or none: an unknown name is a [store.InvalidError] on its place,
// "usernames[2]". Who is in already, or is not, is no error.
func (s *Service) AddMembers(ctx context.Context, group string, usernames ...string) error {
	return s.changeMembers(ctx, "join group", group, usernames, func(u *User, name string) {
		u.Groups = sortedUnique(append(u.Groups, name))
	})
}

// RemoveMembers is the opposite of [Service.AddMembers].
func (s *Service) RemoveMembers(ctx context.Context, group string, usernames ...string) error {
	return s.changeMembers(ctx, "leave group", group, usernames, leaveGroup)
}

// leaveGroup takes u out of the group of that name, in any case: others may have
// written it.
func leaveGroup(u *User, name string) {
	folded := FoldGroupName(name)
	u.Groups = slices.DeleteFunc(u.Groups, func(groupName string) bool { return FoldGroupName(groupName) == folded })
}

// userChange is somebody whose membership is about to change.
type userChange struct{ before, after *User }

func (s *Service) changeMembers(ctx context.Context, action, group string, usernames []string, change func(u *User, name string)) error {
	return s.audit.Do(ctx, s.store, s.groupEvent(action, group), func(ctx context.Context, r *audit.Recorder) error {
		g, err := s.findGroup(ctx, group)
		if err != nil {
			return err
		}
		changes, err := s.planMemberChanges(ctx, usernames, func(u *User) { change(u, g.Name) })
		if err != nil {
			return err
		}
		for _, m := range changes {
			if err := s.save(ctx, r, action, m.before, m.after); err != nil {
				return err
			}
			s.logUser(ctx, action, m.after)
		}
		return nil
	})
}

// planMemberChanges returns those of the people for whom change changes anything,
// each once, or refuses with all that is wrong with the names.
func (s *Service) planMemberChanges(ctx context.Context, usernames []string, change func(u *User)) ([]userChange, error) {
	if len(usernames) > MaxMembersPerCall {
		return nil, store.NewInvalidError(store.FieldError{Field: "usernames", Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries are allowed; give them in several parts", MaxMembersPerCall)})
	}
	sc, err := s.scope(ctx) // once, for all of them
	if err != nil {
		return nil, err
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	var changes []userChange
	var errs []store.FieldError
	seen := map[string]bool{}
	for i, username := range usernames {
		before, err := s.lookup(ctx, username)
		if err == nil && !userInScope(sc, before) {
			err = outOfScopeError()
		}
		switch {
		case errors.Is(err, store.ErrNotFound):
			errs = append(errs, memberError(i, store.CodeUnknown, "there is no such user; give a username"))
			continue
		case err != nil:
			return nil, err
		}
		after := before.Clone()
		change(after)
		if seen[before.ID] || slices.Equal(before.Groups, after.Groups) {
			continue
		}
		seen[before.ID] = true
		if len(after.Groups) > MaxGroupsPerUser {
			errs = append(errs, memberError(i, store.CodeMax, fmt.Sprintf("this person is in %d groups already", MaxGroupsPerUser)))
		}
		if err := s.authorizeGrant(sc, resolver, before, after); err != nil {
			return nil, err
		}
		changes = append(changes, userChange{before, after})
	}
	return changes, store.NewInvalidError(errs...)
}

func memberError(i int, code, message string) store.FieldError {
	return store.FieldError{Field: fmt.Sprintf("usernames[%d]", i), Code: code, Message: message}
}

// DeleteGroup removes a group. One that has members is refused with a
// [store.InUseError] whose references are the first 100 of them, unless force
// is set: then they are members no longer. [Service.PreviewDeleteGroup] tells before
// what they would lose.
func (s *Service) DeleteGroup(ctx context.Context, name string, force bool) error {
	const action = "delete"
	var g *Group
	err := s.audit.Do(ctx, s.store, s.groupEvent(action, name), func(ctx context.Context, r *audit.Recorder) (err error) {
		if err := s.requireUnscoped(ctx); err != nil {
			return err
		}
		if g, err = s.Group(ctx, name); err != nil {
			return err
		}
		if !force {
			if err := s.requireEmptyGroup(ctx, g); err != nil {
				return err
			}
		}
		return s.deleteGroup(ctx, r, g)
	})
	if err == nil {
		s.logGroup(ctx, action, g)
	}
	return err
}

// deleteGroup removes a group and its members, in the transaction of ctx.
func (s *Service) deleteGroup(ctx context.Context, r *audit.Recorder, g *Group) error {
	for _, status := range []Status{"", StatusDeleted} {
		if err := s.removeAllMembers(ctx, r, g.Name, status); err != nil {
			return err
		}
	}
	if err := s.store.DeleteGroup(ctx, g.Name); err != nil {
		return err
	}
	return r.Record(ctx, audit.Event{Action: r.Intent.Action, Kind: KindGroup, Key: s.auditName(g.Name), Before: g, PriorState: groupAuditState(g)})
}

// requireEmptyGroup refuses a group that has members.
func (s *Service) requireEmptyGroup(ctx context.Context, g *Group) error {
	list, err := s.store.ListUsers(ctx, Query{Group: g.Name, PageRequest: store.PageRequest{Limit: maxMemberReferences}})
	if err != nil || len(list.Items) == 0 {
		return err
	}
	references := make([]store.Reference, len(list.Items))
	for i, u := range list.Items {
		references[i] = store.Reference{Kind: KindUser, Key: u.Username}
	}
	return &store.InUseError{Kind: KindGroup, References: references}
}

// removeAllMembers takes everybody of that status out of a group, in the transaction
// of ctx.
func (s *Service) removeAllMembers(ctx context.Context, r *audit.Recorder, name string, status Status) error {
	for q := (Query{Group: name, Status: status, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}); ; {
		list, err := s.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, before := range list.Items {
			if err := s.removeMember(ctx, r, name, before); err != nil {
				return err
			}
		}
		if q.After = list.Next; q.After == "" {
			return nil
		}
	}
}

// removeMember takes somebody who is listed as a member out of a group, in the
// transaction of ctx. Only who writes to the database by hand makes list and
// record disagree.
func (s *Service) removeMember(ctx context.Context, r *audit.Recorder, name string, before *User) error {
	after := before.Clone()
	if leaveGroup(after, name); len(after.Groups) == len(before.Groups) {
		return &store.ConflictError{Reason: "the database lists " + before.Username + " as a member of this group, but the record of this person does not; add the person to the group, restored where they are deleted, and try again"}
	}
	return s.save(ctx, r, "leave group", before, after)
}
