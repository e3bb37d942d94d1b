package userman

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// extensionChange replaces extensions in all records.
type extensionChange struct {
	service *Service
	action  string
	// scope is the scope of the service.
	scope scope.Scope
	// replace returns the number to put in place of an extension: "" removes it.
	replace func(number string) string

	// The planned changes.
	users  []userChange
	groups []*Group
}

// prepareUsers plans the changes of users. It holds only users with one of the
// extensions in memory.
func (x *extensionChange) prepareUsers(ctx context.Context) error {
	return x.service.store.EachUser(ctx, func(u *User) error {
		after := u.Clone()
		if x.replaceInUser(after) {
			x.users = append(x.users, userChange{u, after})
		}
		return nil
	})
}

// replaceInUser replaces the extensions of u and in the permissions of u. It reports
// whether anything changed.
func (x *extensionChange) replaceInUser(u *User) bool {
	before := u.Extensions()
	if number := x.replace(u.DefaultExtension); number != u.DefaultExtension {
		if u.DefaultExtension = number; number == "" {
			u.Activation = nil
		}
	}
	links := make([]string, 0, len(u.LinkedExtensions))
	for _, link := range u.LinkedExtensions {
		if number := x.replace(link); number != "" && number != u.DefaultExtension && !slices.Contains(links, number) {
			links = append(links, number)
		}
	}
	u.LinkedExtensions = links
	return x.replaceInGrants(u.Permissions) || !slices.Equal(before, u.Extensions())
}

// replaceInGrants replaces the extensions in permissions and reports whether anything
// changed.
func (x *extensionChange) replaceInGrants(grants permission.Permissions) bool {
	changed := false
	for _, p := range x.service.Permissions() {
		value, ok := grants[p.ID]
		if p.Kind != permission.KindExtensions || !ok {
			continue
		}
		items := []string{}
		for _, item := range value.Items() {
			if number := x.replace(item); number != "" && !slices.Contains(items, number) {
				items = append(items, number)
			}
		}
		if slices.Equal(items, value.Items()) {
			continue
		}
		changed = true
		switch {
		case !value.IsAppend():
			grants[p.ID] = permission.Set(items...)
		case len(items) > 0:
			grants[p.ID] = permission.Append(items...)
		default: // it adds nothing any more
			delete(grants, p.ID)
		}
	}
	return changed
}

// prepareGroups plans the changes of groups.
func (x *extensionChange) prepareGroups(ctx context.Context) error {
	groups, _, err := x.service.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if x.replaceInGrants(maps.Clone(g.Permissions)) {
			x.groups = append(x.groups, g)
		}
	}
	return nil
}

