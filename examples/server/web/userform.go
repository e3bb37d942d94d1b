package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/userman"
)

// userFields are the form of a person, new or not.
type userFields struct {
	Problems []problem
	// Refused is what was refused of an act, which saves nothing of the form.
	ActionErrors []problem
	// Conflict lists what somebody else changed meanwhile.
	Conflict []difference
	// Version is that of the record that was put into the form.
	Version string
	// General, Names, Contact and Locale are parts of the form, in its order.
	General, Names, Contact, Locale []field
	Linked                          field
	Groups                          group
	// Password is of a new person only, as is Begin: what follows.
	Password field
	Begin    group
}

// userLabels are the labels by the fields' names.
func userLabels() map[string]string {
	return map[string]string{
		"username": "Username", "default_extension": "Default extension", "description": "Description",
		"title": "Title", "company": "Company", "department": "Department",
		"first_name": "First name", "last_name": "Last name", "display_name": "Display name",
		"email": "Primary email", "other_emails": "Other emails",
		"cell_phone": "Cell phone", "home_phone": "Home phone", "work_phone": "Work phone", "fax": "Fax",
		"language": "Language", "time_zone": "Time zone", "linked_extensions": "Linked extensions", "groups": "Groups",
		"password": "Password", "onboarding": "First sign-in", "picture": "New picture",
	}
}

// userHints explain fields that need it, by their names.
func userHints() map[string]string {
	return map[string]string{
		"username":          "The login name, often an email address or first.last.",
		"default_extension": "The user's own extension. Softphones are set up for it.",
		"display_name":      "Leave empty to use first and last name.",
		"email":             "Used for welcome emails and password resets.",
		"other_emails":      "Separate with commas.",
		"language":          "The email language, for example en, de or zh-Hans. Leave empty for the server default.",
		"time_zone":         "For example Europe/Berlin. Leave empty for UTC.",
		"linked_extensions": "Additional extensions, for example 1002, 1003. Several users can share them.",
	}
}

// userForms draws forms: it knows the groups, and what a directory keeps.
type userForms struct {
	groups []*userman.Group
	// owns says of a field whether the person's directory keeps it.
	owns func(name string) bool
	// directory is that one's name.
	directory string
}

func (f userForms) field(name, value string, errs formErrors) field {
	drawn := field{
		Name: name, Label: userLabels()[name], Value: value, Hint: userHints()[name], Autocomplete: "off",
		Errors: errs.forField(name), Required: name == "username", ReadOnly: f.owns(name),
	}
	switch name {
	case "email":
		drawn.InputMode = "email"
	case "cell_phone", "home_phone", "work_phone", "fax":
		drawn.InputMode = "tel"
	case "default_extension":
		drawn.InputMode = "numeric"
	}
	if drawn.ReadOnly {
		drawn.Hint = "Managed by the directory " + f.directory + ". Change it there."
	}
	return drawn
}

// fields draws the form with what was typed and refused.
func (f userForms) fields(in userInput, errs formErrors) userFields {
	drawn := map[string]field{}
	for _, t := range in.texts(&userman.User{}) {
		drawn[t.name] = f.field(t.name, *t.in, errs)
	}
	part := func(names ...string) []field {
		fields := make([]field, len(names))
		for i, name := range names {
			fields[i] = drawn[name]
		}
		return fields
	}
	return userFields{
		Problems: errs.summary(userLabels()),
		General:  part("username", "default_extension", "description"),
		Names:    part("first_name", "last_name", "display_name", "title", "company", "department"),
		Contact:  part("email", "other_emails", "cell_phone", "home_phone", "work_phone", "fax"),
		Locale:   part("language", "time_zone"),
		Linked:   drawn["linked_extensions"],
		Groups:   f.groupChoices(in.Groups, errs),
	}
}

func (f userForms) groupChoices(chosen []string, errs formErrors) group {
	g := group{Name: "groups", Legend: userLabels()["groups"], Hint: "Groups grant permissions to their members.", Errors: errs.forField("groups")}
	for _, each := range f.groups {
		hint := "Priority " + strconv.Itoa(each.Priority)
		if each.Description != "" {
			hint += ": " + each.Description
		}
		if each.Directory != "" {
			hint += " (managed by the directory " + each.Directory + ")"
		}
		g.Choices = append(g.Choices, choice{Value: each.Name, Label: each.Name, Hint: hint, Chosen: slices.Contains(chosen, each.Name)})
	}
	if len(g.Choices) == 0 {
		g.Hint = "There are no groups yet. Groups grant permissions to their members."
	}
	return g
}

// conflictOfUser compares what stands now with what was typed.
func conflictOfUser(now, typed userInput) []difference {
	var rows []difference
	theirs := now.texts(&userman.User{})
	for i, t := range typed.texts(&userman.User{}) {
		rows = append(rows, difference{userLabels()[t.name], *theirs[i].in, *t.in})
	}
	return differences(append(rows, difference{"Groups", strings.Join(now.Groups, ", "), strings.Join(typed.Groups, ", ")})...)
}
