package userman

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are known by the same names on every host
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// maxText is the length in bytes of the longest text that is normalized. No field is
// longer.
const maxText = 4 * MaxExternalIDLength

var (
	phonePattern = regexp.MustCompile(`^[0-9+ ().\-/*#]*[0-9*#][0-9+ ().\-/*#]*((x|ext|ext\.) ?[0-9]{1,20})?$`)
	zonePattern  = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)
	// domainPattern matches host names in any script, also without a dot, for internal
	// mail.
	domainPattern = regexp.MustCompile(`^[\pL\pN]([\pL\pM\pN-]{0,61}[\pL\pM\pN])?(\.[\pL\pN]([\pL\pM\pN-]{0,61}[\pL\pM\pN])?)*$`)
	localPattern  = regexp.MustCompile("^[\\pL\\pN!#$%&'*+/=?^_`{|}~-][\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~-]*(\\.[\\pL\\pN!#$%&'*+/=?^_`{|}~-][\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~-]*)*$")
)

// newValidator returns the validator of the rules in the field tables.
func newValidator() *validate.Validator {
	return validate.New(
		validate.Rule{Tag: store.CodeUsername, Valid: username.Valid, Message: username.InvalidMessage},
		validate.Rule{Tag: store.CodeEmail, Valid: isEmail, Message: "enter one email address, such as jane@example.com, without a name"},
		validate.Rule{Tag: store.CodePhone, Valid: phonePattern.MatchString, Message: "enter a phone number: digits, plus, spaces and ().-/*#, with x or ext before an extension"},
		validate.Rule{Tag: store.CodeLanguage, Valid: isLanguage, Message: "choose a language by its tag, such as en, de or zh-Hans, or leave it empty for the default"},
		validate.Rule{Tag: store.CodeTimeZone, Valid: isTimeZone, Message: "choose a time zone by its IANA name, such as Europe/Berlin, or leave it empty for UTC"},
		validate.Extension(),
	)
}

// isEmail reports whether address is an email address: a dot-atom in any script (RFC
// 6531) of up to 64 bytes, and a host. Quoted local parts and IP addresses are not
// allowed.
func isEmail(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at > 64 || len(address) > 4*MaxEmailLength || strings.ContainsFunc(address, isInvisible) {
		return false
	}
	if !localPattern.MatchString(address[:at]) || !domainPattern.MatchString(address[at+1:]) {
		return false
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && parsed.Name == ""
}

// isInvisible reports whether r is a letter or mark without a glyph.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isLanguage reports whether tag is a language tag in canonical form.
func isLanguage(tag string) bool { return canonicalLanguage(tag) == tag }

// maxLanguage is the length in bytes of the longest language tag; RFC 5646, section
// 4.4.1, recommends 35. The time to parse a tag grows with the square of its length.
const maxLanguage = 35

// canonicalLanguage returns the canonical form of a language tag, or "" if it is
// invalid.
func canonicalLanguage(tag string) string {
	if len(tag) > maxLanguage {
		return ""
	}
	parsed, err := language.Parse(tag)
	if base, _, _ := parsed.Raw(); err != nil || base.String() == "und" {
		return ""
	}
	return parsed.String()
}

// isTimeZone reports whether there is an IANA time zone of that name.
func isTimeZone(name string) bool {
	if len(name) > 64 || name == "Local" || !zonePattern.MatchString(name) {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// normalizeFields brings input into the form in which it is stored. Lists keep their
// length, so that errors have the submitted index. Texts that are too long for any
// field stay as they are; the rules reject them.
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

// normalizeText returns text in NFC without spaces around it.
func normalizeText(text string) string { return validate.NormalizeText(text, maxText) }

// normalizeEmail returns an address with its domain in lower case.
func normalizeEmail(address string) string {
	if len(address) > maxText {
		return address
	}
	at := strings.LastIndexByte(address, '@') + 1
	return address[:at] + norm.NFC.String(strings.ToLower(address[at:]))
}

// normalizeLists brings the valid lists of u into the form in which they are stored.
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

// sortedUnique returns the words sorted and without duplicates; empty rather than nil.
func sortedUnique(words []string) []string {
	words = append([]string{}, words...)
	slices.Sort(words)
	return slices.Compact(words)
}
