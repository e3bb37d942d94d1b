package userman

import (
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store/field"
)

// syncUser is what a sync keeps in mind of somebody of the directory.
type syncUser struct {
	id, externalID      string
	username, extension string
	disabled            bool
	missingSince        time.Time
	// entry is what the directory has of the person; nil when they are
	// missing.
	entry *syncEntry
	// step is what is done about who is missing; nil when nothing is.
	step *syncStep
	// blocking are the entries that want what the person has.
	blocking []*syncEntry
}

// syncEntry is what a sync keeps in mind of an entry of the directory.
type syncEntry struct {
	externalID string
	// user is who comes from it; nil when nobody does yet.
	user *syncUser
	// username and extension are those that the person is to have.
	username, extension string
	// step is what is to be done; nil when nothing is.
	step *syncStep
	// problem is why nothing can be done; empty when there is none.
	problem string
	// blockedBy are the people who have what this one is to have.
	blockedBy []*syncUser
}

// syncStep is a step that is planned.
type syncStep struct {
	SyncStep

	// id is that of the person; empty when they are to be created.
	id string
	// desired is what the directory says; nil of who is missing from it.
	desired *desiredUser
	// removedGroups is how many groups the person is in less than before.
	removedGroups int
}

// desiredUser is what a directory says of a person.
type desiredUser struct {
	user   *User
	fields []field.Field[User]
	// groups are the names of the person's groups; they count when the
	// directory tells groups.
	groups []string
}

// apply returns what u becomes: with what the directory owns taken over, in the
// form in which it is kept, groups aside.
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

// markMissing disables who is missing from their directory, or disabled there.
func (u *User) markMissing(now time.Time) {
	u.Disabled, u.MissingSince = true, now
	u.endSessions()
}

// releasesUsername reports whether the person will not have the username any more
// when it is somebody else's turn.
func (p *syncUser) releasesUsername() bool {
	if p.entry == nil {
		return p.isDeleted()
	}
	return p.entry.step != nil && FoldUsername(p.entry.username) != FoldUsername(p.username)
}

// releasesExtension is the same of the default extension.
func (p *syncUser) releasesExtension() bool {
	if p.entry == nil {
		return p.isDeleted()
	}
	return p.entry.step != nil && p.entry.extension != p.extension
}

func (p *syncUser) isDeleted() bool { return p.step != nil && p.step.Action == SyncDelete }

// changedFields returns the names of the fields that a sync changed, sorted.
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

// syncActionOf returns what is done to make after of before.
func syncActionOf(before, after *User) SyncAction {
	switch {
	case after.Disabled && !before.Disabled:
		return SyncDisable
	case before.Disabled && !after.Disabled:
		return SyncEnable
	}
	return SyncUpdate
}

// compare orders steps by username.
func (e *syncStep) compare(other *syncStep) int {
	return strings.Compare(FoldUsername(e.Username)+"\x00"+e.ExternalID, FoldUsername(other.Username)+"\x00"+other.ExternalID)
}
