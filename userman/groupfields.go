package userman

import (
	"sync"

	"github.com/pbxusers/pbxusers/store/field"
)

// GroupFields returns the plain editable fields of a [Group], in the order of forms
// and of field errors. Permissions and members are not among them.
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
