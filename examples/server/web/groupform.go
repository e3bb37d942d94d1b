package web

import (
	"maps"
	"strings"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// groupFields are the form of a group, new or not.
type groupFields struct {
	Problems []problem
	// Refused is what was refused of an act, which saves nothing of the form.
	ActionErrors []problem
	Conflict     []difference
	// Version is that of the group that was put into the form.
	Version string

	Name, Description, Priority field
	Default                     choice
	Modules                     []module[permissionControl]
}

func groupLabels(registered []permission.Permission) map[string]string {
	labels := map[string]string{"name": "Name", "description": "Description", "priority": "Priority"}
	maps.Copy(labels, permissionLabels(registered))
	return labels
}

// groupFields draws the form with what was typed and refused.
func (v *pageHandler) groupFields(name string, in groupInput, errs formErrors) groupFields {
	registered := v.site.Users.Permissions()
	labels := groupLabels(registered)
	input := func(name, value, hint string) field {
		return field{Name: name, Label: labels[name], Value: value, Hint: hint, Autocomplete: "off", Errors: errs.forField(name)}
	}
	f := groupFields{
		Problems:    errs.summary(labels),
		Name:        input("name", name, "For example Sales. You cannot change it later."),
		Description: input("description", in.Description, "Free text, for example the purpose of the group."),
		Priority: input("priority", in.Priority,
			"1 to 10000. If several groups set a permission, the lowest number wins, then the name in alphabetical order."),
		Default: choice{
			Value: "default", Label: "Default", Chosen: in.Default,
			Hint: "New users are added to this group unless other groups are chosen for them.",
		},
		Modules: groupModules(registered, in.Permissions, errs),
	}
	f.Name.Required = true
	f.Priority.InputMode = "numeric"
	return f
}

// groupModules draws the controls in the order of the registry, by module.
func groupModules(registered []permission.Permission, in permissionsInput, errs formErrors) []module[permissionControl] {
	var modules []module[permissionControl]
	for _, p := range registered {
		modules = withRow(modules, p, newPermissionControl(p, in[p.ID], errs))
	}
	return modules
}

// conflictOfGroup compares what stands now with what was typed.
func conflictOfGroup(now, typed groupInput, registered []permission.Permission) []difference {
	yesNo := map[bool]string{true: "yes", false: "no"}
	rows := []difference{
		{"Description", now.Description, typed.Description},
		{"Priority", now.Priority, typed.Priority},
		{"Default", yesNo[now.Default], yesNo[typed.Default]},
	}
	return append(differences(rows...), conflictOfPermissions(registered, now.Permissions, typed.Permissions)...)
}

// formatPermissionInput are the words for what a control holds.
func formatPermissionInput(in permissionInput) string {
	return strings.TrimSpace(in.Choice + " " + in.Items)
}
