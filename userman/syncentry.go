package userman

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/internal/dirsync"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
)

// compareEntry sets the step of an entry.
func (r *syncRun) compareEntry(ctx context.Context, e *dirsync.Entry, entry DirectoryEntry) error {
	fields, ok := managedFields(entry.ManagedFields)
	if !ok {
		return fmt.Errorf("userman: the directory %q says that it owns a field that none can own", r.name)
	}
	desired, groups := &desiredUser{user: entry.User.Clone(), fields: fields}, r.groups.Resolve(entry.Groups)
	desired.user.Username = entry.username()
	for _, w := range entry.Warnings {
		e.Warnings = append(e.Warnings, problemText(w.Field+": "+w.Message, "the directory gave no reason for a warning"))
	}
	before, err := r.currentUser(ctx, e, desired)
	if err != nil || before == nil {
		return err
	}
	base := before
	if adopted := r.adopted[e.ExternalID]; adopted != nil {
		base = r.handOver(before.Clone(), adopted.sameUser)
	}
	if err := r.dropInvalidFields(ctx, e, base, desired); err != nil || e.Problem != "" {
		return err
	}
	after := desired.apply(base)
	after.Groups = r.groups.Merge(before.Groups, groups)
	normalizeLists(after)
	switch {
	case len(after.Groups) > MaxGroupsPerUser:
		e.Fail(fmt.Sprintf("the user would be in more than %d groups", MaxGroupsPerUser))
	default:
		r.setStep(e, before, after)
		e.Derived = after.Username == entry.username() && after.Username != username.Normalize(entry.User.Username)
		if e.Step != nil {
			e.Step.Groups = groups
			r.desired[e.ExternalID] = desired
		}
	}
	return nil
}

// dropInvalidFields leaves out the fields of the directory that are invalid: a bad
// phone number must not keep a user out. Only the username is essential.
func (r *syncRun) dropInvalidFields(ctx context.Context, e *dirsync.Entry, before *User, desired *desiredUser) error {
	after := desired.apply(before)
	after.Groups = nil // they are resolved already
	errs, err := r.service.validateUser(ctx, after, before)
	if err != nil {
		return err
	}
	for _, invalid := range errs {
		name, _, _ := strings.Cut(invalid.Field, "[")
		if name == fieldUsername || !slices.ContainsFunc(desired.fields, func(f field.Field[User]) bool { return f.Name == name }) {
			e.Fail(store.NewInvalidError(errs...).Error())
			return nil
		}
	}
	for _, invalid := range errs {
		name, _, _ := strings.Cut(invalid.Field, "[")
		desired.fields = desired.without(name).fields
		e.Warnings = append(e.Warnings, invalid.String()+"; the sync did not change this field")
	}
	return nil
}

