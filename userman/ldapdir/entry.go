package ldapdir

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// maxValue is the maximum size of a value in bytes, and maxValues the maximum
// number of values of an attribute. The limits of the fields are lower.
const (
	maxValue  = 4096
	maxValues = 1000
)

// entry returns a user of the directory. Nothing else counts if the user is disabled
// there.
func (d *Directory) entry(src *ldap.Entry, groups *memberships) userman.DirectoryEntry {
	id, problem := d.externalID(src)
	if problem != "" {
		return userman.DirectoryEntry{Problem: problem}
	}
	out := userman.DirectoryEntry{ExternalID: id, User: &userman.User{}}
	if out.Problem = d.setDisabled(out.User, src); out.Problem != "" || out.User.Disabled {
		return out
	}
	for _, name := range d.managed {
		f, _ := lookupField(name)
		notes, problem := d.setField(out.User, src, f)
		switch {
		case problem == "":
			out.ManagedFields = append(out.ManagedFields, name)
		case name == fieldUsername:
			out.Problem = attributeProblem(d.opts.Attributes[name], problem)
			return out
		default:
			notes = []string{problem + "; the sync did not change this field"}
		}
		for _, note := range notes {
			out.Warnings = append(out.Warnings, userman.DirectoryWarning{Field: name, Message: attributeProblem(d.opts.Attributes[name], note)})
		}
	}
	if groups != nil {
		var ambiguous []userman.DirectoryWarning
		out.Groups, ambiguous = groups.groupsOf(src)
		out.Warnings = append(out.Warnings, ambiguous...)
	}
	return out
}

// setField sets a field from its attribute. It returns what it cut and left out, or the
// problem of values that cannot be used.
func (d *Directory) setField(u *userman.User, src *ldap.Entry, f field.Field[userman.User]) (notes []string, problem string) {
	read, attribute := textValues, d.opts.Attributes[f.Name]
	if f.Format != field.FormatUsername && f.Format != field.FormatExtension {
		read = displayValues
	}
	values, problem := read(src, attribute)
	switch {
	case problem != "":
		return nil, problem
	case f.Kind == field.KindList:
		return setList(f, u, values), ""
	case len(values) > 1 && isAmbiguous(f):
		return nil, "has several values"
	}
	text, notes := cleanFirst(f, values)
	f.Set(u, field.TextValue(text))
	if len(values) > 1 && !d.isListed(attribute) {
		notes = append(notes, "has several values; only one is used")
	}
	return notes, ""
}

// isListed reports whether a field for several values has this attribute.
func (d *Directory) isListed(attribute string) bool {
	return slices.ContainsFunc(d.managed, func(name string) bool {
		f, _ := lookupField(name)
		return f.Kind == field.KindList && strings.EqualFold(d.opts.Attributes[name], attribute)
	})
}

// setDisabled sets whether the user is disabled, like setField.
func (d *Directory) setDisabled(u *userman.User, src *ldap.Entry) string {
	attribute, mapped := d.opts.Attributes[fieldDisabled]
	if !mapped {
		return ""
	}
	values, problem := textValues(src, attribute)
	if problem != "" {
		return attributeProblem(attribute, problem)
	}
	disabled, ok := parseDisabled(attribute, values)
	if !ok {
		return attributeProblem(attribute, "does not tell whether the account is disabled")
	}
	if u.Disabled = disabled; !disabled && strings.EqualFold(attribute, accountControl) {
		return d.setExpired(u, src)
	}
	return ""
}

// setExpired disables a user whose account in Active Directory has expired.
func (d *Directory) setExpired(u *userman.User, src *ldap.Entry) string {
	values, problem := textValues(src, accountExpires)
	if problem != "" || len(values) == 0 {
		return attributeProblem(accountExpires, problem)
	}
	expires, never, ok := parseFileTime(values[0])
	if !ok || len(values) > 1 {
		return attributeProblem(accountExpires, "is not a time of Active Directory")
	}
	u.Disabled = !never && !expires.After(d.opts.Clock())
	return ""
}

// externalID returns the external ID of a user, or the problem with it.
func (d *Directory) externalID(src *ldap.Entry) (id, problem string) {
	attribute := d.opts.ExternalID
	if strings.EqualFold(attribute, objectGUID) {
		values := src.GetEqualFoldRawAttributeValues(attribute)
		if len(values) != 1 {
			return "", attributeProblem(attribute, "must have one value; let the bind DN read it")
		}
		if id, ok := guidText(values[0]); ok {
			return id, ""
		}
		return "", attributeProblem(attribute, "is not a GUID")
	}
	values, reason := textValues(src, attribute)
	switch {
	case reason != "":
		return "", attributeProblem(attribute, reason)
	case len(values) != 1:
		return "", attributeProblem(attribute, "must have one value; let the bind DN read it")
	case len(values[0]) > userman.MaxExternalIDLength:
		return "", attributeProblem(attribute, "is too long")
	}
	return values[0], ""
}

// textValues returns the non-empty values of an attribute, or the problem of one of
// them.
func textValues(src *ldap.Entry, attribute string) (values []string, problem string) {
	raw := src.GetEqualFoldRawAttributeValues(attribute)
	if len(raw) > maxValues {
		return nil, "has too many values"
	}
	for _, value := range raw {
		text := string(value)
		switch {
		case len(text) > maxValue:
			return nil, "has a value that is too long"
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			return nil, "has a value that is not one line of text"
		}
		if text = strings.TrimSpace(text); text != "" {
			values = append(values, text)
		}
	}
	return values, ""
}

// displayValues returns the values of an attribute that people read, on one line and
// without invisible characters.
func displayValues(src *ldap.Entry, attribute string) (values []string, problem string) {
	raw := src.GetEqualFoldRawAttributeValues(attribute)
	if len(raw) > maxValues {
		return nil, "has too many values"
	}
	for _, value := range raw {
		if !utf8.Valid(value) {
			return nil, "has a value that is not UTF-8"
		}
		if text := cleanLine(string(value)); text != "" {
			values = append(values, text)
		}
	}
	return values, ""
}

// invisible are the soft hyphen, the zero-width space, the word joiner and the byte order
// mark.
const invisible = "\u00ad\u200b\u2060\ufeff"

// cleanLine replaces what is invisible by spaces, and removes spaces that nobody
// sees.
func cleanLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.IsSpace(r) || unicode.In(r, unicode.Z):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune(invisible, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// attributeProblem returns the sentence for the problem with an attribute; "" if there
// is none.
func attributeProblem(attribute, problem string) string {
	if problem == "" {
		return ""
	}
	return "the attribute " + attribute + " " + problem
}
