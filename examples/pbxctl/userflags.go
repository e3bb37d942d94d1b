package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userFlags are the fields of a person, each a flag of the field's name.
type userFlags struct {
	user             userman.User
	otherEmails      []string
	linkedExtensions []string
	groups           []string
	permissions      []string
}

// register adds the flags to cmd, but for the username.
func (f *userFlags) register(a *cli, cmd *cobra.Command) {
	flags := cmd.Flags()
	usages := map[string]string{
		"description": "`TEXT` for people", "title": "`TITLE` in the company", "company": "`COMPANY`", "department": "`DEPARTMENT`",
		"first-name": "first `NAME`", "last-name": "last `NAME`", "display-name": "`NAME` on pages and in mails (default: first and last name)",
		"email":      "primary `ADDRESS`, where mails go",
		"cell-phone": "`NUMBER` of the cell phone", "home-phone": "`NUMBER` at home", "work-phone": "`NUMBER` at work", "fax": "`NUMBER` of the fax",
		"language":          "`LANGUAGE` of mails, such as de or zh-Hans (default: that of the product)",
		"time-zone":         "`ZONE` such as Europe/Berlin (default: UTC)",
		"default-extension": "`EXTENSION` that is this person's and nobody else's",
		"external-id":       "`KEY` of the person in another system",
	}
	for name, field := range userTextFields(&f.user) {
		if usage, ok := usages[name]; ok {
			flags.StringVar(field, name, "", usage)
		}
	}
	flags.StringArrayVar(&f.otherEmails, "other-emails", nil, "further `ADDRESSES` for the directory; may be repeated")
	flags.StringArrayVar(&f.linkedExtensions, "linked-extensions", nil, "further `EXTENSIONS` of the person, such as 4002,4003; may be repeated")
	flags.StringArrayVar(&f.groups, "groups", nil, "a `GROUP` that the person is in; repeat it for each that they are in, and '' is for none")
	flags.BoolVar(&f.user.Disabled, "disabled", false, "keep the person from logging in anywhere")
	flags.BoolVar(&f.user.MustChangePassword, "must-change-password", false, "have the person choose another password after the next login")
	registerPermissions(a, cmd, &f.permissions)
	_ = cmd.RegisterFlagCompletionFunc("groups", a.completeGroups)
}

// userTextFields are the fields of a person that are one text, by their flags.
func userTextFields(u *userman.User) map[string]*string {
	return map[string]*string{
		"username": &u.Username, "description": &u.Description, "title": &u.Title, "company": &u.Company, "department": &u.Department,
		"first-name": &u.FirstName, "last-name": &u.LastName, "display-name": &u.DisplayName, "email": &u.Email,
		"cell-phone": &u.CellPhone, "home-phone": &u.HomePhone, "work-phone": &u.WorkPhone, "fax": &u.Fax,
		"language": &u.Language, "time-zone": &u.TimeZone, "default-extension": &u.DefaultExtension, "external-id": &u.ExternalID,
	}
}

// userFields are the fields whose flags were given.
type userFields struct {
	flags       *pflag.FlagSet
	from        userman.User
	permissions permissionChanges
	// fieldErrs are those that cannot be read.
	fieldErrs flagErrors
}

// parse reads the flags. What cannot be read is kept, to be refused together
// with what the service refuses.
func (f *userFlags) parse(flags *pflag.FlagSet, registry []permission.Permission) *userFields {
	fields := &userFields{flags: flags, from: f.user}
	fields.from.OtherEmails = splitValues(f.otherEmails)
	fields.from.LinkedExtensions = splitValues(f.linkedExtensions)
	// A name of a group may hold a comma.
	fields.from.Groups = slices.DeleteFunc(slices.Clone(f.groups), func(name string) bool { return name == "" })
	fields.permissions, fields.fieldErrs = parsePermissions(registry, f.permissions)
	return fields
}

// set sets the fields of to that were given. It may run more than once.
func (f *userFields) set(to *userman.User) {
	from, into := userTextFields(&f.from), userTextFields(to)
	for name, field := range into {
		if f.flags.Changed(name) {
			*field = *from[name]
		}
	}
	for name, set := range map[string]func(){
		"other-emails":         func() { to.OtherEmails = slices.Clone(f.from.OtherEmails) },
		"linked-extensions":    func() { to.LinkedExtensions = slices.Clone(f.from.LinkedExtensions) },
		"groups":               func() { to.Groups = slices.Clone(f.from.Groups) },
		"disabled":             func() { to.Disabled = f.from.Disabled },
		"must-change-password": func() { to.MustChangePassword = f.from.MustChangePassword },
	} {
		if f.flags.Changed(name) {
			set()
		}
	}
	to.Permissions = f.permissions.applyTo(to.Permissions)
}