// currentUser returns the stored user of an entry, or a new one. It returns nil if
// there is nothing to do.
func (r *syncRun) currentUser(ctx context.Context, e *dirsync.Entry, desired *desiredUser) (*User, error) {
	user := r.users[e.ExternalID]
	if user == nil {
		desired.fields = withUsernameField(desired.fields)
		return clearManaged(&User{ExternalID: e.ExternalID}), nil
	}
	u, err := r.service.store.User(ctx, user.ID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !r.isPlanned(u, e.ExternalID):
		e.Fail(errConcurrentChange.Reason)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return u, nil
}

// withUsernameField adds the username, which is required, to the fields.
func withUsernameField(fields []field.Field[User]) []field.Field[User] {
	for _, f := range fields {
		if f.Name == fieldUsername {
			return fields
		}
	}
	required, _ := managedFields([]string{fieldUsername})
	return append(required, fields...)
}

// setStep sets the step that turns before into after, if they differ.
func (r *syncRun) setStep(e *dirsync.Entry, before, after *User) {
	e.Username, e.Extension, e.Email = after.Username, after.DefaultExtension, after.Email
	step := &dirsync.Step{Action: dirsync.Create, ExternalID: e.ExternalID, Username: after.Username}
	if user := r.users[e.ExternalID]; user != nil {
		step.UserID = user.ID
		step.RemovedGroups = len(before.Groups) - len(after.Groups)
		step.Action, step.Fields = syncActionOf(before, after), changedFields(before, after)
		if r.adopted[e.ExternalID] != nil {
			step.Action = dirsync.Adopt
		}
		if step.Action == dirsync.Update && len(step.Fields) == 0 {
			return
		}
	}
	e.Step = step
}

// syncLookup implements [dirsync.Lookup].
type syncLookup struct{ service *Service }

// UsernameOwner implements [dirsync.Lookup].
func (l syncLookup) UsernameOwner(ctx context.Context, username string) (dirsync.Owner, error) {
	return l.owner(ctx, UserLookup{Username: username})
}

// ExtensionOwner implements [dirsync.Lookup].
func (l syncLookup) ExtensionOwner(ctx context.Context, extension string) (dirsync.Owner, error) {
	return l.owner(ctx, UserLookup{DefaultExtension: extension})
}

// LoginOwner implements [dirsync.Lookup].
func (l syncLookup) LoginOwner(ctx context.Context, name string) (dirsync.Owner, error) {
	return l.owner(ctx, UserLookup{LoginName: name})
}

func (l syncLookup) owner(ctx context.Context, key UserLookup) (dirsync.Owner, error) {
	u, err := l.service.store.FindUser(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return dirsync.Owner{}, nil
	}
	if err != nil {
		return dirsync.Owner{}, err
	}
	return dirsync.Owner{ID: u.ID, Local: u.Directory == ""}, nil
}

// CheckDelete implements [dirsync.Lookup].
func (l syncLookup) CheckDelete(ctx context.Context, id store.UserID) (string, error) {
	u, err := l.service.store.User(ctx, id)
	if err != nil {
		return "", err
	}
	if !u.DeletedAt.IsZero() {
		return "", &store.NotFoundError{Kind: KindUser}
	}
	references, err := l.service.listReferences(ctx, u)
	if err != nil || len(references) == 0 {
		return "", err
	}
	return (&store.InUseError{Kind: KindUser, References: references}).Error(), nil
}

// desiredUser is a user with the fields of the directory.
type desiredUser struct {
	user   *User
	fields []field.Field[User]
}

// without returns w without a field.
func (w *desiredUser) without(name string) *desiredUser {
	fields := slices.DeleteFunc(slices.Clone(w.fields), func(f field.Field[User]) bool { return f.Name == name })
	return &desiredUser{user: w.user, fields: fields}
}

// apply returns u with the fields of the directory, in stored form. It does not
// change the groups.
func (w *desiredUser) apply(u *User) *User {
	after := u.Clone()
	for _, f := range w.fields {
		f.Copy(after, w.user)
	}
	normalizeFields(after)
	if after.Email != u.Email {
		after.setEmailCreator(credential.Creator{})
	}
	if !after.MissingSince.IsZero() {
		after.Disabled, after.MissingSince = false, time.Time{}
	}
	return after
}

// markMissing disables a user who is missing from the directory, or disabled there.
func (u *User) markMissing(now time.Time) {
	u.Disabled, u.MissingSince = true, now
	u.endSessions()
}

// changedFields returns the names of the fields that a sync changes, sorted.
func changedFields(before, after *User) []string {
	names := slices.DeleteFunc(Fields().Diff(before, after), func(name string) bool {
		f, _ := Fields().Lookup(name)
		return !f.Directory
	})
	if !slices.Equal(before.Groups, after.Groups) {
		names = append(names, "groups")
	}
	if before.Disabled == after.Disabled && !before.MissingSince.Equal(after.MissingSince) {
		names = append(names, "missing_since")
	}
	slices.Sort(names)
	return names
}

// syncActionOf returns the action that turns before into after.
func syncActionOf(before, after *User) dirsync.Action {
	switch {
	case after.Disabled && !before.Disabled:
		return dirsync.Disable
	case before.Disabled && !after.Disabled:
		return dirsync.Enable
	}
	return dirsync.Update
}
