package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccountFlags are the flags of an AMI account that are no plain fields.
func amiAccountFlags() []extraFlag[manager.Account] {
	return []extraFlag[manager.Account]{
		presetFlag(),
		networksFlag("deny", "an address or range that cannot log in", func(u *manager.Account) *[]manager.Network { return &u.Deny }),
		networksFlag("permit", "an exception from the denied ranges; alone, it denies all others", func(u *manager.Account) *[]manager.Network { return &u.Permit }),
		classesFlag("read", "classes of events that the account receives, such as call,user", func(u *manager.Account) *manager.Privileges { return &u.Read }),
		classesFlag("write", "classes of actions that the account can run, such as call,originate", func(u *manager.Account) *manager.Privileges { return &u.Write }),
		{
			name: "event-filters", placeholder: "FILTER", usage: "a filter such as exclude,event=Newexten or include,header=Channel,starts_with=PJSIP/; may be repeated",
			parse: func(_ *app.App, given []string) (func(*manager.Account), []store.FieldError) {
				filters, errs := parseFilters(given)
				return func(u *manager.Account) { u.EventFilters = append([]manager.EventFilter(nil), filters...) }, errs
			},
		},
	}
}

func presetFlag() extraFlag[manager.Account] {
	return extraFlag[manager.Account]{
		name: "preset", placeholder: "PRESET", first: true,
		usage:    "set read, write, write-timeout, event-filters and allow-multiple-login from a preset; see 'pbxctl ami-account presets'",
		complete: cobra.FixedCompletions(presetNames(), cobra.ShellCompDirectiveNoFileComp),
		parse: func(_ *app.App, given []string) (func(*manager.Account), []store.FieldError) {
			preset, ok := manager.LookupPreset(given[len(given)-1])
			if !ok {
				return func(*manager.Account) {}, []store.FieldError{{Field: "preset", Code: "unknown", Message: "choose one of " + strings.Join(presetNames(), ", ")}}
			}
			return preset.ApplyTo, nil
		},
	}
}

func presetNames() []string {
	presets := manager.Presets()
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return names
}

func networksFlag(name, usage string, at func(*manager.Account) *[]manager.Network) extraFlag[manager.Account] {
	return extraFlag[manager.Account]{
		name: name, placeholder: "ADDRESS", usage: usage + "; may be repeated",
		parse: func(_ *app.App, given []string) (func(*manager.Account), []store.FieldError) {
			networks, errs := []manager.Network(nil), []store.FieldError(nil)
			for i, text := range splitValues(given) {
				n, err := manager.ParseNetwork(text)
				if err != nil {
					errs = append(errs, prefixFieldErrors(fmt.Sprintf("%s[%d]", name, i), err)...)
					continue
				}
				networks = append(networks, n)
			}
			return func(u *manager.Account) { *at(u) = append([]manager.Network(nil), networks...) }, errs
		},
	}
}

func classesFlag(name, usage string, at func(*manager.Account) *manager.Privileges) extraFlag[manager.Account] {
	return extraFlag[manager.Account]{
		name: name, placeholder: "CLASSES", usage: usage + "; may be repeated",
		complete: cobra.FixedCompletions(manager.AllPrivileges.Names(), cobra.ShellCompDirectiveNoFileComp),
		parse: func(_ *app.App, given []string) (func(*manager.Account), []store.FieldError) {
			classes, err := manager.ParsePrivileges(splitValues(given)...)
			return func(u *manager.Account) { *at(u) = classes }, prefixFieldErrors(name, err)
		},
	}
}

// prefixFieldErrors puts the name of the field before the errors in it.
func prefixFieldErrors(name string, err error) []store.FieldError {
	errs := fieldErrors(err)
	for i := range errs {
		errs[i].Field = name + errs[i].Field
	}
	return errs
}

// parseFilters reads filters written as ACTION[,event=NAME][,header=NAME]
// [,METHOD=TEXT]. The text is all that follows, commas included. With an error
// there are no filters: the service would count the others, and name wrong ones.
func parseFilters(given []string) (filters []manager.EventFilter, errs []store.FieldError) {
	for i, text := range given {
		if text == "" {
			continue
		}
		f, ok := parseFilter(text)
		if !ok {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("event_filters[%d]", i), Code: "syntax",
				Message: "write include or exclude, then event=NAME, header=NAME and METHOD=TEXT as needed, separated by commas",
			})
			continue
		}
		filters = append(filters, f)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return filters, nil
}

func parseFilter(text string) (manager.EventFilter, bool) {
	action, rest, _ := strings.Cut(text, ",")
	f := manager.EventFilter{Action: manager.FilterAction(action), Method: manager.MatchNone}
	for rest != "" {
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return f, false
		}
		switch key {
		case "event":
			f.Event, rest, _ = strings.Cut(after, ",")
		case "header":
			f.Header, rest, _ = strings.Cut(after, ",")
		default:
			f.Method, f.Match, rest = manager.FilterMethod(key), after, ""
		}
	}
	return f, true
}

// filterText is the reverse of parseFilter.
func filterText(f manager.EventFilter) string {
	text := string(f.Action)
	if f.Event != "" {
		text += ",event=" + f.Event
	}
	if f.Header != "" {
		text += ",header=" + f.Header
	}
	if f.Method != manager.MatchNone {
		text += "," + string(f.Method) + "=" + f.Match
	}
	return text
}
