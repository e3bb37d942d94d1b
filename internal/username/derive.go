package username

import (
	"strings"
	"unicode"
)

// apostrophes are the characters that people write as an apostrophe.
const apostrophes = "'’‘‛`´"

// Derive returns the username of a login name of a directory, which allows apostrophes
// and blanks: it leaves out the apostrophes, and replaces each run of blanks by a dot, so
// that O'Neil becomes ONeil and Jane Doe becomes Jane.Doe. A valid name stays as it is.
// The result may be invalid because of other characters.
func Derive(name string) string {
	name = Normalize(name)
	if Valid(name) {
		return name
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(apostrophes, r):
			return -1
		case unicode.Is(unicode.Zs, r):
			return ' '
		}
		return r
	}, name)
	return Normalize(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' }), "."))
}
