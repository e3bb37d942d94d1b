package web

import (
	"strings"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionControl is what says something about one permission.
type permissionControl struct {
	permission.Permission

	Choice formField
	// Items is the text of a list; of a switch it has no name.
	Items formField
}

// newPermissionControl draws a control with what was typed and refused.
func newPermissionControl(p permission.Permission, in permissionInput, errs formErrors) permissionControl {
	c := permissionControl{Permission: p}
	c.Choice = formField{Name: permissionField(p.ID), Label: p.Description, Errors: errs.forField(permissionField(p.ID))}
	choices := []choice{{Value: "", Label: "Not set"}, {Value: choiceOn, Label: "On"}, {Value: choiceOff, Label: "Off"}}
	if p.Kind != permission.KindBool {
		choices = []choice{{Value: "", Label: "Not set"}, {Value: choiceSet, Label: "Only these"}, {Value: choiceAppend, Label: "Also these"}}
		c.Items = formField{
			Name: permissionItems(p.ID), Label: p.Description, Value: in.Items, Autocomplete: "off",
			Hint: itemsHint(p.Kind), Errors: c.Choice.Errors,
		}
	}
	for i := range choices {
		choices[i].Chosen = choices[i].Value == in.Choice
	}
	c.Choice.Choices = choices
	return c
}

func itemsHint(kind permission.Kind) string {
	switch kind {
	case permission.KindExtensions:
		return "Extensions, self, linked or all. Separate with commas."
	case permission.KindNumbers:
		return "Numbers or all. Separate with commas."
	default:
		return "Names or all. Separate with commas."
	}
}

// permissionLabels are the sentences of the permissions by the names of their
// controls.
func permissionLabels(registered []permission.Permission) map[string]string {
	labels := make(map[string]string, len(registered))
	for _, p := range registered {
		labels[permissionField(p.ID)] = strings.TrimSuffix(p.Description, ".")
	}
	return labels
}

// conflictOfPermissions compares what is said now with what was typed.
func conflictOfPermissions(registered []permission.Permission, now, typed permissionsInput) []difference {
	rows := make([]difference, 0, len(registered))
	for _, p := range registered {
		rows = append(rows, difference{p.Description, formatPermissionInput(now[p.ID]), formatPermissionInput(typed[p.ID])})
	}
	return differences(rows...)
}

// formatPermissionInput describes what a control holds.
func formatPermissionInput(in permissionInput) string {
	return strings.TrimSpace(in.Choice + " " + in.Items)
}
