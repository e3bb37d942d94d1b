package web

import (
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store/field"
)

// form is the form of a record.
type form struct {
	Problems []problem
	// ActionErrors are the errors of an action that saves nothing of the form.
	ActionErrors []problem
	// Conflict lists the fields that someone else has changed since the form was
	// loaded.
	Conflict []difference
	// Version is the version of the record when the form was loaded.
	Version string
	// Message is the result of a button inside the form. Nothing is saved.
	Message string
	// Action is the address of the form, List the page to return to, and UserID
	// the ID of the user that the form is about; empty for other records.
	Action, List, UserID string
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
	Fields        []formField
	Groups        []group
	Boxes         []choice
}

// control is how a field is drawn: as one of a text, a group of choices, or a
// single checkbox.
type control struct {
	// Section is the heading of the part, empty for a part of its own, and Class
	// the CSS class.
	Section, Class string
	Field          *formField
	Group          *group
	Box            *choice
}

// drawer changes how a field is drawn. texts is the input.
type drawer func(m field.Meta, texts []string, c *control)

// draw returns the form with the input and its errors. Secrets are never drawn.
func (fs *fieldSet[R]) draw(in input, creating bool, errs formErrors, adjust drawer) form {
	f := form{Problems: errs.summary(fs.labels(in))}
	for _, m := range fs.metas(creating) {
		c := fs.control(m, in, errs)
		if adjust != nil {
			adjust(m, in.Texts[m.Name], &c)
		}
		f.add(c)
	}
	if fs.special != nil {
		fs.special.draw(&f, in, errs)
	}
	return f
}

// add puts a control into its section.
func (f *form) add(c control) {
	if c == (control{}) {
		return
	}
	i := slices.IndexFunc(f.Sections, func(s formSection) bool { return s.Legend == c.Section })
	if i < 0 || c.Section == "" {
		f.Sections = append(f.Sections, formSection{Legend: c.Section, Class: c.Class})
		i = len(f.Sections) - 1
	}
	s := &f.Sections[i]
	switch {
	case c.Field != nil:
		s.Fields = append(s.Fields, *c.Field)
	case c.Group != nil:
		s.Groups = append(s.Groups, *c.Group)
	case c.Box != nil:
		s.Boxes = append(s.Boxes, *c.Box)
	}
}

func (fs *fieldSet[R]) control(m field.Meta, in input, errs formErrors) control {
	c := control{Section: m.Section}
	switch {
	case slices.Contains(fs.boxes, m.Name):
		c.Group = &group{Name: m.Name, Legend: m.Label, Hint: m.Help, Errors: errs.forField(m.Name)}
	case m.Kind == field.KindBool:
		c.Box = &choice{Value: m.Name, Label: m.Label, Hint: m.Help, Chosen: in.text(m.Name) != ""}
	default:
		c.Field = fieldOf(m, in.text(m.Name), errs)
		lines := slices.Contains(fs.lines, m.Name)
		if lines || m.Format == field.FormatMultiline {
			c.Field.Rows = 3
		}
		switch {
		case m.Kind == field.KindList && lines:
			c.Field.Hint = strings.TrimSpace(m.Help + " One per line.")
		case m.Kind == field.KindList:
			c.Field.Hint = strings.TrimSpace(m.Help + " Separate with commas.")
		}
	}
	return c
}

// fieldOf draws a field as a text.
func fieldOf(m field.Meta, value string, errs formErrors) *formField {
	f := &formField{Name: m.Name, Label: m.Label, Hint: m.Help, Value: value, Autocomplete: "off", Required: m.Required, Errors: errs.forField(m.Name)}
	switch {
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
	secret.Hint, secret.Required, secret.Errors = intro+secret.Hint, false, errs.forField(secret.Name)
	if r.form(secret.Name) != "" {
		secret.Hint = "Please re-enter; secrets are never shown in forms."
	}
	f.add(control{Section: section, Field: &secret})
}
