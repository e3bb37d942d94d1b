package userman

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// extensionRemoval removes a deleted extension from all records.
type extensionRemoval struct {
	service *Service
	action  string
	number  string
	policy  OrphanPolicy

	// The planned changes.
	users  []userChange
	groups []*Group
}

// prepare plans the changes in the transaction of ctx. It holds only users with the
// extension in memory.
func (x *extensionRemoval) prepare(ctx context.Context) error {
	err := x.service.store.EachUser(ctx, func(u *User) error {
		after := u.Clone()
		if x.removeFromUser(after) {
			x.users = append(x.users, userChange{u, after})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, change := range x.users {
		if change.before.DefaultExtension != x.number || !change.before.DeletedAt.IsZero() {
			continue
		}
		if err := x.applyPolicy(ctx, change); err != nil {
			return err
		}
	}
	return x.findReferences(ctx)
}

// removeFromUser removes the extension from u and reports whether u had it.
func (x *extensionRemoval) removeFromUser(u *User) bool {
	found := u.HasExtension(x.number)
	if u.DefaultExtension == x.number {
		u.DefaultExtension, u.Activation = "", nil
	}
	u.LinkedExtensions = slices.DeleteFunc(u.LinkedExtensions, func(e string) bool { return e == x.number })
	return x.removeFromGrants(u.Permissions) || found
}

// removeFromGrants removes the extension from permissions and reports whether they had
// it.
func (x *extensionRemoval) removeFromGrants(grants permission.Permissions) bool {
	found := false
	for _, p := range x.service.Permissions() {
		value, ok := grants[p.ID]
		if p.Kind != permission.KindExtensions || !ok || !slices.Contains(value.Items(), x.number) {
			continue
		}
		found = true
		items := slices.DeleteFunc(value.Items(), func(item string) bool { return item == x.number })
		switch {
		case !value.IsAppend():
			grants[p.ID] = permission.Set(items...)
		case len(items) > 0:
			grants[p.ID] = permission.Append(items...)
		default: // it adds nothing any more
			delete(grants, p.ID)
		}
	}
	return found
}

// applyPolicy applies the policy to the user whose default extension it was.
func (x *extensionRemoval) applyPolicy(ctx context.Context, change userChange) error {
	if x.policy == OrphanKeep {
		return nil
	}
	if err := x.service.authorizeUser(ctx, change.before); err != nil {
		return err
	}
	if x.policy == OrphanDelete {
		return x.service.softDelete(ctx, change.after)
	}
	change.after.Disabled, change.after.MissingSince = true, time.Time{} // no sync undoes it
	change.after.endSessions()
	return nil
}

// findReferences finds the groups that name the extension.
func (x *extensionRemoval) findReferences(ctx context.Context) error {
	groups, _, err := x.service.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if x.removeFromGrants(maps.Clone(g.Permissions)) {
			x.groups = append(x.groups, g)
		}
	}
	return nil
}

// save writes and records all changes in the transaction of ctx.
func (x *extensionRemoval) save(ctx context.Context, r *audit.Recorder) error {
	for _, change := range x.users {
		if err := x.service.save(ctx, r, x.action, change.before, change.after); err != nil {
			return err
		}
	}
	if err := x.saveGroups(ctx, r); err != nil {
		return err
	}
	// The owner may have had the extension.
	ownedBy := func(ctx context.Context, id store.UserID) ([]string, error) {
		extensions, err := x.service.AuditExtensions(ctx, id)
		return append(extensions, x.number), err
	}
	return x.service.eachDependents(func(d Dependents) error { return d.RemoveExtension(ctx, r, x.number, ownedBy) })
}

func (x *extensionRemoval) saveGroups(ctx context.Context, r *audit.Recorder) error {
	if len(x.groups) == 0 {
		return nil
	}
	members, err := x.service.store.CountMembers(ctx)
	if err != nil {
		return err
	}
	for _, g := range x.groups {
		if err := x.saveGroup(ctx, r, g.withMembers(members[g.Name])); err != nil {
			return err
		}
	}
	return nil
}

func (x *extensionRemoval) saveGroup(ctx context.Context, r *audit.Recorder, before *Group) error {
	after := before.Clone()
	x.removeFromGrants(after.Permissions)
	after.UpdatedAt = x.service.now()
	return x.service.saveGroup(ctx, r, before, after)
}
