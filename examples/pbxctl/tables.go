package main

import (
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

func groupFields() *field.Table[userman.Group] {
	return field.New(
		field.Text("name", "required", func(g *userman.Group) *string { return &g.Name }, field.Meta{Label: "Name"}),
		field.Text("description", "", func(g *userman.Group) *string { return &g.Description }, field.Meta{Label: "Description"}),
		field.Int("priority", "", func(g *userman.Group) *int { return &g.Priority }, field.Meta{Label: "Priority", Placeholder: "NUMBER", Default: field.IntValue(100), Help: "1 to 10000; the group with the lowest number takes precedence."}),
		field.Bool("default", func(g *userman.Group) *bool { return &g.Default }, field.Meta{Label: "Default", Help: "Adds new users to this group."}),
	)
}

func tokenFields() *field.Table[userman.Token] {
	return field.New(
		field.Text("description", "", func(t *userman.Token) *string { return &t.Description }, field.Meta{Label: "Description", Help: "What uses the token."}),
		field.Int("requests_per_hour", "", func(t *userman.Token) *int { return &t.RequestsPerHour }, field.Meta{Label: "Requests per hour", Placeholder: "NUMBER", Default: field.IntValue(1000), Help: "Maximum number of requests per hour; -1 for no limit."}),
		field.Time("expires_at", func(t *userman.Token) *time.Time { return &t.ExpiresAt }, field.Meta{Label: "Expiry", Help: "When the token expires, such as 2027-01-31 or 2027-01-31T17:00:00Z; empty for never."}),
		field.Bool("disabled", func(t *userman.Token) *bool { return &t.Disabled }, field.Meta{Label: "Disabled", Help: "Prevents the use of the token."}),
	)
}

func administratorFields() *field.Table[ampusers.Administrator] {
	return field.New(
		field.Text("username", "required", func(a *ampusers.Administrator) *string { return &a.Username }, field.Meta{Label: "Username"}),
		field.Text("display_name", "", func(a *ampusers.Administrator) *string { return &a.DisplayName }, field.Meta{Label: "Display name", Placeholder: "NAME"}),
		field.Bool("disabled", func(a *ampusers.Administrator) *bool { return &a.Disabled }, field.Meta{Label: "Disabled", Help: "Prevents every login."}),
	)
}

func amiAccountFields() *field.Table[manager.Account] {
	return field.New(
		field.Text("named_acl", "", func(u *manager.Account) *string { return &u.NamedACL }, field.Meta{Label: "Named ACL", Placeholder: "LIST", Help: "A list of acl.conf that an address must pass too."}),
		field.Bool("display_connects", func(u *manager.Account) *bool { return &u.DisplayConnects }, field.Meta{Label: "Display connects", Help: "Logs logins and logoffs on the console."}),
		field.Bool("allow_multiple_login", func(u *manager.Account) *bool { return &u.AllowMultipleLogin }, field.Meta{Label: "Allow multiple login", Default: field.BoolValue(true), Help: "Allows several sessions at once."}),
		field.Int("write_timeout", "", func(u *manager.Account) *int { return &u.WriteTimeout }, field.Meta{Label: "Write timeout", Placeholder: "MILLISECONDS", Help: "How long Asterisk waits for a slow reader; 0 for its default."}),
		field.Bool("disabled", func(u *manager.Account) *bool { return &u.Disabled }, field.Meta{Label: "Disabled", Help: "Keeps the account out of Asterisk."}),
		field.Text("note", "", func(u *manager.Account) *string { return &u.Note }, field.Meta{Label: "Note"}),
		field.Text("owner", "", func(u *manager.Account) *string { return &u.Owner }, field.Meta{Label: "Owner", Placeholder: "NAME", Help: "Who is responsible for the account."}),
	)
}
