package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// privilegesForm are the controls of an AMI account that are no fields.
type privilegesForm struct {
	Presets formField
	Classes []classRow
	// ClassErrors are the errors of the classes.
	ClassErrors []string
	Filters     []filterRow
	Warnings    []problem
}

// classRow is one privilege class, and whether the account has it.
type classRow struct {
	manager.Class

	Reads, Writes bool
}

// filterRow is one event filter.
type filterRow struct {
	Index, Number int
	Parts         []formField
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

// draw leaves the classes to their own table.
func (a *amiAccountPages) draw(context.Context, *request, *manager.Account) (drawer, error) {
	return func(m field.Meta, _ []string, f *formField) {
		if m.Name == "read" || m.Name == "write" {
			*f = formField{}
		}
	}, nil
}

// lintAMIAccount returns the warnings about an account.
func (p *pages) lintAMIAccount(account *manager.Account) []manager.Warning {
	return p.site.Host().Lint(account)
}

// warnings are the findings about the input.
func (a *amiAccountPages) warnings(in input) []problem {
	account := a.New()
	a.apply(account, in, true)
	var found formErrors
	for _, w := range a.lintAMIAccount(account) {
		found.fields = append(found.fields, store.FieldError{Field: w.Field, Code: w.Code, Message: sentence(w.Message)})
	}
	return found.summary(a.labels(in))
}

// check returns the warnings about the current input, for htmx.
func (a *amiAccountPages) check(_ context.Context, r *request) (response, error) {
	return fragment{"warnings", a.warnings(a.read(r.PostForm))}, nil
}

func presetField(in input) formField {
	f := formField{
		Name: "preset", Label: "Start from a preset", Type: "radio",
		Hint: "A preset fills in the classes and event filters below. You can change them before you save.",
	}
	for _, p := range manager.Presets() {
		fits := slices.Equal(p.Read.Names(), in.Texts["read"]) && slices.Equal(p.Write.Names(), in.Texts["write"])
		f.Choices = append(f.Choices, choice{Value: p.Name, Label: p.Name, Hint: p.Description, Chosen: fits})
	}
	return f
}

func classRows(in input) []classRow {
	classes := manager.Classes()
	rows := make([]classRow, len(classes))
	for i, c := range classes {
		rows[i] = classRow{c, slices.Contains(in.Texts["read"], c.Name), slices.Contains(in.Texts["write"], c.Name)}
	}
	return rows
}

// formButton does what the buttons inside the form ask for.
func (a *amiAccountPages) formButton(r *request, in *input) (message string, ok bool) {
	switch do := r.form("do"); {
	case do == "preset":
		return a.usePreset(in, r.form("preset")), true
	case do == "add-filter":
		in.Filters = append(in.Filters, newFilter())
		return "Filter added. It is not saved yet.", true
	case r.PostForm.Has("remove-filter"):
		return "Filter removed. The change is not saved yet.", true
	}
	return "", false
}

func (a *amiAccountPages) usePreset(in *input, name string) string {
	preset, ok := manager.LookupPreset(name)
	if !ok {
		return "Select a preset first."
	}
	account := a.New()
	a.apply(account, *in, true)
	preset.ApplyTo(account)
	filled := a.of(account)
	for _, set := range []string{"read", "write", "write_timeout", "allow_multiple_login"} {
		in.Texts[set] = filled.Texts[set]
	}
	in.Filters = filled.Filters
	return fmt.Sprintf("Preset %s filled in. The changes are not saved yet.", preset.Name)
}

// complete adds the presets, the classes and the event filters to the form.
func (a *amiAccountPages) complete(f *form, in input, errs formErrors) {
	f.Privileges = &privilegesForm{
		Presets: presetField(in), Classes: classRows(in), ClassErrors: slices.Concat(errs.forField("read"), errs.forField("write")),
		Filters: filterRows(in.Filters, errs), Warnings: a.warnings(in),
	}
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

// readFilters reads the rows. It leaves out new rows without changes, and the row
// whose button to remove it was pressed. It returns one row more than allowed,
// which the service rejects.
func readFilters(form url.Values) []manager.EventFilter {
	var rows []manager.EventFilter
	for i := range form["filter_action"] {
		var row manager.EventFilter
		for _, part := range filterParts() {
			if values := form["filter_"+part.name]; i < len(values) {
				*part.at(&row) = values[i]
			}
		}
		if form.Get("remove-filter") != strconv.Itoa(i) && row != newFilter() && len(rows) <= manager.MaxEventFilters {
			rows = append(rows, row)
		}
	}
	return rows
}

// newFilter is a row as it is added.
func newFilter() manager.EventFilter {
	return manager.EventFilter{Action: manager.Exclude, Method: manager.MatchNone}
}

func filterRows(filters []manager.EventFilter, errs formErrors) []filterRow {
	rows := make([]filterRow, len(filters))
	for i := range filters {
		rows[i] = filterRow{Index: i, Number: i + 1}
		for _, part := range filterParts() {
			name, value := fmt.Sprintf("event_filters[%d].%s", i, part.name), *part.at(&filters[i])
			rows[i].Parts = append(rows[i].Parts, formField{
				Name: name, Label: capitalized(part.name), Value: value, Choices: optionsOf(value, part.options), Errors: errs.forField(name),
			})
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

func filterTexts(filters []manager.EventFilter) string {
	var all []string
	for _, f := range filters {
		all = append(all, strings.Join([]string{string(f.Action), f.Event, f.Header, string(f.Method), f.Match}, " "))
	}
	return strings.Join(all, "; ")
}
