package web

import (
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// form is the form of a record.
type form struct {
	Problems []problem
	// ActionErrors are the errors of an action that saves nothing of the form.
	ActionErrors []problem
	// Conflict lists the fields that someone else has changed since the form was
	// loaded.
	Conflict []difference
	// Revocations are the accounts whose credentials the change ends. Nothing is saved
	// until the form is sent again.
	Revocations *userman.Revocations
	// Confirmed is the value that confirms the revocations.
	Confirmed string
	// Version is the version of the record when the form was loaded.
	Version string
	// Message is the result of a button inside the form. Nothing is saved.
	Message string
	// Action is the address of the form, and List the page to return to.
	Action, List string
	// UserID is the ID of the user that the form is about; empty for other records.
	UserID store.UserID
	// Submit is the label of the button; empty when the form is read-only.
	Submit   string
	Sections []formSection
	// Privileges are the controls of an AMI account beside the fields, and
	// Permissions those of a group or a user.
	Privileges  *privilegesForm
	Permissions []module[permissionControl]
}

// formSection is a part of a form. A part without a legend holds one control.
type formSection struct {
	Legend, Class string
	// Inputs are drawn in columns, above the Choices.
	Inputs, Choices []formField
}

// drawer changes how a field is drawn. texts is the input. A field without a name
// is not drawn.
type drawer func(m field.Meta, texts []string, f *formField)

// draw returns the form with the input and its errors. Secrets are never drawn.
func (fs *fieldSet[R]) draw(in input, creating bool, errs formErrors, adjust drawer) form {
	f := form{Problems: errs.summary(fs.labels(in))}
	for _, m := range fs.metas(creating) {
		if isPermission(m) {
			continue
		}
		drawn := fs.control(m, in, errs)
		if adjust != nil {
			adjust(m, in.Texts[m.Name], &drawn)
		}
		f.add(drawn)
	}
	for _, p := range fs.permissions {
		f.Permissions = withRow(f.Permissions, p, newPermissionControl(p, in.text(permissionField(p.ID)), errs))
	}
	if fs.complete != nil {
		fs.complete(&f, in, errs)
	}
	return f
}

// add puts a control into its section.
func (f *form) add(c formField) {
	if c.Name == "" {
		return
	}
	i := slices.IndexFunc(f.Sections, func(s formSection) bool { return s.Legend == c.Section })
	if i < 0 || c.Section == "" {
		f.Sections = append(f.Sections, formSection{Legend: c.Section, Class: c.Class})
		i = len(f.Sections) - 1
	}
	s := &f.Sections[i]
	switch c.Type {
	case "radio", "checkbox", "box":
		s.Choices = append(s.Choices, c)
	default:
		s.Inputs = append(s.Inputs, c)
	}
}

// control draws a field by its kind and format.
func (fs *fieldSet[R]) control(m field.Meta, in input, errs formErrors) formField {
	f := formField{
		Name: m.Name, Label: m.Label, Hint: m.Help, Value: in.text(m.Name), Autocomplete: "off", Required: m.Required, Errors: errs.forField(m.Name), Section: m.Section,
	}
	switch {
	case m.Format == field.FormatMultiline && m.Kind == field.KindList:
		f.Rows, f.Hint = 3, strings.TrimSpace(m.Help+" One per line.")
	case m.Format == field.FormatMultiline:
		f.Rows = 3
	case m.Format == field.FormatChoice:
		f.Type = "checkbox"
	case m.Kind == field.KindList:
		f.Hint = strings.TrimSpace(m.Help + " Separate with commas.")
	case m.Kind == field.KindBool:
		f.Type = "box"
	case m.Kind == field.KindTime:
		f.Type, f.Label = "datetime-local", m.Label+" (UTC)"
	case m.Kind == field.KindInt, m.Format == field.FormatExtension && m.Kind == field.KindText:
		f.InputMode = "numeric"
	case m.Format == field.FormatEmail && m.Kind == field.KindText:
		f.InputMode = "email"
	case m.Format == field.FormatPhone:
		f.InputMode = "tel"
	}
	return f
}

// addSecret adds the password or secret of a new record, which can be left empty.
// intro goes before its hint; a form that is shown again asks for the secret again.
func (f *form) addSecret(section string, secret formField, r *request, errs formErrors, intro string) {
	secret.Section, secret.Hint, secret.Required, secret.Errors = section, intro+secret.Hint, false, errs.forField(secret.Name)
	if r.form(secret.Name) != "" {
		secret.Hint = "Please re-enter; secrets are never shown in forms."
	}
	f.add(secret)
}
