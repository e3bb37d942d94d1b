package web

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// managerInput is what the form of an AMI account holds.
type managerInput struct {
	Deny, Permit, NamedACL    string
	Read, Write               []string
	Filters                   []filterInput
	DisplayConnects, Multiple bool
	WriteTimeout              string
	Disabled                  bool
	Owner, Note               string
}

// filterInput is one row of the event filters.
type filterInput struct{ Action, Event, Header, Method, Match string }

func readManager(form url.Values) managerInput {
	return managerInput{
		Deny: form.Get("deny"), Permit: form.Get("permit"), NamedACL: strings.TrimSpace(form.Get("named_acl")),
		Read: form["read"], Write: form["write"], Filters: readFilters(form),
		DisplayConnects: form.Has("display_connects"), Multiple: form.Has("allow_multiple_login"),
		WriteTimeout: strings.TrimSpace(form.Get("write_timeout")), Disabled: form.Has("disabled"),
		Owner: form.Get("owner"), Note: plainBreaks(form.Get("note")),
	}
}

// plainBreaks undoes what browsers make of line breaks.
func plainBreaks(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// readFilters reads the rows, but for those left as they are added, and the
// one whose button of removal was pressed. One row too many is kept, for the
// service to refuse.
func readFilters(form url.Values) []filterInput {
	var rows []filterInput
	at := func(name string, i int) string {
		if values := form[name]; i < len(values) {
			return values[i]
		}
		return ""
	}
	removed := form.Get("remove-filter")
	for i := range form["filter_action"] {
		if removed == strconv.Itoa(i) {
			continue
		}
		row := filterInput{at("filter_action", i), at("filter_event", i), at("filter_header", i), at("filter_method", i), at("filter_match", i)}
		if blank := newFilter(); row != blank && len(rows) <= manager.MaxEventFilters {
			rows = append(rows, row)
		}
	}
	return rows
}

// newFilter is a row as it is added.
func newFilter() filterInput {
	return filterInput{Action: string(manager.Exclude), Method: string(manager.MatchNone)}
}

func inputOfManager(u *manager.Account) managerInput {
	in := managerInput{
		Deny: networkLines(u.Deny), Permit: networkLines(u.Permit), NamedACL: u.NamedACL,
		Read: u.Read.Names(), Write: u.Write.Names(),
		DisplayConnects: u.DisplayConnects, Multiple: u.AllowMultipleLogin, WriteTimeout: strconv.Itoa(u.WriteTimeout),
		Disabled: u.Disabled, Owner: u.Owner, Note: u.Note,
	}
	for _, f := range u.EventFilters {
		in.Filters = append(in.Filters, filterInput{string(f.Action), f.Event, f.Header, string(f.Method), f.Match})
	}
	return in
}

func networkLines(networks []manager.Network) string {
	lines := make([]string, len(networks))
	for i, n := range networks {
		lines[i] = n.String()
	}
	return strings.Join(lines, "\n")
}

// fill puts the form into u, and returns what cannot be read. Where something
// cannot, it leaves what the service refuses too, so that all that is wrong
// with a form is said at once.
func (in managerInput) fill(u *manager.Account) []store.FieldError {
	var errs []store.FieldError
	u.Deny, errs = parseNetworks("deny", in.Deny, errs)
	u.Permit, errs = parseNetworks("permit", in.Permit, errs)
	u.Read, errs = parseClasses("read", in.Read, errs)
	u.Write, errs = parseClasses("write", in.Write, errs)
	u.WriteTimeout, errs = parseTimeout(in.WriteTimeout, errs)
	u.EventFilters = make([]manager.EventFilter, 0, len(in.Filters))
	for _, f := range in.Filters {
		u.EventFilters = append(u.EventFilters, manager.EventFilter{
			Action: manager.FilterAction(f.Action), Event: f.Event, Header: f.Header, Method: manager.FilterMethod(f.Method), Match: f.Match,
		})
	}
	u.NamedACL, u.Owner, u.Note = in.NamedACL, in.Owner, in.Note
	u.DisplayConnects, u.AllowMultipleLogin, u.Disabled = in.DisplayConnects, in.Multiple, in.Disabled
	return errs
}

// parseNetworks reads one network per line; the zero Network stands for one
// that cannot be read.
func parseNetworks(name, text string, errs []store.FieldError) ([]manager.Network, []store.FieldError) {
	lines := splitList(text)
	networks := make([]manager.Network, len(lines))
	for i, line := range lines {
		var err error
		networks[i], err = manager.ParseNetwork(line)
		errs = append(errs, renameFields(fmt.Sprintf("%s[%d]", name, i), err)...)
	}
	return networks, errs
}

// parseClasses reads names of classes, which only a program gets wrong: a set
// beyond all classes stands for them.
func parseClasses(name string, names []string, errs []store.FieldError) (manager.Privileges, []store.FieldError) {
	classes, err := manager.ParsePrivileges(names...)
	if err != nil {
		return manager.AllPrivileges + 1, append(errs, renameFields(name, err)...)
	}
	return classes, errs
}

func parseTimeout(text string, errs []store.FieldError) (int, []store.FieldError) {
	if text == "" {
		return 0, errs
	}
	timeout, err := strconv.Atoi(text)
	if err != nil {
		return -1, append(errs, store.FieldError{Field: "write_timeout", Code: "type", Message: "enter a whole number of milliseconds"})
	}
	return timeout, errs
}

// renameFields says of what field it was refused.
func renameFields(name string, err error) []store.FieldError {
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	all := make([]store.FieldError, len(invalid.Fields))
	for i, f := range invalid.Fields {
		all[i] = store.FieldError{Field: name, Code: f.Code, Message: f.Message}
	}
	return all
}
