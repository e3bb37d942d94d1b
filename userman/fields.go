package userman

import (
	"slices"
	"sync"

	"github.com/pbxusers/pbxusers/store/field"
)

// Fields returns the plain editable fields of a [User]. Forms and field errors have the
// same order. Fields does not include groups, permissions, the picture or credentials.
func Fields() *field.Table[User] { return userFields() }

var userFields = sync.OnceValue(func() *field.Table[User] {
	return field.New(slices.Concat(generalFields(), nameFields(), contactFields(), localeFields(), otherFields())...)
})

func generalFields() []field.Field[User] {
	const section = "General"
	return []field.Field[User]{
		field.Text("username", "required,username", func(u *User) *string { return &u.Username }, field.Meta{
			Label: "Username", Section: section, Placeholder: "USERNAME", Example: "jane.roe", Format: field.FormatUsername,
			Help:   "The name to log in with, often an email address or first.last.",
			Search: true, Sort: true, Directory: true,
		}),
		field.Text("default_extension", "omitempty,extension", func(u *User) *string { return &u.DefaultExtension }, field.Meta{
			Label: "Default extension", Section: section, Placeholder: "EXTENSION", Example: "4001", Format: field.FormatExtension,
			Help:   "The user's own extension. No other user can have it. The user's softphone uses it.",
			Search: true, Sort: true, Directory: true,
		}),
		field.Text("description", "max=500,plain_line", func(u *User) *string { return &u.Description }, field.Meta{
			Label: "Description", Section: section, Search: true, Directory: true,
		}),
	}
}

func nameFields() []field.Field[User] {
	const section, rule = "Name", "max=100,plain_line"
	return []field.Field[User]{
		field.Text("first_name", rule, func(u *User) *string { return &u.FirstName }, field.Meta{
			Label: "First name", Section: section, Placeholder: "NAME", Example: "Jane", Search: true, Directory: true,
		}),
		field.Text("last_name", rule, func(u *User) *string { return &u.LastName }, field.Meta{
			Label: "Last name", Section: section, Placeholder: "NAME", Example: "Roe", Search: true, Sort: true, Directory: true,
		}),
		field.Text("display_name", "max=200,plain_line", func(u *User) *string { return &u.DisplayName }, field.Meta{
			Label: "Display name", Section: section, Placeholder: "NAME", Search: true, Directory: true,
			Help: "The name on pages and in emails. Leave empty for first and last name.",
		}),
		field.Text("title", rule, func(u *User) *string { return &u.Title }, field.Meta{
			Label: "Job title", Section: section, Placeholder: "TITLE", Search: true, Directory: true,
		}),
		field.Text("company", rule, func(u *User) *string { return &u.Company }, field.Meta{
			Label: "Company", Section: section, Placeholder: "COMPANY", Search: true, Directory: true,
		}),
		field.Text("department", rule, func(u *User) *string { return &u.Department }, field.Meta{
			Label: "Department", Section: section, Placeholder: "DEPARTMENT", Search: true, Directory: true,
		}),
	}
}

func contactFields() []field.Field[User] {
	const section = "Contact"
	phone := func(name, label string, at func(*User) *string) field.Field[User] {
		return field.Text(name, "omitempty,max=40,phone", at, field.Meta{
			Label: label, Section: section, Placeholder: "NUMBER", Format: field.FormatPhone, Search: true, Directory: true,
		})
	}
	return []field.Field[User]{
		field.Text("email", "omitempty,max=254,email", func(u *User) *string { return &u.Email }, field.Meta{
			Label: "Email", Section: section, Placeholder: "ADDRESS", Example: "jane.roe@example.com", Format: field.FormatEmail,
			Help:   "Welcome emails and password links go to this address.",
			Search: true, Directory: true,
		}),
		field.Bool("email_blocked", func(u *User) *bool { return &u.EmailBlocked }, field.Meta{
			Label: "Email blocked", Section: section,
			Help: "No password links go to this address. This turns on by itself when an administrator with fewer rights than the user changes the address. Turn it off after the user has confirmed the address.",
		}),
		field.List("other_emails", "max=20,dive,max=254,email", func(u *User) *[]string { return &u.OtherEmails }, field.Meta{
			Label: "Other emails", Section: section, Placeholder: "ADDRESSES", Format: field.FormatEmail,
			Help:   "More addresses. They receive no emails.",
			Search: true, Directory: true,
		}),
		phone("cell_phone", "Cell phone", func(u *User) *string { return &u.CellPhone }),
		phone("home_phone", "Home phone", func(u *User) *string { return &u.HomePhone }),
		phone("work_phone", "Work phone", func(u *User) *string { return &u.WorkPhone }),
		phone("fax", "Fax", func(u *User) *string { return &u.Fax }),
	}
}

