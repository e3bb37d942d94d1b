package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/field"
)

// privilegesForm are the controls of an AMI account that are no fields.
type privilegesForm struct {
	Presets formField
	Classes []classRow
	// ClassErrors are the errors of the classes.
	ClassErrors []string
	Filters     []filterRow
	// Added is a row as it is added, and Spare are rows for a browser without scripts.
	Added filterRow
	Spare []filterRow
	// Read, Write and EventFilters stand for the warnings about them.
	Read, Write, EventFilters formField
	// Open says that the advanced part is open.
	Open bool
}

// classRow is one privilege class, and whether the account has it.
type classRow struct {
	manager.Class

	Reads, Writes bool
}

// filterRow is one event filter.
type filterRow struct {
	Title string
	Parts []formField
}

// filterPart is one control of an event filter.
type filterPart struct {
	name    string
	options []string
	at      func(*manager.EventFilter) *string
}

func filterParts() []filterPart {
	return []filterPart{
		{"action", []string{string(manager.Exclude), string(manager.Include)}, func(f *manager.EventFilter) *string { return (*string)(&f.Action) }},
		{"event", nil, func(f *manager.EventFilter) *string { return &f.Event }},
		{"header", nil, func(f *manager.EventFilter) *string { return &f.Header }},
		{"method", []string{
			string(manager.MatchNone), string(manager.MatchExact), string(manager.MatchStartsWith),
			string(manager.MatchEndsWith), string(manager.MatchContains), string(manager.MatchRegex),
		}, func(f *manager.EventFilter) *string { return (*string)(&f.Method) }},
		{"match", nil, func(f *manager.EventFilter) *string { return &f.Match }},
	}
}

// otherAddresses is the section of the addresses that few accounts need.
const otherAddresses = "Other addresses"

// draw leaves the classes to their own table, and says what most accounts need.
func (a *amiAccountPages) draw(context.Context, *request, *manager.Account) (drawer, error) {
	return func(m field.Meta, _ []string, f *formField) {
		switch m.Name {
		case "read", "write":
			*f = formField{}
		case "permit":
			f.Hint = "The address of the program's computer, such as 192.0.2.10. Empty: any address. One per line."
		}
	}, nil
}

// lintAMIAccount returns the warnings about an account.
func (p *pages) lintAMIAccount(account *manager.Account) []manager.Warning {
	return p.site.Host().Lint(account)
}

// warnings are the findings about the input by the names of the fields.
func (a *amiAccountPages) warnings(in input) map[string][]string {
	account, unreadable := a.New(), map[string]bool{}
	found, typed := map[string][]string{}, formErrors{typed: in.Texts}
	for _, e := range a.apply(account, in, true) {
		name, _, _ := strings.Cut(e.Field, "[")
		if name == "permit" || name == "deny" {
			unreadable[name] = true
			found[name] = append(found[name], sentence(e.Message))
		}
	}
	for _, w := range a.lintAMIAccount(account) {
		name, element, _ := strings.Cut(w.Field, "[")
		if element != "" {
			element = typed.elementPrefix(name, "["+element)
		}
		if name == "deny" && len(account.Deny) == 0 {
			name = "permit" // an empty list of denied addresses is out of sight, under Advanced
		}
		if !unreadable[name] { // it would judge the other entries only
			found[name] = append(found[name], sentence(element+w.Message))
		}
	}
	return found
}

// check returns the warnings about the current input as JSON.
func (a *amiAccountPages) check(_ context.Context, r *request) (response, error) {
	text, err := json.Marshal(a.warnings(a.read(r.PostForm)))
	return file{Status: http.StatusOK, ContentType: "application/json", Body: text}, err
}

// presetField offers the presets. The one that fits is chosen.
func presetField(in input) formField {
	f := formField{Name: "preset", Label: "What is the account for?", Type: "radio"}
	for _, p := range manager.Presets() {
		fits := slices.Equal(p.Read.Names(), in.Texts["read"]) && slices.Equal(p.Write.Names(), in.Texts["write"]) && len(in.Filters) == 0
		data, err := json.Marshal(p)
		if err != nil {
			continue // it holds plain values
		}
		f.Choices = append(f.Choices, choice{Value: p.Name, Label: presetLabel(p.Name), Hint: p.Description, Chosen: fits, Data: string(data)})
	}
	return f
}

// presetLabel writes the name of a preset as words.
func presetLabel(name string) string {
	words := strings.ReplaceAll(name, "-", " ")
	return capitalized(strings.Replace(words, "cdr ", "CDR ", 1))
}

