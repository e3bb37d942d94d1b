package manager

import (
	"sync"

	"github.com/pbxusers/pbxusers/store/field"
)

// Fields returns the plain editable fields of an [Account], in the order of forms.
// The secret, the networks, the privileges and the event filters are not among
// them.
func Fields() *field.Table[Account] { return accountFields() }

var accountFields = sync.OnceValue(func() *field.Table[Account] {
	const general, addresses, options, notes = "General", "Addresses", "Options", "Notes"
	return field.New(
		field.Text("name", "required,ami_name", func(a *Account) *string { return &a.Name }, field.Meta{
			Label: "Name", Section: general, Placeholder: "NAME", Example: "crmpro_ami", Immutable: true,
			Help:   "The name that the integration logs in with: 1 to 79 letters, digits, dots, dashes and underscores. It never changes.",
			Search: true, Sort: true,
		}),
		field.Text("named_acl", "omitempty,acl_name", func(a *Account) *string { return &a.NamedACL }, field.Meta{
			Label: "Named ACL", Section: addresses, Placeholder: "ACL",
			Help: "A list in acl.conf that an address must pass as well; usually empty.",
		}),
		field.Bool("display_connects", func(a *Account) *bool { return &a.DisplayConnects }, field.Meta{
			Label: "Display connects", Section: options,
			Help: `Logs each login and logoff on the Asterisk console. "manager show users" lists the account either way.`,
		}),
		field.Bool("allow_multiple_login", func(a *Account) *bool { return &a.AllowMultipleLogin }, field.Meta{
			Label: "Allow multiple logins", Section: options, Default: field.BoolValue(true),
			Help: "Allows several sessions at once. Most integrations reconnect before their old session ends, and need this.",
		}),
		field.Bool("disabled", func(a *Account) *bool { return &a.Disabled }, field.Meta{
			Label: "Disabled", Section: options, Help: "Keeps the account here and removes it from Asterisk at the next apply.",
		}),
		field.Int("write_timeout", "omitempty,min=100,max=600000", func(a *Account) *int { return &a.WriteTimeout }, field.Meta{
			Label: "Write timeout", Section: options, Placeholder: "MS", Example: "500",
			Help: "Milliseconds that Asterisk waits for a slow integration before it hangs up; 0 for its default of 100.",
		}),
		field.Text("owner", "max=200,plain_line", func(a *Account) *string { return &a.Owner }, field.Meta{
			Label: "Owner", Section: notes, Placeholder: "OWNER", Help: "Who is responsible for the integration. It is not written to Asterisk.", Search: true,
		}),
		field.Text("note", "max=1000,plain_text", func(a *Account) *string { return &a.Note }, field.Meta{
			Label: "Note", Section: notes, Format: field.FormatMultiline, Help: "What the account is for. It is not written to Asterisk.", Search: true,
		}),
	)
})
