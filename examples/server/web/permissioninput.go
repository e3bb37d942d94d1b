package web

import (
	"errors"
	"maps"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Choices of the control of a permission; "" says nothing about it.
const (
	chosenOn      = "on"
	chosenOff     = "off"
	chosenReplace = "replace"
	chosenExtend  = "extend"
)

// saidInput is what the control of one permission holds.
type saidInput struct{ Choice, Items string }

// permissionsInput is what the controls of permissions hold, by ID.
type permissionsInput map[string]saidInput

// permissionField is the name of the control of a permission, as refusals name
// it, and permissionItems that of the text of a list.
func permissionField(id string) string { return "permissions." + id }

func permissionItems(id string) string { return permissionField(id) + ".items" }

// readPermissions reads the controls that are in a form.
func readPermissions(form url.Values, known []userman.Permission) permissionsInput {
	in := permissionsInput{}
	for _, p := range known {
		if form.Has(permissionField(p.ID)) {
			in[p.ID] = saidInput{form.Get(permissionField(p.ID)), form.Get(permissionItems(p.ID))}
		}
	}
	return in
}

func inputOfPermissions(said userman.Permissions, known []userman.Permission) permissionsInput {
	in := permissionsInput{}
	for _, p := range known {
		value, ok := said[p.ID]
		switch {
		case !ok, value.IsList() == (p.Kind == userman.Switch): // of another kind it counts for nothing
			in[p.ID] = saidInput{}
		case !value.IsList():
			in[p.ID] = saidInput{Choice: value.String()}
		case value.Extends():
			in[p.ID] = saidInput{chosenExtend, strings.Join(value.Items(), ", ")}
		default:
			in[p.ID] = saidInput{chosenReplace, strings.Join(value.Items(), ", ")}
		}
	}
	return in
}

// fill puts the controls into what is said. What has no control stays.
func (in permissionsInput) fill(said *userman.Permissions, known []userman.Permission) error {
	after := userman.Permissions{}
	maps.Copy(after, *said)
	var refused []store.FieldError
	for _, p := range known {
		typed, ok := in[p.ID]
		if !ok {
			continue
		}
		value, sets, err := typed.value(p.Kind)
		switch {
		case err != nil:
			refused = append(refused, refusedPermission(p.ID, err)...)
		case sets:
			after[p.ID] = value
		default:
			delete(after, p.ID)
		}
	}
	*said = after
	return store.Invalid(refused...)
}

// value is what a control says; sets is false when it says nothing.
func (in saidInput) value(kind userman.Kind) (value userman.Value, sets bool, err error) {
	items := strings.TrimSpace(in.Items)
	switch {
	case kind == userman.Switch && in.Choice == "":
		return value, false, nil
	case kind == userman.Switch:
		value, err = userman.ParseValue(kind, in.Choice)
		return value, true, err
	case in.Choice == "" && items != "":
		return value, false, refusedSaid("choose whether this is all, or is added; or leave the text empty")
	case in.Choice == "":
		return value, false, nil
	case in.Choice == chosenReplace && items == "":
		return userman.Replace(), true, nil
	case in.Choice == chosenExtend && items == "":
		return value, false, refusedSaid("write what to add, or choose not set")
	case in.Choice != chosenReplace && in.Choice != chosenExtend:
		return value, false, refusedSaid("choose one of the choices")
	}
	value, err = userman.ParseValue(kind, items)
	if err != nil || in.Choice == chosenReplace {
		return userman.Replace(value.Items()...), true, err
	}
	return userman.Extend(value.Items()...), true, nil
}

func refusedSaid(message string) error {
	return store.Invalid(store.FieldError{Field: "value", Code: "choice", Message: message})
}

// refusedPermission names the control that err is about.
func refusedPermission(id string, err error) []store.FieldError {
	invalid, ok := errors.AsType[*store.InvalidError](err)
	if !ok {
		return nil
	}
	refused := make([]store.FieldError, len(invalid.Fields))
	for i, f := range invalid.Fields {
		refused[i] = store.FieldError{Field: permissionField(id), Code: f.Code, Message: f.Message}
	}
	return refused
}
