package main

import (
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

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
				Field: fmt.Sprintf("event_filters[%d]", i), Code: store.CodeSyntax,
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

func filterTexts(filters []manager.EventFilter) []string {
	texts := make([]string, len(filters))
	for i, f := range filters {
		texts[i] = filterText(f)
	}
	return texts
}
