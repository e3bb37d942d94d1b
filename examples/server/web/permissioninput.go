package web

import (
	"errors"
	"maps"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Choices of the control of a permission; "" says nothing about it.
const (
	choiceOn     = "on"
	choiceOff    = "off"
	choiceSet    = "replace"
	choiceAppend = "extend"
)

// permissionInput is what the control of one permission holds.
type permissionInput struct{ Choice, Items string }

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
		return value, false, permissionValueError("select how to apply the list, or leave it empty")
	case in.Choice == "":
		return value, false, nil
	case in.Choice == choiceSet && items == "":
		return permission.Set(), true, nil
	case in.Choice == choiceAppend && items == "":
		return value, false, permissionValueError("enter a value, or select Not set")
	case in.Choice != choiceSet && in.Choice != choiceAppend:
		return value, false, permissionValueError("select an option")
	}
	value, err = permission.ParseValue(kind, items)
	if err != nil || in.Choice == choiceSet {
		return permission.Set(value.Items()...), true, err
	}
	return permission.Append(value.Items()...), true, nil
}

func permissionValueError(message string) error {
	return store.NewInvalidError(store.FieldError{Field: "value", Code: "choice", Message: message})
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
