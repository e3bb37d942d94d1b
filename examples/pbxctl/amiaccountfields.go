package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// splitValues splits repeated flags at commas, and takes the blanks around each
// value away; an empty flag clears the list.
func splitValues(given []string) []string {
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
	var errs []store.FieldError
	for i, text := range splitValues(given) {
		n, err := manager.ParseNetwork(text)
		if err != nil {
			errs = append(errs, prefixFieldErrors(fmt.Sprintf("%s[%d]", field, i), err)...)
			continue
		}
		*networks = append(*networks, n)
	}
	return errs
}

func parseClasses(field string, given []string, classes *manager.Privileges) []store.FieldError {
	p, err := manager.ParsePrivileges(splitValues(given)...)
	*classes = p
	return prefixFieldErrors(field, err)
}

// prefixFieldErrors puts the name of the field before what was refused in it.
func prefixFieldErrors(field string, err error) []store.FieldError {
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	errs := make([]store.FieldError, len(invalid.Fields))
	for i, f := range invalid.Fields {
		f.Field = field + f.Field
		errs[i] = f
	}
	return errs
}

// parseFilters reads filters written as ACTION[,event=NAME][,header=NAME]
// [,METHOD=TEXT]; the text is all that follows, commas included.
func parseFilters(given []string, filters *[]manager.EventFilter) []store.FieldError {
	var errs []store.FieldError
	for i, text := range given {
		if text == "" {
			continue
		}
		f, ok := parseFilter(text)
		if !ok {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("event_filters[%d]", i), Code: "syntax",
				Message: "write include or exclude, then event=NAME, header=NAME and METHOD=TEXT as needed, parted by commas",
			})
			continue
		}
		*filters = append(*filters, f)
	}
	if len(errs) > 0 {
		// The service would count those that are left, and name wrong ones.
		*filters = nil
	}
	return errs
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
