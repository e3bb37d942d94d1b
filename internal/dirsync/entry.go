package dirsync

import (
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
)

// fieldExtension and fieldEmail are the names of the fields with the default extension
// and the email.
const (
	fieldExtension = "default_extension"
	fieldEmail     = "email"
)

// Action is what a sync does to a user.
type Action string

// The actions of a sync.
const (
	Create  Action = "create"
	Update  Action = "update"
	Enable  Action = "enable"
	Disable Action = "disable"
	Delete  Action = "delete"
	// Adopt links a user to another entry.
	Adopt Action = "adopt"
)

// Step changes one user.
type Step struct {
	Action     Action
	ExternalID string
	Username   string
	// Fields are the names of the fields that change.
	Fields []string
	// UserID is empty for a user to create.
	UserID store.UserID
	// Groups are the user's groups of the directory after the step, and
	// RemovedGroups how many groups fewer the user is in.
	Groups        []string
	RemovedGroups int
	// KeepsExtension reports that the user cannot have the extension of the entry,
	// and keeps the present one.
	KeepsExtension bool
	// KeepsEmail reports the same of the email, if it is a login name.
	KeepsEmail bool
	// ReleasesExtension reports that another user takes over the default extension
	// of this user, who has left.
	ReleasesExtension bool
}

// compare orders steps by username.
func (s *Step) compare(other *Step) int {
	return strings.Compare(username.Fold(s.Username)+"\x00"+s.ExternalID, username.Fold(other.Username)+"\x00"+other.ExternalID)
}

// Problem is the reason why a sync does not change a user or a group. Both names
// are empty for a group.
type Problem struct {
	ExternalID string
	Username   string
	Message    string
	// Adoptable reports that the user with this username can be linked to the entry.
	Adoptable bool
}

// User is a user of the directory before the sync.
type User struct {
	ID                  store.UserID
	ExternalID          string
	Username, Extension string
	Disabled            bool
	MissingSince        time.Time
	// ManagedGroups is how many groups of the directory the user is in.
	ManagedGroups int

	entry *Entry // nil if the user is missing
	step  *Step  // of a user who is missing, or disabled in the directory
	// referenced reports that other records refer to the user who has left.
	referenced bool
	// blocking are the entries that need the user's username or extension.
	blocking []*Entry
}

// releasesUsername reports whether the sync takes the username from the user.
func (u *User) releasesUsername() bool {
	if u.entry == nil {
		return u.isDeleted()
	}
	return u.entry.Step != nil && username.Fold(u.entry.Username) != username.Fold(u.Username)
}

// releasesExtension reports whether the sync takes the extension from the user.
func (u *User) releasesExtension() bool {
	if u.hasLeft() {
		return true
	}
	return u.entry != nil && u.entry.Step != nil && u.entry.Extension != u.Extension
}

// hasLeft reports whether the user is missing from the directory or disabled there.
// Another user can have the extension then, unless other records refer to the user.
func (u *User) hasLeft() bool {
	if u.referenced {
		return false
	}
	if u.entry != nil {
		return u.entry.Disabled && u.entry.Problem == ""
	}
	return u.step != nil || u.Disabled && !u.MissingSince.IsZero()
}

func (u *User) isDeleted() bool { return u.step != nil && u.step.Action == Delete }

// Entry is an entry of the directory.
type Entry struct {
	// ExternalID is empty if the entry has no valid one.
	ExternalID string
	// Username and Extension are the user's after the step, or the current ones if
	// the entry cannot be used.
	Username, Extension string
	// Derived reports that the directory spells the username in another way. An entry
	// that spells it this way takes precedence.
	Derived bool
	// Email is the user's email after the step.
	Email string
	// Disabled reports that the user is disabled in the directory. Such an entry
	// has no step. It disables its user, and claims no username or extension.
	Disabled bool
	// Step changes the user; nil if nothing changes.
	Step *Step
	// Problem is why the entry cannot be used, or "". Warnings are about single
	// fields, whose values are cut, left out or not used.
	Problem  string
	Warnings []string

	user      *User // nil if there is none yet
	adoptable bool
	// blockedBy are the users who have the username or the extension now.
	blockedBy []*User
}

// keepExtension has the step leave the extension as it is, because owner, who may be
// nil, does not release the wanted one.
func (e *Entry) keepExtension(owner *User, reason string) {
	e.Warnings, e.Extension = append(e.Warnings, reason), ""
	if e.user != nil {
		e.Extension = e.user.Extension
	}
	if owner != nil {
		e.blockedBy, owner.blocking = removeFirst(e.blockedBy, owner), removeFirst(owner.blocking, e)
	}
	e.Step.KeepsExtension = true
	e.leaveOut(fieldExtension)
}

// keepEmail has the step leave the email as it is.
func (e *Entry) keepEmail(reason string) {
	e.Warnings = append(e.Warnings, reason)
	e.Step.KeepsEmail = true
	e.leaveOut(fieldEmail)
}

// leaveOut removes a field from the step, and the step if it changes nothing then.
func (e *Entry) leaveOut(field string) {
	e.Step.Fields = slices.DeleteFunc(e.Step.Fields, func(name string) bool { return name == field })
	if e.Step.Action == Update && len(e.Step.Fields) == 0 {
		e.Step = nil
	}
}

// removeFirst removes one item: a user can block an entry with the username and with
// the extension.
func removeFirst[T comparable](list []T, item T) []T {
	if i := slices.Index(list, item); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Fail sets the problem of the entry: its user stays as it is.
func (e *Entry) Fail(problem string) { e.Problem, e.Step = problem, nil }
