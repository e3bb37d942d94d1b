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
	// MaxMembersAtOnce is how many people one call adds to a group, or removes.
	MaxMembersAtOnce = 1000
	// maxMembersTold bounds the references of a group that cannot go.
	maxMembersTold = 100
)

// AddMembers and RemoveMembers change who is in a group, and nothing else of
// these people; names are usernames, at most [MaxMembersAtOnce]. All are
// changed, or none: an unknown name is a [store.InvalidError] on its place,
// "usernames[2]". Who is in already, or is not, is no error.
func (s *Service) AddMembers(ctx context.Context, group string, usernames ...string) error {
	return s.changeMembers(ctx, "join group", group, usernames, func(u *User, name string) {
		u.Groups = set(append(u.Groups, name))
	})
}

// RemoveMembers is the opposite of [Service.AddMembers].
func (s *Service) RemoveMembers(ctx context.Context, group string, usernames ...string) error {
	return s.changeMembers(ctx, "leave group", group, usernames, leave)
}

// leave takes u out of the group of that name, in any case: others may have
// written it.
func leave(u *User, name string) {
	folded := FoldGroupName(name)
	u.Groups = slices.DeleteFunc(u.Groups, func(of string) bool { return FoldGroupName(of) == folded })
}

// member is somebody whose membership is about to change.
type member struct{ before, after *User }

func (s *Service) changeMembers(ctx context.Context, action, group string, usernames []string, change func(u *User, name string)) error {
	var members []member
	return s.preparedTogether(ctx, s.groupEvent(action, group), func(ctx context.Context) error {
		g, err := s.findGroup(ctx, group)
		if err != nil {
			return err
		}
		members, err = s.membersToChange(ctx, usernames, func(u *User) { change(u, g.Name) })
		return err
	}, func(ctx context.Context) error {
		for _, m := range members {
			if err := s.keep(ctx, action, m.before, m.after); err != nil {
				return err
			}
			s.log(ctx, action, m.after)
		}
		return nil
	})
}

// membersToChange returns those of the people for whom change changes anything,
// each once, or refuses with all that is wrong with the names.
func (s *Service) membersToChange(ctx context.Context, usernames []string, change func(u *User)) ([]member, error) {
	if len(usernames) > MaxMembersAtOnce {
		return nil, store.Invalid(store.FieldError{Field: "usernames", Code: "max", Message: fmt.Sprintf("at most %d entries are allowed; give them in several parts", MaxMembersAtOnce)})
	}
	policies, err := s.Policies(ctx) // once, for all of them
	if err != nil {
		return nil, err
	}
	var members []member
	var refused []store.FieldError
	seen := map[string]bool{}
	for i, username := range usernames {
		before, err := s.find(ctx, username)
		switch {
		case errors.Is(err, store.ErrNotFound):
			refused = append(refused, refusedMember(i, "unknown", "there is no such person; give a username"))
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
		if len(after.Groups) > MaxGroupsOfUser {
			refused = append(refused, refusedMember(i, "max", fmt.Sprintf("this person is in %d groups already", MaxGroupsOfUser)))
		}
		if err := s.mayGive(policies, before, after); err != nil {
			return nil, err
		}
		members = append(members, member{before, after})
	}
	return members, store.Invalid(refused...)
}

func refusedMember(place int, code, message string) store.FieldError {
	return store.FieldError{Field: fmt.Sprintf("usernames[%d]", place), Code: code, Message: message}
}

// DeleteGroup removes a group. One that has members is refused with a
// [store.InUseError] whose references are the first 100 of them, unless force
// is set: then they are members no longer. [Service.GroupImpact] tells before
// what they would lose.
func (s *Service) DeleteGroup(ctx context.Context, name string, force bool) error {
	const action = "delete"
	var g *Group
	err := s.preparedTogether(ctx, s.groupEvent(action, name), func(ctx context.Context) (err error) {
		if err := s.everything(); err != nil {
			return err
		}
		if g, err = s.Group(ctx, name); err != nil || force {
			return err
		}
		return s.empty(ctx, g)
	}, func(ctx context.Context) error {
		for _, status := range []Status{"", Deleted} {
			if err := s.removeAll(ctx, g.Name, status); err != nil {
				return err
			}
		}
		if err := s.store.DeleteGroup(ctx, g.Name); err != nil {
			return err
		}
		return s.trail.Record(ctx, audit.Event{Action: action, Kind: GroupRecord, Key: s.inTeam(g.Name), Before: g, SealedBefore: sealedGroup(g)})
	})
	if err == nil {
		s.logGroup(ctx, action, g)
	}
	return err
}

// empty refuses a group that has members.
func (s *Service) empty(ctx context.Context, g *Group) error {
	list, err := s.store.ListUsers(ctx, Query{Group: g.Name, Page: store.Page{Limit: maxMembersTold}})
	if err != nil || len(list.Items) == 0 {
		return err
	}
	references := make([]store.Reference, len(list.Items))
	for i, u := range list.Items {
		references[i] = store.Reference{Kind: PersonRecord, Key: u.Username}
	}
	return &store.InUseError{Kind: GroupRecord, References: references}
}

// removeAll takes everybody of that status out of a group, in the transaction
// of ctx.
func (s *Service) removeAll(ctx context.Context, name string, status Status) error {
	for q := (Query{Group: name, Status: status, Page: store.Page{Limit: store.MaxPageLimit}}); ; {
		list, err := s.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, before := range list.Items {
			if err := s.removeFrom(ctx, name, before); err != nil {
				return err
			}
		}
		if q.After = list.Next; q.After == "" {
			return nil
		}
	}
}

// removeFrom takes somebody who is listed as a member out of a group, in the
// transaction of ctx. Only who writes to the database by hand makes list and
// record disagree.
func (s *Service) removeFrom(ctx context.Context, name string, before *User) error {
	after := before.Clone()
	if leave(after, name); len(after.Groups) == len(before.Groups) {
		return &store.ConflictError{Reason: "the database lists " + before.Username + " as a member of this group, but the record of this person does not; add the person to the group, restored where they are deleted, and try again"}
	}
	return s.keep(ctx, "leave group", before, after)
}
