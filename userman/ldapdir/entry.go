package ldapdir

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/userman"
)

// maxValue bounds a value, in bytes, and maxValues how many of one attribute
// are looked at; the bounds of the fields are tighter.
const (
	maxValue  = 4096
	maxValues = 1000
)

// entry returns what the directory knows of a person.
func (d *Directory) entry(from *ldap.Entry, groups *memberships) userman.Entry {
	id, problem := d.externalID(from)
	if problem != "" {
		return userman.Entry{Problem: problem}
	}
	made := userman.Entry{ExternalID: id, User: &userman.User{}, Owned: d.owned}
	known := fields()
	for _, name := range d.owned {
		if made.Problem = d.fill(made.User, from, known[name], d.opts.Attributes[name]); made.Problem != "" {
			return made
		}
	}
	distinct(made.User)
	if made.Problem = d.fillDisabled(made.User, from); made.Problem == "" && groups != nil {
		made.Groups, made.Problem = groups.of(from)
	}
	return made
}

// fill sets a field from an attribute, and returns what is wrong with it, in
// one sentence.
func (d *Directory) fill(u *userman.User, from *ldap.Entry, f field, attribute string) string {
	values, wrong := texts(from, attribute)
	if wrong == "" {
		wrong = f.set(u, values)
	}
	return about(attribute, wrong)
}

// fillDisabled sets whether the person is disabled there, as fill does.
func (d *Directory) fillDisabled(u *userman.User, from *ldap.Entry) string {
	attribute, mapped := d.opts.Attributes[fieldDisabled]
	if !mapped {
		return ""
	}
	values, wrong := texts(from, attribute)
	if wrong != "" {
		return about(attribute, wrong)
	}
	disabled, ok := parseDisabled(attribute, values)
	if !ok {
		return about(attribute, "does not say whether the account is disabled")
	}
	u.Disabled = disabled
	return ""
}

// externalID returns the key of a person, or what is wrong with it.
func (d *Directory) externalID(from *ldap.Entry) (id, problem string) {
	attribute := d.opts.ExternalID
	if strings.EqualFold(attribute, objectGUID) {
		values := from.GetEqualFoldRawAttributeValues(attribute)
		if len(values) != 1 {
			return "", about(attribute, "must have one value; let who reads see it")
		}
		if id, ok := guidText(values[0]); ok {
			return id, ""
		}
		return "", about(attribute, "is no GUID")
	}
	values, wrong := texts(from, attribute)
	switch {
	case wrong != "":
		return "", about(attribute, wrong)
	case len(values) != 1:
		return "", about(attribute, "must have one value; let who reads see it")
	case len(values[0]) > userman.MaxExternalIDLength:
		return "", about(attribute, "is too long")
	}
	return values[0], ""
}

// texts returns the values of an attribute that are not blank, or what is wrong
// with one of them.
func texts(from *ldap.Entry, attribute string) (values []string, wrong string) {
	raw := from.GetEqualFoldRawAttributeValues(attribute)
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

// about makes a sentence of what is wrong with an attribute; "" when nothing
// is.
func about(attribute, wrong string) string {
	if wrong == "" {
		return ""
	}
	return "the attribute " + attribute + " " + wrong
}
