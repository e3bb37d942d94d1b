package userman

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store/field"
)

// normalizeFields brings what people write into the form in which it is kept, and leaves
// lists as long as they are, so that a refusal can tell the places that were
// submitted. What is longer than any field may be is left for the rules.
func normalizeFields(u *User) *User {
	Fields().Normalize(u, normalizeField)
	return u
}

// normalizeField returns the stored form of the text of a field.
func normalizeField(m field.Meta, text string) string {
	switch {
	case len(text) > maxText:
		return text
	case m.Format == field.FormatUsername:
		return username.Normalize(text)
	}
	text = normalizeText(text)
	switch m.Format {
	case field.FormatEmail:
		return normalizeEmail(text)
	case field.FormatLanguage:
		return cmp.Or(canonicalLanguage(text), text)
	default:
		return text
	}
}

// normalizeText returns text in NFC, without blanks around it.
func normalizeText(text string) string { return validate.NormalizeText(text, maxText) }

// normalizeEmail returns an address with its domain, where case means nothing, in
// small letters.
func normalizeEmail(address string) string {
	if len(address) > maxText {
		return address
	}
	at := strings.LastIndexByte(address, '@') + 1
	return address[:at] + norm.NFC.String(strings.ToLower(address[at:]))
}

// normalizeLists brings the lists of u, which the rules have taken, into the form
// in which they are kept.
func normalizeLists(u *User) *User {
	links := make([]string, 0, len(u.LinkedExtensions))
	for _, extension := range u.LinkedExtensions {
		if extension != u.DefaultExtension && !slices.Contains(links, extension) {
			links = append(links, extension)
		}
	}
	u.LinkedExtensions = links
	Fields().FillLists(u)
	u.Permissions = u.Permissions.Normalized()
	return u
}

// sortedUnique returns the words sorted and without repetitions; empty rather than nil.
func sortedUnique(words []string) []string {
	words = append([]string{}, words...)
	slices.Sort(words)
	return slices.Compact(words)
}
