package userman

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

// unlinking is how an extension that is deleted is taken away from everybody.
type unlinking struct {
	service *Service
	action  string
	number  string
	policy  ExtensionPolicy

	// What is to change.
	people []member
	groups []*Group
	tokens []*Token
}

// prepare finds out, in the transaction of ctx, what is to change, and whether
// it may. It keeps in memory those only who have the extension.
func (x *unlinking) prepare(ctx context.Context) error {
	err := x.service.store.EachUser(ctx, func(u *User) error {
		after := u.Clone()
		if x.unlink(after) {
			x.people = append(x.people, member{u, after})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, person := range x.people {
		if person.before.DefaultExtension != x.number || !person.before.DeletedAt.IsZero() {
			continue
		}
		if err := x.follow(ctx, person); err != nil {
			return err
		}
	}
	return x.findOthers(ctx)
}

// unlink takes the extension away from u, and reports whether they had it.
func (x *unlinking) unlink(u *User) bool {
	had := u.Has(x.number)
	if u.DefaultExtension == x.number {
		u.DefaultExtension, u.Activation = "", nil
	}
	u.LinkedExtensions = slices.DeleteFunc(u.LinkedExtensions, func(e string) bool { return e == x.number })
	return x.forget(u.Permissions) || had
}

// forget takes the extension out of what somebody says, and reports whether it
// was in it.
func (x *unlinking) forget(said Permissions) bool {
	found := false
	for _, p := range x.service.Permissions() {
		value, ok := said[p.ID]
		if p.Kind != Extensions || !ok || !slices.Contains(value.Items(), x.number) {
			continue
		}
		found = true
		items := slices.DeleteFunc(value.Items(), func(item string) bool { return item == x.number })
		switch {
		case !value.Extends():
			said[p.ID] = Replace(items...)
		case len(items) > 0:
			said[p.ID] = Extend(items...)
		default: // it adds nothing any more
			delete(said, p.ID)
		}
	}
	return found
}

// follow does with the person whose default extension it was what the policy
// says.
func (x *unlinking) follow(ctx context.Context, person member) error {
	if x.policy == KeepUser {
		return nil
	}
	if err := x.service.mayReach(person.before); err != nil {
		return err
	}
	if x.policy == DeleteUser {
		return x.service.setAside(ctx, person.after)
	}
	person.after.Disabled, person.after.MissingSince = true, time.Time{} // no sync undoes it
	person.after.endSessions()
	return nil
}

// findOthers finds the groups and the tokens that name the extension.
func (x *unlinking) findOthers(ctx context.Context) error {
	groups, _, err := x.service.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if x.forget(maps.Clone(g.Permissions)) {
			x.groups = append(x.groups, g)
		}
	}
	return x.service.eachToken(ctx, "", func(t *Token) error {
		if slices.Contains(t.Extensions, x.number) {
			x.tokens = append(x.tokens, t)
		}
		return nil
	})
}

// write writes what is to change, and tells the trail, in the transaction of
// ctx.
func (x *unlinking) write(ctx context.Context) error {
	for _, person := range x.people {
		if err := x.service.keep(ctx, x.action, person.before, person.after); err != nil {
			return err
		}
	}
	if err := x.writeGroups(ctx); err != nil {
		return err
	}
	for _, t := range x.tokens {
		if err := x.writeToken(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (x *unlinking) writeGroups(ctx context.Context) error {
	if len(x.groups) == 0 {
		return nil
	}
	members, err := x.service.store.CountMembers(ctx)
	if err != nil {
		return err
	}
	for _, g := range x.groups {
		if err := x.writeGroup(ctx, g, members[g.Name]); err != nil {
			return err
		}
	}
	return nil
}

func (x *unlinking) writeGroup(ctx context.Context, before *Group, members int) error {
	after := before.Clone()
	x.forget(after.Permissions)
	after.UpdatedAt = x.service.now()
	err := x.service.store.UpdateGroup(ctx, before.Name, func(g *Group) error {
		*g = *after.Clone()
		return nil
	})
	if err != nil {
		return err
	}
	return x.service.trail.Record(ctx, audit.Event{
		Action: x.action, Kind: GroupRecord, Key: x.service.inTeam(before.Name),
		Before: before.shown(members), After: after.shown(members),
		SealedBefore: sealedGroup(before), Sealed: sealedGroup(after),
	})
}

func (x *unlinking) writeToken(ctx context.Context, before *Token) error {
	after := before.Clone()
	if len(after.Extensions) == 1 {
		after.Disabled = true
	} else {
		after.Extensions = slices.DeleteFunc(after.Extensions, func(e string) bool { return e == x.number })
	}
	after.UpdatedAt = x.service.now()
	err := x.service.store.UpdateToken(ctx, before.ID, func(t *Token) error {
		*t = *after.Clone()
		return nil
	})
	if err != nil {
		return err
	}
	return x.service.trail.Record(ctx, audit.Event{
		Action: x.action, Kind: TokenRecord, Key: x.service.inTeam(before.ID),
		Before: showToken(before), After: showToken(after), SealedBefore: sealedToken(before), Sealed: sealedToken(after),
	})
}