// classRows leaves out the classes without effect that the account does not have.
func classRows(in input) []classRow {
	var rows []classRow
	for _, c := range manager.Classes() {
		row := classRow{c, slices.Contains(in.Texts["read"], c.Name), slices.Contains(in.Texts["write"], c.Name)}
		if c.Read != "" || c.Write != "" || row.Reads || row.Writes {
			rows = append(rows, row)
		}
	}
	return rows
}

// spareFilters is the number of empty rows for a browser without scripts.
const spareFilters = 2

// complete adds the presets, the classes and the event filters to the form, and the
// warnings to the fields.
func (a *amiAccountPages) complete(f *form, in input, errs formErrors) {
	warnings, presets := a.warnings(in), presetField(in)
	live := func(name string) formField { return formField{Name: name, Live: true, Warnings: warnings[name]} }
	for _, s := range f.Sections {
		for i, c := range s.Inputs {
			if slices.Contains([]string{"permit", "deny", "named_acl"}, c.Name) {
				s.Inputs[i].Live = true
				if len(c.Errors) == 0 { // which say the same
					s.Inputs[i].Warnings = warnings[c.Name]
				}
			}
		}
	}
	pf := &privilegesForm{
		Presets: presets, Classes: classRows(in), ClassErrors: slices.Concat(errs.forField("read"), errs.forField("write")),
		Filters: filterRows(in.Filters, 0, errs), Read: live("read"), Write: live("write"), EventFilters: live("event_filters"),
		Added: newFilterRow("new", "Filter", newFilter(), formErrors{}),
	}
	for i := range spareFilters {
		pf.Spare = append(pf.Spare, filterRows([]manager.EventFilter{newFilter()}, len(in.Filters)+i, formErrors{})...)
	}
	fits := slices.ContainsFunc(presets.Choices, func(c choice) bool { return c.Chosen })
	set := len(in.Texts["read"])+len(in.Texts["write"])+len(in.Filters) > 0
	pf.Open = set && !fits || len(pf.ClassErrors)+len(errs.forField("event_filters"))+sectionOf(*f, otherAddresses).Errors()+sectionOf(*f, "Options").Errors() > 0
	f.Privileges = pf
}

func filterLabels(filters []manager.EventFilter) map[string]string {
	labels := map[string]string{"event_filters": "Event filters"}
	for i := range filters {
		for _, part := range filterParts() {
			labels[fmt.Sprintf("event_filters[%d].%s", i, part.name)] = fmt.Sprintf("Filter %d, %s", i+1, part.name)
		}
	}
	return labels
}

// readFilters reads the rows. It leaves out empty rows. It returns one row more than
// allowed, which the service rejects.
func readFilters(form url.Values) []manager.EventFilter {
	var rows []manager.EventFilter
	for i := range form["filter_action"] {
		var row manager.EventFilter
		for _, part := range filterParts() {
			if values := form["filter_"+part.name]; i < len(values) {
				*part.at(&row) = values[i]
			}
		}
		empty := row == manager.EventFilter{Action: row.Action, Method: manager.MatchNone}
		if !empty && len(rows) <= manager.MaxEventFilters {
			rows = append(rows, row)
		}
	}
	return rows
}

// newFilter is a row as it is added.
func newFilter() manager.EventFilter {
	return manager.EventFilter{Action: manager.Exclude, Method: manager.MatchNone}
}

// filterRows draws event filters; from is the number of rows before them.
func filterRows(filters []manager.EventFilter, from int, errs formErrors) []filterRow {
	rows := make([]filterRow, len(filters))
	for i, f := range filters {
		rows[i] = newFilterRow(strconv.Itoa(from+i), fmt.Sprintf("Filter %d", from+i+1), f, errs)
	}
	return rows
}

// newFilterRow draws an event filter. index is the one in the names of the fields.
func newFilterRow(index, title string, f manager.EventFilter, errs formErrors) filterRow {
	row := filterRow{Title: title}
	for _, part := range filterParts() {
		name, value := "event_filters["+index+"]."+part.name, *part.at(&f)
		row.Parts = append(row.Parts, formField{
			Name: name, Label: capitalized(part.name), Value: value, Choices: optionsOf(value, part.options), Errors: errs.forField(name),
		})
	}
	return row
}

func optionsOf(chosen string, options []string) []choice {
	all := make([]choice, len(options))
	for i, o := range options {
		all[i] = choice{Value: o, Label: strings.ReplaceAll(o, "_", " "), Chosen: o == chosen}
	}
	return all
}

func filterTexts(filters []manager.EventFilter) string {
	var all []string
	for _, f := range filters {
		all = append(all, strings.Join([]string{string(f.Action), f.Event, f.Header, string(f.Method), f.Match}, " "))
	}
	return strings.Join(all, "; ")
}
