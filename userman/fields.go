package userman

import (
	"slices"
	"strings"
)

// userField is a field of a [User] that a directory can own.
type userField struct {
	name string
	// text is the place of a field of one line, and list that of a list; the
	// other one is nil.
	text func(u *User) *string
	list func(u *User) *[]string
}

// userFields returns the fields that a directory can own, in the order of
// their names.
func userFields() []userField {
	return []userField{
		{name: "cell_phone", text: func(u *User) *string { return &u.CellPhone }},
		{name: "company", text: func(u *User) *string { return &u.Company }},
		{name: "default_extension", text: func(u *User) *string { return &u.DefaultExtension }},
		{name: "department", text: func(u *User) *string { return &u.Department }},
		{name: "description", text: func(u *User) *string { return &u.Description }},
		{name: "display_name", text: func(u *User) *string { return &u.DisplayName }},
		{name: "email", text: func(u *User) *string { return &u.Email }},
		{name: "fax", text: func(u *User) *string { return &u.Fax }},
		{name: "first_name", text: func(u *User) *string { return &u.FirstName }},
		{name: "further_emails", list: func(u *User) *[]string { return &u.OtherEmails }},
		{name: "home_phone", text: func(u *User) *string { return &u.HomePhone }},
		{name: "language", text: func(u *User) *string { return &u.Language }},
		{name: "last_name", text: func(u *User) *string { return &u.LastName }},
		{name: "linked_extensions", list: func(u *User) *[]string { return &u.LinkedExtensions }},
		{name: "time_zone", text: func(u *User) *string { return &u.TimeZone }},
		{name: "title", text: func(u *User) *string { return &u.Title }},
		{name: fieldUsername, text: func(u *User) *string { return &u.Username }},
		{name: "work_phone", text: func(u *User) *string { return &u.WorkPhone }},
	}
}

// fieldUsername is the field that everybody needs.
const fieldUsername = "username"

// assign copies the field from one record to another.
func (f userField) assign(to, from *User) {
	if f.text != nil {
		*f.text(to) = *f.text(from)
		return
	}
	*f.list(to) = slices.Clone(*f.list(from))
}

// equal reports whether the field of two records holds the same.
func (f userField) equal(a, b *User) bool {
	if f.text != nil {
		return *f.text(a) == *f.text(b)
	}
	return slices.Equal(*f.list(a), *f.list(b))
}

// userFieldNames returns the names of the fields that a directory can own.
func userFieldNames() []string {
	fields := userFields()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// lookupUserFields returns the fields of those names; false when one is none that a
// directory can own.
func lookupUserFields(names []string) ([]userField, bool) {
	all := userFields()
	found := make([]userField, 0, len(names))
	for _, name := range names {
		i, known := slices.BinarySearchFunc(all, name, func(f userField, name string) int { return strings.Compare(f.name, name) })
		if !known {
			return nil, false
		}
		found = append(found, all[i])
	}
	return found, true
}
