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
	// MaxMembersPerCall is the largest number of users that one call can add to or
	// remove from a group.
	MaxMembersPerCall = 1000
	// maxMemberReferences is the largest number of references of a group that cannot be
	// deleted.
	maxMemberReferences = 100
)

// Member is what the members of a group show to those who may not see the other fields of
// users.
type Member struct {
	Username string `json:"username"`
	// Name is [User.Name].
	Name             string `json:"name"`
	DefaultExtension string `json:"default_extension"`
	Disabled         bool   `json:"disabled"`
}

// AsMember returns the fields of u that a member of a group shows.
func (u *User) AsMember() Member {
	return Member{Username: u.Username, Name: u.Name(), DefaultExtension: u.DefaultExtension, Disabled: u.Disabled}
}

// AddMembers adds up to [MaxMembersPerCall] users to a group, by username. It adds all
// of them or none. For an unknown username it returns an error wrapping
// [store.ErrInvalid] on the index, such as "usernames[2]". It ignores users who are
// already members.
func (gs *GroupService) AddMembers(ctx context.Context, group string, usernames ...string) error {
	return gs.s.changeMembers(ctx, "join group", group, usernames, func(u *User, name string) {
		u.Groups = sortedUnique(append(u.Groups, name))
	})
}

// RemoveMembers removes users from a group. It has the rules of [GroupService.AddMembers].
func (gs *GroupService) RemoveMembers(ctx context.Context, group string, usernames ...string) error {
	return gs.s.changeMembers(ctx, "leave group", group, usernames, leaveGroup)
}

// leaveGroup removes u from the group of that name, in any case.
func leaveGroup(u *User, name string) {
	folded := FoldGroupName(name)
	u.Groups = slices.DeleteFunc(u.Groups, func(groupName string) bool { return FoldGroupName(groupName) == folded })
}

// userChange is a change of the memberships of a user.
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

// planMemberChanges returns the users that change affects, each once, or an error with
// all invalid usernames.
func (s *Service) planMemberChanges(ctx context.Context, usernames []string, change func(u *User)) ([]userChange, error) {
	if len(usernames) > MaxMembersPerCall {
		return nil, store.NewInvalidError(store.FieldError{Field: "usernames", Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries; send several requests", MaxMembersPerCall)})
	}
	sc, err := s.scope(ctx) // once, for all of them
	if err != nil {
		return nil, err
	}
	resolver, err := s.permissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	var changes []userChange
	var errs []store.FieldError
	denied := false
	seen := map[store.UserID]bool{}
	for i, username := range usernames {
		before, err := s.lookup(ctx, username)
		outOfScope := err == nil && !userInScope(sc, before)
		denied = denied || outOfScope
		switch {
		case outOfScope || errors.Is(err, store.ErrNotFound):
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
			errs = append(errs, memberError(i, store.CodeMax, fmt.Sprintf("this user is in %d groups already", MaxGroupsPerUser)))
		}
		if err := s.authorizeGrant(sc, resolver, before, after); err != nil {
			return nil, err
		}
		changes = append(changes, userChange{before, after})
	}
	err = store.NewInvalidError(errs...)
	if denied {
		return nil, &store.ForbiddenError{Reason: "some of these users are outside your scope", Concealed: err}
	}
	return changes, err
}

func memberError(i int, code, message string) store.FieldError {
	return store.FieldError{Field: fmt.Sprintf("usernames[%d]", i), Code: code, Message: message}
}

// Delete deletes a group. If the group has members and force is false, it returns
// an error wrapping [store.ErrInUse]. This error lists the first 100 members. If force
// is true, Delete removes the members first. [GroupService.PreviewDelete] shows
// the effect on the members.
func (gs *GroupService) Delete(ctx context.Context, name string, force bool) error {
	const action = "delete"
	var g *Group
	err := gs.s.audit.Do(ctx, gs.s.store, gs.s.groupEvent(action, name), func(ctx context.Context, r *audit.Recorder) (err error) {
		if err := gs.s.requireUnscoped(ctx); err != nil {
			return err
		}
		if g, err = gs.Get(ctx, name); err != nil {
			return err
		}
		if !force {
			if err := gs.s.requireEmptyGroup(ctx, g); err != nil {
				return err
			}
		}
		return gs.s.deleteGroup(ctx, r, g)
	})
	if err == nil {
		gs.s.logGroup(ctx, action, g)
	}
	return err
}

// deleteGroup deletes a group and its memberships in the transaction of ctx.
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

// requireEmptyGroup returns an error wrapping ErrInUse if the group has members.
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

// removeAllMembers removes all users of that status from a group, in the transaction of
// ctx.
func (s *Service) removeAllMembers(ctx context.Context, r *audit.Recorder, name string, status Status) error {
	return s.eachMember(ctx, name, status, func(before *User) error { return s.removeMember(ctx, r, name, before) })
}

// eachMember calls visit for all members of that status, and stops at the first error.
// visit may write the member.
func (s *Service) eachMember(ctx context.Context, group string, status Status, visit func(u *User) error) error {
	for q := (Query{Group: group, Status: status, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}); ; {
		list, err := s.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range list.Items {
			if err := visit(u); err != nil {
				return err
			}
		}
		if q.After = list.Next; q.After == "" {
			return nil
		}
	}
}

// removeMember removes a listed member from a group, in the transaction of ctx. The
// list and the record of the user disagree only after a manual change of the database.
func (s *Service) removeMember(ctx context.Context, r *audit.Recorder, name string, before *User) error {
	after := before.Clone()
	if leaveGroup(after, name); len(after.Groups) == len(before.Groups) {
		return &store.ConflictError{Reason: "the database lists " + before.Username + " as a member of this group, but the record of this user does not; add the user to the group, restore the user first if deleted, and try again"}
	}
	return s.save(ctx, r, "leave group", before, after)
}
