package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// managerFields are the form of an AMI account, new or not.
type managerFields struct {
	Problems []problem
	// Refused is what was refused of an act, which saves nothing of the form.
	ActionErrors []problem
	Conflict     []difference
	// Version is that of the account that was put into the form.
	Version string
	// Said is what a button of the form has done; nothing is saved yet.
	Message  string
	Warnings []problem
	// Action is the address of the form.
	Action string

	Name, Secret, Deny, Permit, NamedACL field
	WriteTimeout, Owner, Note            field
	Presets                              group
	Classes                              []classRow
	// ClassErrors are what was refused about the classes.
	ClassErrors []string
	Filters     []filterRow
	Switches    []choice
}

// classRow is one privilege class, and whether the account has it.
type classRow struct {
	manager.Class

	Reads, Writes bool
}

// filterRow is one event filter.
type filterRow struct {
	Index, Number                        int
	Action, Event, Header, Method, Match field
}

func managerLabels(in managerInput) map[string]string {
	labels := map[string]string{
		"name": "Name", "secret": "Secret", "deny": "Deny", "permit": "Permit", "named_acl": "Named ACL",
		"read": "Read", "write": "Write", "event_filters": "Event filters", "write_timeout": "Write timeout",
		"owner": "Owner", "note": "Note", "display_connects": "Log connections", "allow_multiple_login": "Multiple sessions",
	}
	for i := range in.Filters {
		for _, part := range []string{"action", "event", "header", "method", "match"} {
			labels[fmt.Sprintf("event_filters[%d].%s", i, part)] = fmt.Sprintf("Filter %d, %s", i+1, part)
		}
	}
	return labels
}

// managerFields draws the form with what was typed and refused. The secret is
// never drawn.
func (v *pageHandler) managerFields(name string, in managerInput, errs formErrors) managerFields {
	labels := managerLabels(in)
	input := func(name, value, hint string) field {
		return field{Name: name, Label: labels[name], Value: value, Hint: hint, Autocomplete: "off", Errors: errs.forField(name)}
	}
	f := managerFields{
		Problems: errs.summary(labels), Warnings: in.warnings(), Action: v.r.URL.Path,
		Name:         input("name", name, "The username of the integration, for example crmpro_ami. You cannot change it later."),
		Secret:       input("secret", "", "Leave empty to generate a strong secret, which is shown only once."),
		Deny:         input("deny", in.Deny, "One address or network per line. If only Permit is set, all other addresses are denied."),
		Permit:       input("permit", in.Permit, "One address or network per line, for example 10.0.0.0/8. Exceptions to Deny."),
		NamedACL:     input("named_acl", in.NamedACL, "A section of acl.conf that also applies. Usually empty."),
		WriteTimeout: input("write_timeout", in.WriteTimeout, "How long Asterisk waits for a slow client, in milliseconds. Leave empty for 100."),
		Owner:        input("owner", in.Owner, "The contact for the integration. Not sent to Asterisk."),
		Note:         input("note", in.Note, "Free text. Not sent to Asterisk."),
		Presets:      presetGroup(in), Classes: classRows(in), ClassErrors: slices.Concat(errs.forField("read"), errs.forField("write")),
		Filters: filterRows(in, errs), Switches: switches(in),
	}
	f.Name.Required = true
	f.Secret.Type, f.Secret.Autocomplete = "password", "new-password"
	if v.form().Get("secret") != "" {
		f.Secret.Hint = retypeHint
	}
	f.Deny.Rows, f.Permit.Rows, f.Note.Rows = 3, 3, 3
	f.WriteTimeout.InputMode = "numeric"
	return f
}

// warnings are what is doubtful about what was typed.
func (in managerInput) warnings() []problem {
	var u manager.Account
	in.fill(&u)
	var doubtful formErrors
	for _, w := range u.Lint() {
		doubtful.fields = append(doubtful.fields, store.FieldError{Field: w.Field, Code: w.Code, Message: sentence(w.Message)})
	}
	return doubtful.summary(managerLabels(in))
}

