package userman

import (
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// Query selects users.
type Query struct {
	// Search selects users with this text in one of these fields, without regard to
	// case: username, names (first and last name also together), description, title,
	// company, department, emails, phone numbers, external ID, extensions. A text in
	// the form of a phone number also matches by its digits alone. Empty selects all.
	Search string
	// Extension selects users with this default or linked extension.
	Extension string
	// Group selects the members of the group, in any case.
	Group string
	// Email selects users with this primary email, without regard to case.
	Email string
	// Directory selects the users of a directory if it is not nil.
	Directory *string
	// Status selects enabled, disabled or deleted users. Empty selects enabled and
	// disabled ones.
	Status Status
	// NotWelcomed selects users who never received a welcome mail.
	NotWelcomed bool
	// Sort is by one of [SortFields]; the key is the folded username and
	// then the ID. Last names are in the order of [FoldSearch].
	Sort store.Sort
	store.PageRequest
}

// Status is the status of a user.
type Status string

// The statuses.
const (
	StatusEnabled  Status = "enabled"
	StatusDisabled Status = "disabled"
	StatusDeleted  Status = "deleted"
)

// SortFields are the fields that [Query.Sort] may name.
func SortFields() []string {
	return []string{"username", "default_extension", "last_name", "created_at", "updated_at", "last_login_at"}
}

// FoldUsername returns the form of a username that is unique and sorted by.
func FoldUsername(name string) string { return username.Fold(name) }

// FoldGroupName returns the form of a group's name that is unique and sorted
// by.
func FoldGroupName(name string) string { return username.Fold(name) }

// Match reports whether q selects u, regardless of order and page. A backend without
// such a query uses it, or [Query.MatchFunc] for many users.
func (q Query) Match(u *User) bool { return q.MatchFunc()(u) }

// MatchFunc returns Match prepared for many calls.
func (q Query) MatchFunc() func(u *User) bool {
	searched, group, email := q.searchFunc(), FoldGroupName(q.Group), FoldSearch(q.Email)
	return func(u *User) bool {
		switch {
		case !q.Status.matches(u),
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

// matches reports whether u is of that status.
func (s Status) matches(u *User) bool {
	deleted := !u.DeletedAt.IsZero()
	switch s {
	case "":
		return !deleted
	case StatusEnabled:
		return !deleted && !u.Disabled
	case StatusDisabled:
		return !deleted && u.Disabled
	case StatusDeleted:
		return deleted
	}
	return false
}

// SearchText returns the folded text that a search looks in; a backend may store it. It
// contains [FoldSearch] or [SearchDigits] of each [Query.Search] that finds u.
func SearchText(u *User) string {
	lines := []string{joinLines(u.FirstName + " " + u.LastName)}
	add := func(m field.Meta, text string) {
		if text == "" {
			return
		}
		lines = append(lines, joinLines(text))
		if m.Format == field.FormatPhone {
			lines = append(lines, digitsOf(text))
		}
	}
	for _, f := range Fields().Fields() {
		if !f.Search {
			continue
		}
		v := f.Get(u)
		add(f.Meta, v.Text())
		for _, element := range v.List() {
			add(f.Meta, element)
		}
	}
	// No match extends beyond a line.
	return username.Fold(strings.Join(lines, "\n"))
}

// FoldSearch returns the form of a search that is looked for in [SearchText].
func FoldSearch(search string) string { return username.Fold(joinLines(search)) }

// SearchDigits returns the digits of a search that is written as a phone
// number, which are looked for in [SearchText], too; empty when it is not, or
// has nothing but digits.
func SearchDigits(search string) string {
	if strings.Trim(search, "0123456789+ ().-/*#") != "" {
		return ""
	}
	if digits := digitsOf(search); digits != search {
		return digits
	}
	return ""
}

// searchFunc returns what looks for the search of q.
func (q Query) searchFunc() func(u *User) bool {
	if q.Search == "" {
		return func(*User) bool { return true }
	}
	search, digits := FoldSearch(q.Search), SearchDigits(q.Search)
	return func(u *User) bool {
		text := SearchText(u)
		return strings.Contains(text, search) || digits != "" && strings.Contains(text, digits)
	}
}

func joinLines(text string) string { return strings.ReplaceAll(text, "\n", " ") }

func digitsOf(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}