// save writes and records the changes of users and groups in the transaction of ctx.
func (x *extensionChange) save(ctx context.Context, r *audit.Recorder) error {
	for _, change := range x.users {
		if err := x.service.save(ctx, r, x.action, change.before, change.after); err != nil {
			return err
		}
	}
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

func (x *extensionChange) saveGroup(ctx context.Context, r *audit.Recorder, before *Group) error {
	after := before.Clone()
	x.replaceInGrants(after.Permissions)
	after.UpdatedAt = x.service.now()
	return x.service.saveGroup(ctx, r, before, after)
}

// usernames logs the changes and returns the usernames of the changed users in scope who
// were not deleted before, sorted.
func (x *extensionChange) usernames(ctx context.Context) []string {
	usernames := []string{}
	for _, change := range x.users {
		x.service.logUser(ctx, x.action, change.after)
		if change.before.DeletedAt.IsZero() && userInScope(x.scope, change.before) {
			usernames = append(usernames, change.before.Username)
		}
	}
	slices.Sort(usernames)
	return usernames
}

// extensionRemoval removes a deleted extension from all records.
type extensionRemoval struct {
	extensionChange

	number string
	policy OrphanPolicy
}

func (s *Service) newExtensionRemoval(sc scope.Scope, action, number string, policy OrphanPolicy) *extensionRemoval {
	remove := func(e string) string {
		if e == number {
			return ""
		}
		return e
	}
	return &extensionRemoval{extensionChange{service: s, action: action, scope: sc, replace: remove}, number, policy}
}

// prepare plans the changes in the transaction of ctx.
func (x *extensionRemoval) prepare(ctx context.Context) error {
	if err := x.prepareUsers(ctx); err != nil {
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
	return x.prepareGroups(ctx)
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

// save writes and records all changes in the transaction of ctx.
func (x *extensionRemoval) save(ctx context.Context, r *audit.Recorder) error {
	if err := x.extensionChange.save(ctx, r); err != nil {
		return err
	}
	// The owner may have had the extension.
	ownedBy := func(ctx context.Context, id store.UserID) ([]string, error) {
		extensions, err := x.service.AuditExtensions(ctx, id)
		return append(extensions, x.number), err
	}
	return x.service.eachDependents(func(d Dependents) error { return d.RemoveExtension(ctx, r, x.number, ownedBy) })
}

// extensionRenumbering gives extensions new numbers in all records.
type extensionRenumbering struct {
	extensionChange

	numbers map[string]string
}

func (s *Service) newExtensionRenumbering(sc scope.Scope, action string, numbers map[string]string) *extensionRenumbering {
	renumber := func(e string) string {
		if number, ok := numbers[e]; ok {
			return number
		}
		return e
	}
	return &extensionRenumbering{extensionChange{service: s, action: action, scope: sc, replace: renumber}, numbers}
}

// prepare plans the changes in the transaction of ctx. Each extension must be the
// default extension of a user in scope, and each new number must be free.
func (x *extensionRenumbering) prepare(ctx context.Context) error {
	if err := x.prepareUsers(ctx); err != nil {
		return err
	}
	owned := 0
	for _, change := range x.users {
		if _, ok := x.numbers[change.before.DefaultExtension]; !ok || !change.before.DeletedAt.IsZero() {
			continue
		}
		owned++
		if err := x.service.authorizeUser(ctx, change.before); err != nil {
			return err
		}
		if err := x.service.requireUnmanaged(change.before, change.after); err != nil {
			return err
		}
	}
	if owned < len(x.numbers) {
		return store.NewInvalidError(store.FieldError{Field: fieldNumbers, Code: store.CodeUnknown, Message: "one of these extensions is not the default extension of a user; correct it"})
	}
	for _, number := range x.numbers {
		if _, moves := x.numbers[number]; moves {
			continue
		}
		owner, err := syncLookup{x.service}.ExtensionOwner(ctx, number)
		if err != nil {
			return err
		}
		if owner.ID != "" {
			return &store.AlreadyExistsError{Kind: KindUser, Field: fieldDefaultExtension}
		}
	}
	return x.prepareGroups(ctx)
}

// save writes and records all changes in the transaction of ctx. It frees all default
// extensions first, so that users can swap them.
func (x *extensionRenumbering) save(ctx context.Context, r *audit.Recorder) error {
	for _, change := range x.users {
		if change.before.DefaultExtension == change.after.DefaultExtension {
			continue
		}
		err := x.service.store.UpdateUser(ctx, change.before.ID, func(u *User) error {
			u.DefaultExtension = ""
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := x.extensionChange.save(ctx, r); err != nil {
		return err
	}
	// The old numbers of the owner, too.
	ownedBy := func(ctx context.Context, id store.UserID) ([]string, error) {
		extensions, err := x.service.AuditExtensions(ctx, id)
		for from, to := range x.numbers {
			if slices.Contains(extensions, to) {
				extensions = append(extensions, from)
			}
		}
		return extensions, err
	}
	return x.service.eachDependents(func(d Dependents) error { return d.RenumberExtensions(ctx, r, x.numbers, ownedBy) })
}
