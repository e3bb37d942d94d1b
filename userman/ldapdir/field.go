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
	// single is the place of a field that has one value, and many that of one
	// that has several.
	single func(u *userman.User) *string
	multi  func(u *userman.User) *[]string
	// singleValued refuses several values: nobody could tell which is meant.
	singleValued bool
}

// fields returns those that a directory can keep, by their names, "disabled"
// aside.
func fields() map[string]field {
	return map[string]field{
		"username":          {single: func(u *userman.User) *string { return &u.Username }, singleValued: true},
		"description":       {single: func(u *userman.User) *string { return &u.Description }},
		"title":             {single: func(u *userman.User) *string { return &u.Title }},
		"company":           {single: func(u *userman.User) *string { return &u.Company }},
		"department":        {single: func(u *userman.User) *string { return &u.Department }},
		"first_name":        {single: func(u *userman.User) *string { return &u.FirstName }},
		"last_name":         {single: func(u *userman.User) *string { return &u.LastName }},
		"display_name":      {single: func(u *userman.User) *string { return &u.DisplayName }},
		"email":             {single: func(u *userman.User) *string { return &u.Email }},
		"other_emails":      {multi: func(u *userman.User) *[]string { return &u.OtherEmails }},
		"cell_phone":        {single: func(u *userman.User) *string { return &u.CellPhone }},
		"home_phone":        {single: func(u *userman.User) *string { return &u.HomePhone }},
		"work_phone":        {single: func(u *userman.User) *string { return &u.WorkPhone }},
		"fax":               {single: func(u *userman.User) *string { return &u.Fax }},
		"language":          {single: func(u *userman.User) *string { return &u.Language }, singleValued: true},
		"time_zone":         {single: func(u *userman.User) *string { return &u.TimeZone }, singleValued: true},
		"default_extension": {single: func(u *userman.User) *string { return &u.DefaultExtension }, singleValued: true},
		"linked_extensions": {multi: func(u *userman.User) *[]string { return &u.LinkedExtensions }},
	}
}

func isField(name string) bool {
	_, ok := fields()[name]
	return ok || name == fieldDisabled
}

// set puts values into the field of u; it returns what is wrong with them, or
// "".
func (f field) set(u *userman.User, values []string) string {
	switch {
	case f.multi != nil:
		*f.multi(u) = values
	case len(values) > 1 && f.singleValued:
		return "has several values"
	case len(values) > 0:
		*f.single(u) = values[0]
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

// removeDuplicates takes out of the lists of u what stands in the field beside them:
// both may be mapped to one attribute.
func removeDuplicates(u *userman.User) {
	u.OtherEmails = slices.DeleteFunc(u.OtherEmails, func(e string) bool { return strings.EqualFold(e, u.Email) })
	u.LinkedExtensions = slices.DeleteFunc(u.LinkedExtensions, func(e string) bool { return e == u.DefaultExtension })
}