func localeFields() []field.Field[User] {
	const section = "Locale"
	return []field.Field[User]{
		field.Text("language", "omitempty,language", func(u *User) *string { return &u.Language }, field.Meta{
			Label: "Language", Section: section, Placeholder: "LANGUAGE", Example: "en", Format: field.FormatLanguage, Directory: true,
			Help: "The language of emails, such as en, de or zh-Hans. Leave empty for the language of the server.",
		}),
		field.Text("time_zone", "omitempty,time_zone", func(u *User) *string { return &u.TimeZone }, field.Meta{
			Label: "Time zone", Section: section, Placeholder: "ZONE", Example: "Europe/Berlin", Format: field.FormatTimeZone, Directory: true,
			Help: "A zone such as Europe/Berlin. Leave empty for UTC.",
		}),
	}
}

func otherFields() []field.Field[User] {
	return []field.Field[User]{
		field.List("linked_extensions", "max=200,dive,extension", func(u *User) *[]string { return &u.LinkedExtensions }, field.Meta{
			Label: "Linked extensions", Section: "Extensions", Placeholder: "EXTENSIONS", Example: "4002, 4003", Format: field.FormatExtension,
			Help:   "More extensions of the user, such as 4002, 4003. Several users can share one.",
			Search: true, Directory: true,
		}),
		field.Bool("disabled", func(u *User) *bool { return &u.Disabled }, field.Meta{
			Label: "Disabled", Help: "The user cannot log in. All sessions end.",
		}),
		field.Bool("must_change_password", func(u *User) *bool { return &u.MustChangePassword }, field.Meta{
			Label: "Must change password", Help: "The user must set a new password after the next login.",
		}),
		field.Text("external_id", "max=750,plain_line", func(u *User) *string { return &u.ExternalID }, field.Meta{
			Label: "External ID", Placeholder: "ID", Search: true,
			Help: "The ID of the user in a directory or another system.",
		}),
	}
}

// fieldUsername is the field that a new user needs, and fieldDefaultExtension that
// which only one user can have. fieldEmail can be a login name, see [LoginFields].
const (
	fieldUsername         = "username"
	fieldEmail            = "email"
	fieldDefaultExtension = "default_extension"
)

// managedFields returns the fields that a directory manages, by their names; false
// when a directory cannot manage one of them.
func managedFields(names []string) ([]field.Field[User], bool) {
	fields := make([]field.Field[User], 0, len(names))
	for _, name := range names {
		f, ok := Fields().Lookup(name)
		if !ok || !f.Directory {
			return nil, false
		}
		fields = append(fields, f)
	}
	return fields, true
}

// GroupFields returns the plain editable fields of a [Group]. Forms and field errors
// have the same order. GroupFields does not include permissions or members.
func GroupFields() *field.Table[Group] { return groupFields() }

var groupFields = sync.OnceValue(func() *field.Table[Group] {
	const section = "General"
	return field.New(
		field.Text("name", "required,max=100,plain_line", func(g *Group) *string { return &g.Name }, field.Meta{
			Label: "Name", Section: section, Placeholder: "NAME", Example: "Sales", Immutable: true, Help: "A unique name, such as Sales. Case does not matter. It never changes.",
		}),
		field.Text("description", "max=500,plain_line", func(g *Group) *string { return &g.Description }, field.Meta{
			Label: "Description", Section: section, Help: "What the group is for.",
		}),
		field.Int("priority", "min=1,max=10000", func(g *Group) *int { return &g.Priority }, field.Meta{
			Label: "Priority", Section: section, Placeholder: "NUMBER", Default: field.IntValue(DefaultPriority),
			Help: "Of the groups that set a permission, the one with the lowest number decides; groups of equal priority go by name.",
		}),
		field.Bool("default", func(g *Group) *bool { return &g.Default }, field.Meta{
			Label: "Default", Section: section, Column: "is_default", Help: "Adds new users to this group unless their groups are given.",
		}),
	)
})
