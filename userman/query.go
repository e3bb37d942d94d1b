package userman

import (
	"slices"

	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/store"
)

// Query selects people.
type Query struct {
	// Search keeps those of whom any of these contains this text, without
	// regard to case: username, names (first and last name also together),
	// description, title, company, department, emails, telephone numbers,
	// external ID, extensions. A text that is written as a telephone number is
	// looked for by its digits alone, too. Empty keeps all.
	Search string
	// Extension keeps those whose default or linked extension it is.
	Extension string
	// Group keeps the members of that group, in any case.
	Group string
	// Email keeps those whose primary email it is, without regard to case.
	Email string
	// Directory keeps those of that directory, when it is not nil.
	Directory *string
	// Status keeps enabled or disabled people, or the deleted ones; empty
	// keeps enabled and disabled ones.
	Status Status
	// NotWelcomed keeps those who were never sent a welcome mail.
	NotWelcomed bool
	// Order is by one of [OrderFields]; the key is the folded username and
	// then the ID. Last names are in the order of [FoldSearch].
	Order store.Order
	store.Page
}

// Status says which people are meant.
type Status string

// The statuses.
const (
	Enabled  Status = "enabled"
	Disabled Status = "disabled"
	Deleted  Status = "deleted"
)

// OrderFields are the fields that [Query.Order] may name.
func OrderFields() []string {
	return []string{"username", "default_extension", "last_name", "created_at", "updated_at", "last_login_at"}
}

// FoldUsername returns the form of a username that is unique and sorted by.
func FoldUsername(username string) string { return loginname.Fold(username) }

// FoldGroupName returns the form of a group's name that is unique and sorted
// by.
func FoldGroupName(name string) string { return loginname.Fold(name) }

// Matches reports whether u is selected by q, order and page aside. A backend
// that cannot ask its database the same question uses it, or [Query.Matcher]
// for many.
func (q Query) Matches(u *User) bool { return q.Matcher()(u) }

// Matcher returns what [Query.Matches] does, ready to be asked many times.
func (q Query) Matcher() func(u *User) bool {
	searched, group, email := q.searcher(), FoldGroupName(q.Group), FoldSearch(q.Email)
	return func(u *User) bool {
		switch {
		case !q.Status.includes(u),
			q.NotWelcomed && !u.WelcomedAt.IsZero(),
			q.Directory != nil && u.Directory != *q.Directory,
			q.Extension != "" && u.DefaultExtension != q.Extension && !slices.Contains(u.LinkedExtensions, q.Extension),
			q.Email != "" && FoldSearch(u.Email) != email,
			q.Group != "" && !slices.ContainsFunc(u.Groups, func(name string) bool { return FoldGroupName(name) == group }):
			return false
		}
		return searched(u)
	}
}

// includes reports whether u is of that status.
func (s Status) includes(u *User) bool {
	deleted := !u.DeletedAt.IsZero()
	switch s {
	case "":
		return !deleted
	case Enabled:
		return !deleted && !u.Disabled
	case Disabled:
		return !deleted && u.Disabled
	case Deleted:
		return deleted
	}
	return false
}
