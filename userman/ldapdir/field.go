package ldapdir

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/userman"
)

const (
	fieldDisabled = "disabled"
	// accountControl is the attribute of Active Directory whose bit
	// accountDisabled says that the account is disabled.
	accountControl  = "userAccountControl"
	accountDisabled = 0x2
)

// field says how a field of a user is set.
type field struct {
	// one is the place of a field that has one value, and many that of one
	// that has several.
	one  func(u *userman.User) *string
	many func(u *userman.User) *[]string
	// unique refuses several values: nobody could tell which is meant.
	unique bool
}

// fields returns those that a directory can keep, by their names, "disabled"
// aside.
func fields() map[string]field {
	return map[string]field{
		"username":          {one: func(u *userman.User) *string { return &u.Username }, unique: true},
		"description":       {one: func(u *userman.User) *string { return &u.Description }},
		"title":             {one: func(u *userman.User) *string { return &u.Title }},
		"company":           {one: func(u *userman.User) *string { return &u.Company }},
		"department":        {one: func(u *userman.User) *string { return &u.Department }},
		"first_name":        {one: func(u *userman.User) *string { return &u.FirstName }},
		"last_name":         {one: func(u *userman.User) *string { return &u.LastName }},
		"display_name":      {one: func(u *userman.User) *string { return &u.DisplayName }},
		"email":             {one: func(u *userman.User) *string { return &u.Email }},
		"further_emails":    {many: func(u *userman.User) *[]string { return &u.FurtherEmails }},
		"cell_phone":        {one: func(u *userman.User) *string { return &u.CellPhone }},
		"home_phone":        {one: func(u *userman.User) *string { return &u.HomePhone }},
		"work_phone":        {one: func(u *userman.User) *string { return &u.WorkPhone }},
		"fax":               {one: func(u *userman.User) *string { return &u.Fax }},
		"language":          {one: func(u *userman.User) *string { return &u.Language }, unique: true},
		"time_zone":         {one: func(u *userman.User) *string { return &u.TimeZone }, unique: true},
		"default_extension": {one: func(u *userman.User) *string { return &u.DefaultExtension }, unique: true},
		"linked_extensions": {many: func(u *userman.User) *[]string { return &u.LinkedExtensions }},
	}
}

func isField(name string) bool {
	_, known := fields()[name]
	return known || name == fieldDisabled
}

// set puts values into the field of u; it returns what is wrong with them, or
// "".
func (f field) set(u *userman.User, values []string) string {
	switch {
	case f.many != nil:
		*f.many(u) = values
	case len(values) > 1 && f.unique:
		return "has several values"
	case len(values) > 0:
		*f.one(u) = values[0]
	}
	return ""
}

// parseDisabled reads whether an account is disabled.
func parseDisabled(attribute string, values []string) (disabled, ok bool) {
	switch {
	case len(values) == 0:
		return false, true
	case len(values) > 1:
		return false, false
	case strings.EqualFold(attribute, accountControl):
		flags, err := strconv.ParseInt(values[0], 10, 64)
		return flags&accountDisabled != 0, err == nil
	}
	disabled, err := strconv.ParseBool(strings.ToLower(values[0]))
	return disabled, err == nil
}

// distinct takes out of the lists of u what stands in the field beside them:
// both may be mapped to one attribute.
func distinct(u *userman.User) {
	u.FurtherEmails = slices.DeleteFunc(u.FurtherEmails, func(e string) bool { return strings.EqualFold(e, u.Email) })
	u.LinkedExtensions = slices.DeleteFunc(u.LinkedExtensions, func(e string) bool { return e == u.DefaultExtension })
}
