package web

import (
	"errors"
	"maps"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionForm reads and draws the permissions of a record.
func permissionForm[R any](registered func() []permission.Permission, at func(*R) *permission.Permissions) *special[R] {
	return &special[R]{
		read: func(form url.Values) any { return readPermissions(form, registered()) },
		of:   func(now *R) any { return inputOfPermissions(*at(now), registered()) },
		set: func(in any, now *R) []store.FieldError {
			return in.(permissionsInput).fill(at(now), registered())
		},
		labels: func(any) map[string]string {
			labels := map[string]string{}
			for _, p := range registered() {
				labels[permissionField(p.ID)] = strings.TrimSuffix(p.Description, ".")
			}
			return labels
		},
		differences: func(saved, typed any) []difference {
			var rows []difference
			for _, p := range registered() {
				rows = append(rows, difference{p.Description, saved.(permissionsInput)[p.ID].String(), typed.(permissionsInput)[p.ID].String()})
			}
			return rows
		},
		draw: func(f *form, in input, errs formErrors) {
			for _, p := range registered() {
				f.Permissions = withRow(f.Permissions, p, newPermissionControl(p, in.Special.(permissionsInput)[p.ID], errs))
			}
		},
	}
}

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

// module is the permissions of one module, as rows of a page.
type module[Row any] struct {
	Name string
	Rows []Row
}

// withRow puts the row of a permission to those of its module, also when a
// product registered it behind other modules.
func withRow[Row any](modules []module[Row], p permission.Permission, row Row) []module[Row] {
	name := moduleName(p.Module())
	for i := range modules {
		if modules[i].Name == name {
			modules[i].Rows = append(modules[i].Rows, row)
			return modules
		}
	}
	return append(modules, module[Row]{Name: name, Rows: []Row{row}})
}

// moduleName is what people call a module.
func moduleName(module string) string {
	switch module {
	case "sms", "xmpp", "rest":
		return strings.ToUpper(module)
	case "isymphony":
		return "iSymphony"
	case "xactview":
		return "XactView"
	}
	words := strings.ReplaceAll(module, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// Choices of the control of a permission; "" says nothing about it.
const (
	choiceOn     = "on"
	choiceOff    = "off"
	choiceSet    = "replace"
	choiceAppend = "append"
)

// permissionInput is what the control of one permission holds.
type permissionInput struct{ Choice, Items string }

// String describes what the control holds.
func (in permissionInput) String() string { return strings.TrimSpace(in.Choice + " " + in.Items) }

// permissionsInput is what the controls of permissions hold, by ID.
type permissionsInput map[string]permissionInput

// permissionField is the name of the control of a permission, as refusals name
// it, and permissionItems that of the text of a list.
func permissionField(id string) string { return "permissions." + id }

func permissionItems(id string) string { return permissionField(id) + ".items" }

// readPermissions reads the controls that are in a form.
func readPermissions(form url.Values, registered []permission.Permission) permissionsInput {
	in := permissionsInput{}
	for _, p := range registered {
		if form.Has(permissionField(p.ID)) {
			in[p.ID] = permissionInput{form.Get(permissionField(p.ID)), form.Get(permissionItems(p.ID))}
		}
	}
	return in
}

func inputOfPermissions(grants permission.Permissions, registered []permission.Permission) permissionsInput {
	in := permissionsInput{}
	for _, p := range registered {
		value, ok := grants[p.ID]
		switch {
		case !ok, value.IsList() == (p.Kind == permission.KindBool): // of another kind it counts for nothing
			in[p.ID] = permissionInput{}
		case !value.IsList():
			in[p.ID] = permissionInput{Choice: value.String()}
		case value.IsAppend():
			in[p.ID] = permissionInput{choiceAppend, strings.Join(value.Items(), ", ")}
		default:
			in[p.ID] = permissionInput{choiceSet, strings.Join(value.Items(), ", ")}
		}
	}
	return in
}

// fill puts the controls into the grants. It keeps permissions without a control.
func (in permissionsInput) fill(grants *permission.Permissions, registered []permission.Permission) []store.FieldError {
	after := permission.Permissions{}
	maps.Copy(after, *grants)
	var errs []store.FieldError
	for _, p := range registered {
		typed, ok := in[p.ID]
		if !ok {
			continue
		}
		value, sets, err := typed.value(p.Kind)
		switch {
		case err != nil:
			errs = append(errs, permissionErrors(p.ID, err)...)
		case sets:
			after[p.ID] = value
		default:
			delete(after, p.ID)
		}
	}
	*grants = after
	return errs
}

// value is what a control says; sets is false when it says nothing.
func (in permissionInput) value(kind permission.Kind) (value permission.Value, sets bool, err error) {
	items := strings.TrimSpace(in.Items)
	switch {
	case kind == permission.KindBool && in.Choice == "":
		return value, false, nil
	case kind == permission.KindBool:
		value, err = permission.ParseValue(kind, in.Choice)
		return value, true, err
	case in.Choice == "" && items != "":
		return value, false, invalidField("value", store.CodeChoice, "select how to apply the list, or leave it empty")
	case in.Choice == "":
		return value, false, nil
	case in.Choice == choiceSet && items == "":
		return permission.Set(), true, nil
	case in.Choice == choiceAppend && items == "":
		return value, false, invalidField("value", store.CodeChoice, "enter a value, or select Not set")
	case in.Choice != choiceSet && in.Choice != choiceAppend:
		return value, false, invalidField("value", store.CodeChoice, "select an option")
	}
	value, err = permission.ParseValue(kind, items)
	if err != nil || in.Choice == choiceSet {
		return permission.Set(value.Items()...), true, err
	}
	return permission.Append(value.Items()...), true, nil
}

// permissionErrors names the control that err is about.
func permissionErrors(id string, err error) []store.FieldError {
	invalid, ok := errors.AsType[*store.InvalidError](err)
	if !ok {
		return nil
	}
	errs := make([]store.FieldError, len(invalid.Fields))
	for i, f := range invalid.Fields {
		errs[i] = store.FieldError{Field: permissionField(id), Code: f.Code, Message: f.Message}
	}
	return errs
}
