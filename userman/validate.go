package userman

import (
	"cmp"
	"context"
	"errors"
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

// validateUser returns every error in a normalized user, in the order of the fields. It
// replaces the group names with the stored names. It accepts permissions that before
// already has, even if the product no longer has them.
func (s *Service) validateUser(ctx context.Context, u, before *User) ([]store.FieldError, error) {
	groups := &groupSet{}
	if len(u.Groups) > 0 {
		var err error
		if groups, err = s.groups(ctx); err != nil {
			return nil, err
		}
	}
	return s.validateUserWith(groups, u, before), nil
}

// validateUserWith is validateUser over groups that were read before.
func (s *Service) validateUserWith(groups *groupSet, u, before *User) []store.FieldError {
	names, groupErrs := groups.resolve(u.Groups)
	u.Groups = names
	return slices.Concat(
		Fields().Validate(u, s.validator.Var), groupErrs, s.registry.Validate(u.Permissions, before.Permissions),
	)
}

// rejectFields returns an error for the invalid fields of u and for fields that the
// caller could not parse, together with the values of u that another user has. It returns
// nil if there are no such fields. The store checks later that values are unique.
func (s *Service) rejectFields(ctx context.Context, u *User, invalid, unreadable []store.FieldError) error {
	if len(invalid)+len(unreadable) == 0 {
		return nil
	}
	taken, err := s.takenFields(ctx, u)
	if err != nil {
		return err
	}
	return store.AddFieldErrors(store.NewInvalidError(slices.Concat(invalid, taken)...), unreadable...)
}

// allTaken completes the error of a store that rejects u, which names the first value that
// another user has: it returns a [store.InvalidError] if there are several.
func allTaken(ctx context.Context, s *Service, u *User, err error) error {
	if !errors.Is(err, store.ErrAlreadyExists) || u == nil {
		return err
	}
	taken, readErr := s.takenFields(ctx, u)
	if readErr != nil || len(taken) < 2 {
		return err
	}
	return store.NewInvalidError(taken...)
}

// takenFields returns an error for each field of u whose value must be unique and is that
// of another user.
func (s *Service) takenFields(ctx context.Context, u *User) ([]store.FieldError, error) {
	fields, err := s.store.LoginFields(ctx)
	if err != nil {
		return nil, err
	}
	type value struct {
		taken  store.AlreadyExistsError
		lookup UserLookup
		empty  bool
	}
	values := []value{
		{store.AlreadyExistsError{Field: "username"}, UserLookup{Username: u.Username}, u.Username == ""},
		{store.AlreadyExistsError{Field: "default_extension"}, UserLookup{DefaultExtension: u.DefaultExtension}, u.DefaultExtension == ""},
		{store.AlreadyExistsError{Field: "external_id"}, UserLookup{Directory: u.Directory, ExternalID: u.ExternalID}, u.ExternalID == ""},
	}
	for _, name := range fields.LoginNames(u) {
		values = append(values, value{store.AlreadyExistsError{Field: name.Field, LoginName: true}, UserLookup{LoginName: name.Folded}, false})
	}
	var errs []store.FieldError
	for _, v := range values {
		if v.empty || slices.ContainsFunc(errs, func(e store.FieldError) bool { return e.Field == v.taken.Field }) {
			continue
		}
		other, err := s.store.FindUser(ctx, v.lookup)
		switch {
		case err == nil && other.ID != u.ID:
			v.taken.Kind = KindUser
			errs = append(errs, v.taken.FieldError())
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return errs, nil
}

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
