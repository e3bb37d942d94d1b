package userman

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/username"
)

// normalizeFields brings what people write into the form in which it is kept, and leaves
// lists as long as they are, so that a refusal can tell the places that were
// submitted. What is longer than any field may be is left for the rules.
func normalizeFields(u *User) *User {
	if len(u.Username) <= maxText {
		u.Username = username.Normalize(u.Username)
	}
	for _, text := range []*string{
		&u.Description, &u.Title, &u.Company, &u.Department, &u.FirstName, &u.LastName, &u.DisplayName,
		&u.Email, &u.CellPhone, &u.HomePhone, &u.WorkPhone, &u.Fax, &u.Language, &u.TimeZone, &u.DefaultExtension, &u.ExternalID,
	} {
		*text = normalizeText(*text)
	}
	u.Email = normalizeEmail(u.Email)
	if tag := canonicalLanguage(u.Language); tag != "" {
		u.Language = tag
	}
	normalizeEach(u.OtherEmails, MaxOtherEmails, func(e string) string { return normalizeEmail(normalizeText(e)) })
	normalizeEach(u.LinkedExtensions, MaxLinkedExtensions, normalizeText)
	return u
}

// normalizeText returns text in NFC, without blanks around it.
func normalizeText(text string) string {
	if len(text) > maxText {
		return text
	}
	return norm.NFC.String(strings.TrimSpace(text))
}

// normalizeEach cleans a list that is not longer than it may be.
func normalizeEach(list []string, limit int, clean func(string) string) {
	if len(list) > limit {
		return
	}
	for i, text := range list {
		list[i] = clean(text)
	}
}

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
	u.LinkedExtensions, u.OtherEmails = links, append([]string{}, u.OtherEmails...)
	u.Permissions = u.Permissions.Normalized()
	return u
}

// sortedUnique returns the words sorted and without repetitions; empty rather than nil.
func sortedUnique(words []string) []string {
	words = append([]string{}, words...)
	slices.Sort(words)
	return slices.Compact(words)
}
