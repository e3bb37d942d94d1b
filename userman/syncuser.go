package userman

import (
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/dirsync"
	"github.com/pbxusers/pbxusers/store/field"
)

// desiredUser is a user as the directory has it.
type desiredUser struct {
	user   *User
	fields []field.Field[User]
}

// apply returns u with the fields of the directory, in stored form. It does not
// change the groups.
func (w *desiredUser) apply(u *User, now time.Time) *User {
	after := u.Clone()
	for _, f := range w.fields {
		f.Copy(after, w.user)
	}
	normalizeFields(after)
	if after.Email != u.Email { // links may have been mailed to the one before
		after.Credentials.Invitation, after.Activation = nil, nil
	}
	switch {
	case w.user.Disabled && !after.Disabled:
		after.markMissing(now)
	case !w.user.Disabled && !after.MissingSince.IsZero():
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
