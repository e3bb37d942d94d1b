package web

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionField is the name of the field of a permission, and permissionItems
// that of the control with the items of a list.
func permissionField(id string) string { return permissionPrefix + id }

func permissionItems(id string) string { return permissionField(id) + ".items" }

const permissionPrefix = "permissions."

func isPermission(m field.Meta) bool { return strings.HasPrefix(m.Name, permissionPrefix) }

// withPermissions returns a type that has the permissions of a record as fields. The
// text of a field is the choice, and the items of a list behind a space.
func withPermissions[R any](t resource.Type[R], all []permission.Permission, at func(*R) *permission.Permissions) *resource.Type[R] {
	t.Parts = slices.Clone(t.Parts)
	for _, p := range all {
		name := permissionField(p.ID)
		t.Parts = append(t.Parts, resource.Part[R]{
			Meta: field.Meta{Name: name, Kind: field.KindText, Label: strings.TrimSuffix(p.Description, "."), Section: "Permissions"},
			Get: func(now *R) field.Value {
				value, ok := (*at(now))[p.ID]
				return field.TextValue(permissionText(p.Kind, value, ok))
			},
			Set: func(now *R, v field.Value) []store.FieldError {
				value, sets, err := parsePermission(p.Kind, v.Text())
				if err != nil {
					return store.FieldErrorsAt(name, err)
				}
				if before, ok := (*at(now))[p.ID]; v.Text() == permissionText(p.Kind, before, ok) {
					return nil // a value that the form cannot show stays
				}
				after := permission.Permissions{} // other copies of the record share the map
				maps.Copy(after, *at(now))
				delete(after, p.ID)
				if sets {
					after[p.ID] = value
				}
				*at(now) = after
				return nil
			},
		})
	}
	return &t
}

// readPermission reads the controls of a permission, if they are in the form.
func readPermission(texts map[string][]string, form url.Values, name string) {
	if form.Has(name) {
		texts[name] = []string{strings.TrimRight(form.Get(name)+" "+form.Get(name+".items"), " ")}
	}
}

// permissionControl is the control of one permission.
type permissionControl struct {
	permission.Permission

	Choice formField
	// Items is the text of a list. It has no name for a switch.
	Items formField
	// Value is the effective value of a user, and Why its reasons; nil for a group.
	Value string
	Why   *permission.Explanation
}

// Unset reports whether neither the record nor one of its groups sets the permission.
func (c permissionControl) Unset() bool {
	chosen := slices.ContainsFunc(c.Choice.Choices[1:], func(o choice) bool { return o.Chosen })
	return !chosen && c.Items.Value == "" && len(c.Choice.Errors) == 0 && (c.Why == nil || len(c.Why.Grants) == 1)
}

// lists reports whether the choice is one that a list follows.
func (c permissionControl) lists() bool {
	return slices.ContainsFunc(c.Choice.Choices, func(o choice) bool {
		return o.Chosen && (o.Value == choiceSet || o.Value == choiceAppend)
	})
}

// permissionTable are the controls of all permissions.
type permissionTable []module[permissionControl]

// Unset reports whether all permissions are unset.
func (t permissionTable) Unset() bool {
	return !slices.ContainsFunc(t, func(m module[permissionControl]) bool { return !m.Unset() })
}

// newPermissionControl returns a control with its input and errors.
func newPermissionControl(p permission.Permission, text string, errs formErrors) permissionControl {
	c := permissionControl{Permission: p}
	chosen, items, _ := strings.Cut(text, " ")
	c.Choice = formField{Name: permissionField(p.ID), Label: p.Description, Errors: errs.forField(permissionField(p.ID))}
	choices := []choice{{Value: "", Label: "Inherited"}, {Value: choiceOn, Label: "On"}, {Value: choiceOff, Label: "Off"}}
	if p.Kind != permission.KindBool {
		choices = []choice{{Value: "", Label: "Inherited"}, {Value: choiceNone, Label: "None"}, {Value: choiceSet, Label: "Only these"}, {Value: choiceAppend, Label: "Also these"}}
		c.Items = formField{
			Name: permissionItems(p.ID), Label: p.Description, Value: items, Autocomplete: "off",
			Hint: itemsHint(p.Kind), Errors: c.Choice.Errors,
		}
	}
	c.Choice.Choices = chosenOf(choices, chosen)
	return c
}

func itemsHint(kind permission.Kind) string {
	items := map[permission.Kind]string{permission.KindExtensions: "Extensions, self, linked", permission.KindNumbers: "Numbers"}[kind]
	return cmp.Or(items, "Names") + " or all. Separate with commas."
}

// Explained reports whether the controls have effective values.
func (t permissionTable) Explained() bool { return len(t) > 0 && t[0].Rows[0].Why != nil }

// module is the permissions of one module, as rows of a page.
type module[R interface{ Unset() bool }] struct {
	Name string
	Rows []R
}

// Unset reports whether all permissions of the module are unset.
func (m module[R]) Unset() bool {
	return !slices.ContainsFunc(m.Rows, func(row R) bool { return !row.Unset() })
}

// withRow adds the row of a permission to those of its module, even if the module
// is not the last one.
func withRow[R interface{ Unset() bool }](modules []module[R], p permission.Permission, row R) []module[R] {
	name := moduleName(p.Module())
	for i := range modules {
		if modules[i].Name == name {
			modules[i].Rows = append(modules[i].Rows, row)
			return modules
		}
	}
	return append(modules, module[R]{Name: name, Rows: []R{row}})
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
	choiceNone   = "none"
	choiceSet    = "replace"
	choiceAppend = "append"
)

// permissionText is the text that shows a value; ok is false when it is not set.
func permissionText(kind permission.Kind, value permission.Value, ok bool) string {
	switch {
	case !ok, value.IsList() == (kind == permission.KindBool): // of another kind it counts for nothing
		return ""
	case !value.IsList():
		return value.String()
	case value.IsAppend():
		return strings.TrimSpace(choiceAppend + " " + strings.Join(value.Items(), ", "))
	case len(value.Items()) == 0:
		return choiceNone
	}
	return choiceSet + " " + strings.Join(value.Items(), ", ")
}

// parsePermission reads a text; sets is false when the permission is not set.
func parsePermission(kind permission.Kind, text string) (value permission.Value, sets bool, err error) {
	chosen, items, _ := strings.Cut(text, " ")
	items = strings.TrimSpace(items)
	switch {
	case kind == permission.KindBool && chosen == "":
		return value, false, nil
	case kind == permission.KindBool:
		value, err = permission.ParseValue(kind, chosen)
		return value, true, err
	case chosen == "" && items != "":
		return value, false, invalidField("value", store.CodeChoice, "select how to apply the list, or leave it empty")
	case chosen == "":
		return value, false, nil
	case chosen == choiceNone:
		return permission.Set(), true, nil
	case chosen == choiceSet && items == "":
		return value, false, invalidField("value", store.CodeChoice, "enter a value, or select None")
	case chosen == choiceAppend && items == "":
		return value, false, invalidField("value", store.CodeChoice, "enter a value, or select Inherited")
	case chosen != choiceSet && chosen != choiceAppend:
		return value, false, invalidField("value", store.CodeChoice, "select an option")
	}
	value, err = permission.ParseValue(kind, items)
	if err != nil || chosen == choiceSet {
		return permission.Set(value.Items()...), true, err
	}
	return permission.Append(value.Items()...), true, nil
}
