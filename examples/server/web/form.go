package web

import (
	"cmp"
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
	// Action is the address of the form, and List the page to return to.
	Action, List string
	// UserID is the ID of the user that the form is about; empty for other records.
	UserID store.UserID
	// Submit is the label of the button; empty when the form is read-only.
	Submit string
	// Note says why some fields cannot be changed.
	Note     string
	Sections []formSection
	// Tabs are the parts of the page of a record. Each has some of the sections.
	Tabs []tab
	// Privileges are the controls of an AMI account beside the fields, and
	// Permissions those of a group or a user.
	Privileges  *privilegesForm
	Permissions permissionTable
}

// formSection is a part of a form. A part without a legend holds one control.
type formSection struct {
	Legend, Class string
	// Collapsed says that the reader opens the part, and Quiet that the title of the page
	// names it.
	Collapsed, Quiet bool
	// Inputs are drawn in columns, above the Choices.
	Inputs, Choices []formField
}

// Errors counts the fields with errors.
func (s formSection) Errors() int {
	count := 0
	for _, f := range slices.Concat(s.Inputs, s.Choices) {
		count += min(len(f.Errors), 1)
	}
	return count
}

// Filled shows the values of a part that is collapsed.
func (s formSection) Filled() string {
	var values []string
	for _, f := range s.Inputs {
		if f.Value != "" {
			values = append(values, f.Value)
		}
	}
	return strings.Join(values, " · ")
}

// sectionOf returns the part of a form with a legend.
func sectionOf(f form, legend string) formSection {
	i := slices.IndexFunc(f.Sections, func(s formSection) bool { return s.Legend == legend })
	if i < 0 {
		return formSection{}
	}
	return f.Sections[i]
}

// tab is a part of the page of a record that the reader selects. All tabs are in one
// form.
type tab struct {
	ID, Label string
	// legends are the legends of the sections in the tab. The first tab also has the sections
	// of no other one.
	legends  []string
	Sections []formSection
	// Permissions are the controls in the tab "permissions".
	Permissions permissionTable
	// Count is the number of records in the tab; 0 shows none.
	Count int
	// Page is the page of the record, for what only this page shows.
	Page any
}

// Errors counts the fields with errors.
func (t tab) Errors() int {
	count := 0
	for _, s := range t.Sections {
		count += s.Errors()
	}
	for _, m := range t.Permissions {
		for _, p := range m.Rows {
			count += min(len(p.Choice.Errors), 1)
		}
	}
	return count
}

// permissionsTab is the ID of the tab with the permissions, and activityTab the ID of the
// tab with the last entries of the audit log.
const (
	permissionsTab = "permissions"
	activityTab    = "activity"
)

// split puts the sections and the permissions into tabs.
func (f *form) split(tabs []tab) {
	f.Tabs = slices.Clone(tabs)
	for i := range f.Tabs {
		if f.Tabs[i].ID == permissionsTab {
			f.Tabs[i].Permissions = f.Permissions
		}
	}
	for _, s := range f.Sections {
		at := max(slices.IndexFunc(tabs, func(t tab) bool { return slices.Contains(t.legends, s.Legend) }), 0)
		f.Tabs[at].Sections = append(f.Tabs[at].Sections, s)
	}
}

// tab returns the tab with an ID.
func (f *form) tab(id string) *tab {
	return &f.Tabs[slices.IndexFunc(f.Tabs, func(t tab) bool { return t.ID == id })]
}

// drawer changes how a field is drawn. texts is the input. A field without a name
// is not drawn.
type drawer func(m field.Meta, texts []string, f *formField)

// draw returns the form with the input and its errors. Secrets are never drawn.
func (fs *fieldSet[R]) draw(in input, creating bool, errs formErrors, adjust drawer) form {
	if errs.typed == nil {
		errs.typed = in.Texts
	}
	errs.fields = fs.inOrder(errs.fields, creating)
	f := form{Problems: errs.summary(fs.labels(in))}
	for _, m := range fs.metas(creating) {
		if isPermission(m) {
			continue
		}
		drawn := fs.control(m, in, errs)
		drawn.Collapsed = slices.Contains(fs.collapsed, m.Section)
		if adjust != nil {
			adjust(m, in.Texts[m.Name], &drawn)
		}
		f.add(drawn)
	}
	for _, p := range fs.permissions {
		c := newPermissionControl(p, in.text(permissionField(p.ID)), errs)
		f.Permissions = withRow(f.Permissions, p, c)
		if c.lists() { // the error is about the list
			for i := range f.Problems {
				if f.Problems[i].Href == "#"+fieldID(c.Choice.Name) {
					f.Problems[i].Href = "#" + fieldID(c.Items.Name)
				}
			}
		}
	}
	if fs.complete != nil {
		fs.complete(&f, in, errs)
	}
	return f
}

// inOrder returns errors in the order of the fields in the form, and others behind them.
func (fs *fieldSet[R]) inOrder(errs []store.FieldError, creating bool) []store.FieldError {
	metas := fs.metas(creating)
	place := func(e store.FieldError) int {
		name, _, _ := strings.Cut(e.Field, "[")
		if i := slices.IndexFunc(metas, func(m field.Meta) bool { return m.Name == name }); i >= 0 {
			return i
		}
		return len(metas)
	}
	errs = slices.Clone(errs)
	slices.SortStableFunc(errs, func(a, b store.FieldError) int { return cmp.Compare(place(a), place(b)) })
	return errs
}

// add puts a control into its section.
func (f *form) add(c formField) {
	if c.Name == "" {
		return
	}
	i := slices.IndexFunc(f.Sections, func(s formSection) bool { return s.Legend == c.Section })
	if i < 0 || c.Section == "" {
		f.Sections = append(f.Sections, formSection{Legend: c.Section, Class: c.Class, Collapsed: c.Collapsed, Quiet: len(f.Sections) == 0})
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
