package web

import (
	"strings"

	"github.com/pbxusers/pbxusers/userman"
)

// permissionControl is what says something about one permission.
type permissionControl struct {
	userman.Permission

	Choice field
	// Items is the text of a list; of a switch it has no name.
	Items field
}

// newPermissionControl draws a control with what was typed and refused.
func newPermissionControl(p userman.Permission, in saidInput, errs refusals) permissionControl {
	c := permissionControl{Permission: p}
	c.Choice = field{Name: permissionField(p.ID), Label: p.Sentence, Errors: errs.on(permissionField(p.ID))}
	choices := []choice{{Value: "", Label: "Not set"}, {Value: chosenOn, Label: "On"}, {Value: chosenOff, Label: "Off"}}
	if p.Kind != userman.Switch {
		choices = []choice{{Value: "", Label: "Not set"}, {Value: chosenReplace, Label: "Just these"}, {Value: chosenExtend, Label: "Add these"}}
		c.Items = field{
			Name: permissionItems(p.ID), Label: p.Sentence, Value: in.Items, Autocomplete: "off",
			Hint: itemsHint(p.Kind), Errors: c.Choice.Errors,
		}
	}
	for i := range choices {
		choices[i].Chosen = choices[i].Value == in.Choice
	}
	c.Choice.Choices = choices
	return c
}

func itemsHint(kind userman.Kind) string {
	switch kind {
	case userman.Extensions:
		return "Extensions, or self, linked or all."
	case userman.Numbers:
		return "Numbers, or all."
	default:
		return "Names with commas between, or all."
	}
}

// permissionLabels are the sentences of the permissions by the names of their
// controls.
func permissionLabels(known []userman.Permission) map[string]string {
	labels := make(map[string]string, len(known))
	for _, p := range known {
		labels[permissionField(p.ID)] = strings.TrimSuffix(p.Sentence, ".")
	}
	return labels
}

// conflictOfPermissions compares what is said now with what was typed.
func conflictOfPermissions(known []userman.Permission, now, typed permissionsInput) []difference {
	rows := make([]difference, 0, len(known))
	for _, p := range known {
		rows = append(rows, difference{p.Sentence, said(now[p.ID]), said(typed[p.ID])})
	}
	return differences(rows...)
}