func presetGroup(in managerInput) group {
	g := group{
		Name: "preset", Legend: "Start from a preset", One: true,
		Hint: "A preset fills in the classes and event filters below. You can change them before you save.",
	}
	for _, p := range manager.Presets() {
		fits := slices.Equal(p.Read.Names(), in.Read) && slices.Equal(p.Write.Names(), in.Write)
		g.Choices = append(g.Choices, choice{Value: p.Name, Label: p.Name, Hint: p.Description, Chosen: fits})
	}
	return g
}

func classRows(in managerInput) []classRow {
	classes := manager.Classes()
	rows := make([]classRow, len(classes))
	for i, c := range classes {
		rows[i] = classRow{c, slices.Contains(in.Read, c.Name), slices.Contains(in.Write, c.Name)}
	}
	return rows
}

func filterRows(in managerInput, errs formErrors) []filterRow {
	rows := make([]filterRow, len(in.Filters))
	for i, f := range in.Filters {
		part := func(name, value string, options ...string) field {
			full := fmt.Sprintf("event_filters[%d].%s", i, name)
			return field{Name: full, Label: strings.ToUpper(name[:1]) + name[1:], Value: value, Choices: optionsOf(value, options), Errors: errs.forField(full)}
		}
		rows[i] = filterRow{
			Index: i, Number: i + 1,
			Action: part("action", f.Action, string(manager.Exclude), string(manager.Include)),
			Event:  part("event", f.Event), Header: part("header", f.Header), Match: part("match", f.Match),
			Method: part("method", f.Method, string(manager.MatchNone), string(manager.MatchExact), string(manager.MatchStartsWith),
				string(manager.MatchEndsWith), string(manager.MatchContains), string(manager.MatchRegex)),
		}
	}
	return rows
}

func optionsOf(chosen string, options []string) []choice {
	all := make([]choice, len(options))
	for i, o := range options {
		all[i] = choice{Value: o, Label: strings.ReplaceAll(o, "_", " "), Chosen: o == chosen}
	}
	return all
}

func switches(in managerInput) []choice {
	return []choice{
		{
			Value: "display_connects", Label: "Log connections", Chosen: in.DisplayConnects,
			Hint: "Logs each login and logoff on the Asterisk console (displayconnects). \"manager show users\" lists the account either way.",
		},
		{
			Value: "allow_multiple_login", Label: "Multiple sessions", Chosen: in.Multiple,
			Hint: "Most integrations need this, because they reconnect before their old session ends.",
		},
		{
			Value: "disabled", Label: "Disabled", Chosen: in.Disabled,
			Hint: "The account stays here, but the next apply removes it from Asterisk.",
		},
	}
}

// conflictOfManager compares what stands now with what was typed.
func conflictOfManager(now, typed managerInput) []difference {
	yesNo := map[bool]string{true: "yes", false: "no"}
	return differences(
		difference{"Deny", joinList(splitList(now.Deny)), joinList(splitList(typed.Deny))},
		difference{"Permit", joinList(splitList(now.Permit)), joinList(splitList(typed.Permit))},
		difference{"Named ACL", now.NamedACL, typed.NamedACL},
		difference{"Read", joinList(now.Read), joinList(typed.Read)},
		difference{"Write", joinList(now.Write), joinList(typed.Write)},
		difference{"Event filters", filterTexts(now.Filters), filterTexts(typed.Filters)},
		difference{"Log connections", yesNo[now.DisplayConnects], yesNo[typed.DisplayConnects]},
		difference{"Multiple sessions", yesNo[now.Multiple], yesNo[typed.Multiple]},
		difference{"Write timeout", now.WriteTimeout, typed.WriteTimeout},
		difference{"Disabled", yesNo[now.Disabled], yesNo[typed.Disabled]},
		difference{"Owner", now.Owner, typed.Owner},
		difference{"Note", now.Note, typed.Note},
	)
}

func joinList(all []string) string { return strings.Join(all, ", ") }

func filterTexts(filters []filterInput) string {
	all := make([]string, len(filters))
	for i, f := range filters {
		all[i] = strings.Join([]string{f.Action, f.Event, f.Header, f.Method, f.Match}, " ")
	}
	return strings.Join(all, "; ")
}
