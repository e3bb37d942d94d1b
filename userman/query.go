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
	// Search selects users by a text in a field, ignoring case. It searches username,
	// names (also first and last name together), description, title, company,
	// department, emails, phone numbers, external ID and extensions. A text that looks
	// like a phone number also matches by its digits alone. An empty Search selects all
	// users.
	Search string
	// Extension selects users with this default or linked extension.
	Extension string
	// Group selects the members of the group with this name, ignoring case.
	Group string
	// Email selects users with this primary email, ignoring case.
	Email string
	// Directory, if not nil, selects the users of this directory.
	Directory *string
	// Status selects enabled, disabled or deleted users. An empty Status selects
	// enabled and disabled users.
	Status Status
	// NotWelcomed selects users who never received a welcome mail.
	NotWelcomed bool
	// NoPassword selects users without a password who are of no directory: they cannot
	// log in.
	NoPassword bool
	// Sort names one of [SortFields]. Without a field, and among equal values, users
	// are sorted by folded username and then by ID. Last names are compared in the form
	// of [FoldSearch].
	Sort store.Sort
	store.PageRequest
}

// Status is the status of a user.
type Status string

// Statuses of users.
const (
	StatusEnabled  Status = "enabled"
	StatusDisabled Status = "disabled"
	StatusDeleted  Status = "deleted"
)

// SortFields are the fields that [Query.Sort] may name.
func SortFields() []string {
	return []string{"username", "default_extension", "last_name", "created_at", "updated_at", "last_login_at"}
}

// FoldUsername returns the folded form of a username. Usernames are unique and sorted
// in this form.
func FoldUsername(name string) string { return username.Fold(name) }

// FoldGroupName returns the folded form of a group name. Group names are unique and
// sorted in this form.
func FoldGroupName(name string) string { return username.Fold(name) }

// Match reports whether q selects u. It ignores the order and the page. A backend that
// cannot query these fields itself calls Match, or [Query.MatchFunc] for many users.
func (q Query) Match(u *User) bool { return q.MatchFunc()(u) }

// MatchFunc returns a function that works like Match and is faster for many calls.
func (q Query) MatchFunc() func(u *User) bool {
	searched, group, email := q.searchFunc(), FoldGroupName(q.Group), FoldSearch(q.Email)
	return func(u *User) bool {
		switch {
		case !q.Status.matches(u),
			q.NotWelcomed && !u.WelcomedAt.IsZero(),
			q.NoPassword && (!u.Credentials.PasswordHash.IsZero() || u.Directory != ""),
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

// SearchText returns the folded text of u in which a search looks for matches. A
// backend may store this text. If a [Query.Search] finds u, SearchText contains all of its
// [SearchWords] or its [SearchDigits].
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

// FoldSearch returns the folded form of a search, to look for in [SearchText].
func FoldSearch(search string) string { return username.Fold(joinLines(search)) }

// maxSearchWords bounds the words of a search; further ones do not count.
const maxSearchWords = 8

// SearchWords returns the words of a search in folded form: [SearchText] contains all of
// them, in any order. There are at most eight. Blanks alone are a word.
func SearchWords(search string) []string {
	folded := FoldSearch(search)
	words := strings.Fields(folded)
	if len(words) == 0 {
		return []string{folded}
	}
	return words[:min(len(words), maxSearchWords)]
}

// SearchDigits returns the digits of a search that looks like a phone number, to look
// for in [SearchText] as well. It returns "" for other texts, and for a search that
// consists of digits only.
func SearchDigits(search string) string {
	if strings.Trim(search, "0123456789+ ().-/*#") != "" {
		return ""
	}
	if digits := digitsOf(search); digits != search {
		return digits
	}
	return ""
}

// searchFunc returns a function that reports whether q.Search finds a user.
func (q Query) searchFunc() func(u *User) bool {
	if q.Search == "" {
		return func(*User) bool { return true }
	}
	words, digits := SearchWords(q.Search), SearchDigits(q.Search)
	return func(u *User) bool {
		text := SearchText(u)
		isMissing := func(word string) bool { return !strings.Contains(text, word) }
		return !slices.ContainsFunc(words, isMissing) || digits != "" && strings.Contains(text, digits)
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
