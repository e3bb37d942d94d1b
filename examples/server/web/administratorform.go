package web

import (
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
)

// administratorFields are the form of an administrator, new or not.
type administratorFields struct {
	Problems []problem
	// Refused is what was refused of an act, which saves nothing of the form.
	ActionErrors []problem
	// Conflict lists what somebody else changed meanwhile.
	Conflict []difference
	// Version is that of the record that was put into the form.
	Version     string
	Username    field
	Password    field
	DisplayName field
	Access      group
	Sections    group
	Extensions  field
	DIDs        field
	Teams       field
}

// administratorLabels are the labels by the fields' names.
func administratorLabels() map[string]string {
	return map[string]string{
		"username": "Username", "display_name": "Display name", "password": "Password", "access": "Admin access",
		"sections": "Section access", "extensions": "Allowed extensions", "dids": "Allowed DIDs", "teams": "Teams",
	}
}

// administratorFields draws the form with what was typed and refused. The
// password is never drawn.
func (v *pageHandler) administratorFields(username string, in administratorInput, errs formErrors) administratorFields {
	labels := administratorLabels()
	input := func(name, value, hint string) field {
		return field{Name: name, Label: labels[name], Value: value, Hint: hint, Autocomplete: "off", Errors: errs.forField(name)}
	}
	f := administratorFields{
		Problems:    errs.summary(labels),
		Username:    input("username", username, "At least two letters, digits, dots, dashes, underscores, plus signs or @. You cannot change it later."),
		Password:    newPassword(errs),
		DisplayName: input("display_name", in.DisplayName, "The name shown to other people."),
		Access:      accessGroup(in.Access, errs),
		Sections:    sectionGroup(v.site.Administrators.Sections(), in.Sections, errs),
		Extensions:  input("extensions", in.Extensions, "Leave empty for all, or enter numbers and ranges such as 100-199,205."),
		DIDs:        input("dids", in.DIDs, "Leave empty for all, or enter numbers and ranges such as +4930100-+4930199."),
		Teams:       input("teams", in.Teams, "Leave empty for all, or enter team names separated by commas."),
	}
	f.Username.Required = true
	f.Password.Label, f.Password.Required = labels["password"], false
	f.Password.Hint = "Leave empty to get a link that lets the administrator choose a password. " + f.Password.Hint
	if v.form().Get("password") != "" {
		f.Password.Hint = retypeHint
	}
	return f
}

func accessGroup(chosen string, errs formErrors) group {
	return group{
		Name: "access", Legend: "Admin access", One: true, Errors: errs.forField("access"),
		Choices: []choice{
			{Value: string(ampusers.Limited), Label: "Limited", Hint: "Only the sections, numbers and teams below.", Chosen: chosen != string(ampusers.Full)},
			{Value: string(ampusers.Full), Label: "Full", Hint: "All sections, extensions, DIDs and teams.", Chosen: chosen == string(ampusers.Full)},
		},
	}
}

func sectionGroup(sections []ampusers.Section, chosen []string, errs formErrors) group {
	g := group{
		Name: "sections", Legend: "Section access", Errors: errs.forField("sections"),
		Hint: "The sections that a limited administrator can use. Select at least one.",
	}
	for _, s := range sections {
		g.Choices = append(g.Choices, choice{Value: s.ID, Label: s.Name, Hint: s.Description, Chosen: slices.Contains(chosen, s.ID)})
	}
	return g
}

// conflictOfAdministrator compares what stands now with what was typed.
func conflictOfAdministrator(now, typed administratorInput) []difference {
	return differences(
		difference{"Display name", now.DisplayName, typed.DisplayName},
		difference{"Admin access", now.Access, typed.Access},
		difference{"Section access", strings.Join(now.Sections, ", "), strings.Join(typed.Sections, ", ")},
		difference{"Allowed extensions", now.Extensions, typed.Extensions},
		difference{"Allowed DIDs", now.DIDs, typed.DIDs},
		difference{"Teams", now.Teams, typed.Teams},
	)
}
