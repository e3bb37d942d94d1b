package userman

import (
	"strings"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store/field"
)

// SearchText returns what a search looks through, folded: a backend may keep
// it. It contains [FoldSearch] of each [Query.Search] that finds u, or
// [SearchDigits] of it.
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

// SearchDigits returns the digits of a search that is written as a telephone
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
