package web

import (
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// formField is one control of a form, with its label, value and errors.
type formField struct {
	// Name is the name of the value in the form, and of the field in errors.
	Name string
	// Label names the field, and Hint explains it.
	Label, Hint string
	Value       string
	// Type is that of the input: "text" when empty. It is "radio" or "checkbox" for
	// a set of choices, and "box" for a single checkbox, which is checked when there
	// is a value.
	Type string
	// Autocomplete and InputMode are the attributes of that name.
	Autocomplete, InputMode string
	// Rows is the height of a text with several lines; 0 for other inputs.
	Rows     int
	Required bool
	// Form is the ID of the form that the control belongs to; empty for the one around it.
	Form string
	// ReadOnly is for values that cannot be changed here. Unsent leaves such a value out
	// of the form that is sent.
	ReadOnly, Unsent bool
	// Unit follows a number, such as "days".
	Unit string
	// Autofocus says that the page begins here, and Unmarked that the label does not say
	// that the field is required.
	Autofocus, Unmarked bool
	// Chips says that a script shows the values as chips. For a text it is the address of
	// suggestions, to which the script adds what is typed.
	Chips string
	// Choices are the options of a select, or the set of choices.
	Choices []choice
	Errors  []string
	// Warnings are what is probably unintended. Live says that they follow the input.
	Warnings []string
	Live     bool
	// Section is the heading of the part of the form, empty for a part of its own,
	// and Class the CSS class of the part.
	Section, Class string
	// Collapsed says that the reader opens the part of the form.
	Collapsed bool
}

// ID is the HTML ID that the label, the hint and the error summary refer to.
func (f formField) ID() string { return fieldID(f.Name) }

// Part is the last part of a name such as "event_filters[0].header".
func (f formField) Part() string { return f.Name[strings.LastIndex(f.Name, ".")+1:] }

// chosenLabel is the label of the chosen one, or the value.
func (f formField) chosenLabel() string {
	for _, c := range f.Choices {
		if c.Chosen {
			return c.Label
		}
	}
	return f.Value
}

// choice is one of several.
type choice struct {
	Value, Label, Hint string
	Chosen             bool
	// Data is what a script needs; empty for none.
	Data string
}

// chosenOf chooses the one of that value.
func chosenOf(choices []choice, value string) []choice {
	for i := range choices {
		choices[i].Chosen = choices[i].Value == value
	}
	return choices
}

// fieldID returns the HTML ID for the name of a field, which may be that of an
// element of a list, such as "event_filters[0].header".
func fieldID(name string) string {
	return "field-" + strings.NewReplacer("[", "-", "]", "", ".", "-").Replace(name)
}

// confirmation asks before an action that cannot be undone, or needs values. Its
// template says what happens.
type confirmation struct {
	// Record is the record that it is about, and UserID the ID of its user; empty
	// for other actions. Extra is what only this page shows.
	Record, Extra any
	UserID        store.UserID
	Problems      []problem
	// Controls ask for values.
	Controls []formField
	// Action is the address of the form, and Back the page to return to.
	Action, Back string
	// Wide says that the page has a table.
	Wide bool
}

// response returns the page that asks, with the errors of an earlier attempt.
func (c confirmation) response(name string, errs formErrors) response {
	c.Problems = errs.markAll(c.Controls)
	return formPage(errs, "confirm/"+name, "", c)
}
