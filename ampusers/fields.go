package ampusers

import (
	"sync"

	"github.com/pbxusers/pbxusers/store/field"
)

// Fields returns the plain editable fields of an [Administrator], in the order of
// forms. The ranges of extensions and DIDs, and credentials, are not among them.
func Fields() *field.Table[Administrator] { return administratorFields() }

var administratorFields = sync.OnceValue(func() *field.Table[Administrator] {
	const general, access = "General", "Access"
	return field.New(
		field.Text("username", "required,username", func(a *Administrator) *string { return &a.Username }, field.Meta{
			Label: "Username", Section: general, Placeholder: "USERNAME", Example: "jane.roe", Format: field.FormatUsername, Immutable: true,
			Help:   "The name to log in with: up to 64 letters, digits, dots, dashes, underscores, plus or @. It never changes.",
			Search: true, Sort: true,
		}),
		field.Text("display_name", "max=200,plain_line", func(a *Administrator) *string { return &a.DisplayName }, field.Meta{
			Label: "Display name", Section: general, Placeholder: "NAME", Example: "Jane Roe", Help: "The name on pages.", Search: true,
		}),
		field.Text("access", "oneof=full limited", func(a *Administrator) *string { return (*string)(&a.Access) }, field.Meta{
			Label: "Access", Section: access, Placeholder: "ACCESS", Default: field.TextValue(string(Limited)),
			Help: "A full administrator can use everything. A limited one can use the given sections, for the given numbers and teams.",
		}),
		field.List("sections", "", func(a *Administrator) *[]string { return &a.Sections }, field.Meta{
			Label: "Sections", Section: access, Placeholder: "SECTIONS", Format: field.FormatChoice,
			Help: "The sections that a limited administrator sees and changes. Without one, it can only change its own password and second factor.",
		}),
		field.List("teams", "max=256", func(a *Administrator) *[]string { return &a.Teams }, field.Meta{
			Label: "Teams", Section: access, Placeholder: "TEAMS", Help: "The teams of a limited administrator. Leave empty for all.",
		}),
		field.Bool("disabled", func(a *Administrator) *bool { return &a.Disabled }, field.Meta{
			Label: "Disabled", Help: "Prevents every login and ends all sessions.",
		}),
	)
})
