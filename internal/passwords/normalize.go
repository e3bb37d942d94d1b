package passwords

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxLength bounds a password, in bytes, once it is prepared.
const MaxLength = 1024

// maxRawLength bounds what is looked at. Decomposed characters and blanks
// other than the space take up to 3 times as many bytes as their prepared form.
const maxRawLength = 4 * MaxLength

// normalize returns the form of a password that is hashed, in which it does not
// matter by which keyboard it was typed: the blanks of other scripts are spaces,
// and characters are composed (NFC). That is the OpaqueString profile of
// RFC 8265 wherever that accepts a password; it is more generous with the
// joiners and selectors of emoji, which are kept. What is not UTF-8 is kept as
// it is. ok is false when the password is too long.
func normalize(password string) (normalized string, ok bool) {
	if len(password) > maxRawLength {
		return "", false
	}
	normalized = password
	if utf8.ValidString(password) {
		normalized = norm.NFC.String(strings.Map(mapSpace, password))
	}
	if len(normalized) > MaxLength {
		return "", false
	}
	return normalized, true
}

func mapSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// isTypable reports whether a password holds only what people can type again:
// UTF-8 without control characters, and without what Unicode has not assigned,
// which a later version may compose in another way.
func isTypable(password string) bool {
	if !utf8.ValidString(password) {
		return false
	}
	for _, r := range password {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf, unicode.Co) {
			return false
		}
	}
	return true
}
