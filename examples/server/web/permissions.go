package web

import (
	"cmp"
	"maps"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionForm reads and draws the permissions of a record.
func permissionForm[R any](registered func() []permission.Permission, at func(*R) *permission.Permissions) *special[R] {
	return &special[R]{
		read: func(in *input, form url.Values) { in.Permissions = readPermissions(form, registered()) },
		of:   func(in *input, now *R) { in.Permissions = inputOfPermissions(*at(now), registered()) },
		set:  func(in input, now *R) []store.FieldError { return in.Permissions.fill(at(now), registered()) },
		labels: func(input) map[string]string {
			labels := map[string]string{}
			for _, p := range registered() {
				labels[permissionField(p.ID)] = strings.TrimSuffix(p.Description, ".")
			}
			return labels
		},
		differences: func(saved, typed input) []difference {
			var rows []difference
			for _, p := range registered() {
				rows = append(rows, difference{p.Description, saved.Permissions[p.ID].String(), typed.Permissions[p.ID].String()})
			}
			return rows
		},
		draw: func(f *form, in input, errs formErrors) {
			for _, p := range registered() {
				f.Permissions = withRow(f.Permissions, p, newPermissionControl(p, in.Permissions[p.ID], errs))
			}
		},
	}
}

// permissionControl is the control of one permission.
type permissionControl struct {
	permission.Permission

	Choice formField
	// Items is the text of a list. It has no name for a switch.
	Items formField
}

// newPermissionControl returns a control with its input and errors.
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
	c.Choice.Choices = chosenOf(choices, in.Choice)
	return c
}

func itemsHint(kind permission.Kind) string {
	items := map[permission.Kind]string{permission.KindExtensions: "Extensions, self, linked", permission.KindNumbers: "Numbers"}[kind]
	return cmp.Or(items, "Names") + " or all. Separate with commas."
}

// module is the permissions of one module, as rows of a page.
type module[Row any] struct {
	Name string
	Rows []Row
}

// withRow adds the row of a permission to those of its module, even if the module
// is not the last one.
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

// moduleName is the name of a module on pages.
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

// Choices of the control of a permission; "" does not set it.
const (
	choiceOn     = "on"
	choiceOff    = "off"
	choiceSet    = "replace"
	choiceAppend = "append"
)

// permissionInput is the input of the control of one permission.
type permissionInput struct {
	Choice string `json:"choice"`
	Items  string `json:"items"`
}

// String describes what the control holds.
func (in permissionInput) String() string { return strings.TrimSpace(in.Choice + " " + in.Items) }

// permissionsInput is the input of the controls of permissions, by ID.
type permissionsInput map[string]permissionInput

// permissionField is the name of the control of a permission, also in errors, and
// permissionItems that of the text of a list.
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

// fill sets the grants to the input. It does not change permissions without a
// control.
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
			errs = append(errs, resource.FieldErrors(permissionField(p.ID), err)...)
		case sets:
			after[p.ID] = value
		default:
			delete(after, p.ID)
		}
	}
	*grants = after
	return errs
}

// value is the value of a control; sets is false when it is not set.
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
