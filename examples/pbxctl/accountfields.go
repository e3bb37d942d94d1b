package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// values splits repeated flags at commas, and takes the blanks around each
// value away; an empty flag clears the list.
func values(given []string) []string {
	var all []string
	for _, list := range given {
		if list == "" {
			continue
		}
		for value := range strings.SplitSeq(list, ",") {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}

func parseNetworks(field string, given []string, networks *[]manager.Network) []store.FieldError {
	var refused []store.FieldError
	for i, text := range values(given) {
		n, err := manager.ParseNetwork(text)
		if err != nil {
			refused = append(refused, named(fmt.Sprintf("%s[%d]", field, i), err)...)
			continue
		}
		*networks = append(*networks, n)
	}
	return refused
}

func parseClasses(field string, given []string, classes *manager.Privileges) []store.FieldError {
	p, err := manager.ParsePrivileges(values(given)...)
	*classes = p
	return named(field, err)
}

// named puts the name of the field before what was refused in it.
func named(field string, err error) []store.FieldError {
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	refused := make([]store.FieldError, len(invalid.Fields))
	for i, f := range invalid.Fields {
		f.Field = field + f.Field
		refused[i] = f
	}
	return refused
}

// parseFilters reads filters written as ACTION[,event=NAME][,header=NAME]
// [,METHOD=TEXT]; the text is all that follows, commas included.
func parseFilters(given []string, filters *[]manager.EventFilter) []store.FieldError {
	var refused []store.FieldError
	for i, text := range given {
		if text == "" {
			continue
		}
		f, ok := parseFilter(text)
		if !ok {
			refused = append(refused, store.FieldError{
				Field: fmt.Sprintf("event_filters[%d]", i), Code: "syntax",
				Message: "write include or exclude, then event=NAME, header=NAME and METHOD=TEXT as needed, parted by commas",
			})
			continue
		}
		*filters = append(*filters, f)
	}
	if len(refused) > 0 {
		// The service would count those that are left, and name wrong ones.
		*filters = nil
	}
	return refused
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
