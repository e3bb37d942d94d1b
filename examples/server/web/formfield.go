package web

import "strings"

// field is one input of a form: its label, what is in it, and what was refused
// about it.
type formField struct {
	// Name is that of the form's value, and of the field in refusals.
	Name string
	// Label names it for people, Hint explains it.
	Label, Hint string
	Value       string
	// Type is that of the input: "text" when empty.
	Type string
	// Autocomplete and InputMode are the attributes of that name.
	Autocomplete, InputMode string
	// Rows makes it a text of several lines.
	Rows     int
	Required bool
	// ReadOnly shows what cannot be changed here.
	ReadOnly bool
	// Choices make it a choice of one.
	Choices []choice
	Errors  []string
}

// ID is what the label, the hint and the summary of refusals refer to.
func (f formField) ID() string { return fieldID(f.Name) }

// Part is the last part of a name such as "event_filters[0].header".
func (f formField) Part() string { return f.Name[strings.LastIndex(f.Name, ".")+1:] }

// DescribedBy lists the ids of what explains the field.
func (f formField) DescribedBy() string {
	switch {
	case f.Hint != "" && len(f.Errors) > 0:
		return f.ID() + "-error " + f.ID() + "-hint"
	case f.Hint != "":
		return f.ID() + "-hint"
	case len(f.Errors) > 0:
		return f.ID() + "-error"
	}
	return ""
}

// retypeHint is the hint at a secret that was typed into a form that is shown
// again.
const retypeHint = "Please re-enter; secrets are never shown in forms."

// choice is one of several.
type choice struct {
	Value, Label, Hint string
	Chosen             bool
}

// group is a set of choices with a legend; any number of them, or one.
type group struct {
	Name, Legend, Hint string
	One                bool
	Choices            []choice
	Errors             []string
}

// ID is what the summary of refusals refers to.
func (g group) ID() string { return fieldID(g.Name) }

// DescribedBy lists the ids of what explains the group.
func (g group) DescribedBy() string {
	return formField{Name: g.Name, Hint: g.Hint, Errors: g.Errors}.DescribedBy()
}

// fieldID makes an id of the name of a field, which may be that of an element
// of a list, such as "event_filters[0].header".
func fieldID(name string) string {
	return "field-" + strings.NewReplacer("[", "-", "]", "", ".", "-").Replace(name)
}
