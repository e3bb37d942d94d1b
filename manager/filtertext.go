package manager

import (
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// ParseEventFilter parses a filter written as ACTION[,event=NAME][,header=NAME]
// [,METHOD=TEXT], such as "include,header=Channel,starts_with=PJSIP/". The text is all
// that follows, commas included. It returns a [store.InvalidError] if a part is neither.
// [Service.Create] checks the parts.
func ParseEventFilter(text string) (EventFilter, error) {
	action, rest, _ := strings.Cut(text, ",")
	f := EventFilter{Action: FilterAction(action), Method: MatchNone}
	for rest != "" {
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return EventFilter{}, store.NewInvalidError(store.FieldError{
				Code:    store.CodeSyntax,
				Message: "write include or exclude, then event=NAME, header=NAME and METHOD=TEXT as needed, separated by commas",
			})
		}
		switch key {
		case "event":
			f.Event, rest, _ = strings.Cut(after, ",")
		case "header":
			f.Header, rest, _ = strings.Cut(after, ",")
		default:
			f.Method, f.Match, rest = FilterMethod(key), after, ""
		}
	}
	return f, nil
}

// ParseEventFilters parses each text like [ParseEventFilter], but for empty texts, which
// stand for no filter. It returns a [store.InvalidError] on the index of each text that it
// cannot parse, such as "[2]", and no filters then.
func ParseEventFilters(texts ...string) ([]EventFilter, error) {
	var filters []EventFilter
	var errs []store.FieldError
	for i, text := range texts {
		if text == "" {
			continue
		}
		filter, err := ParseEventFilter(text)
		fields, _ := store.FieldErrors(err)
		for _, f := range fields {
			f.Field = fmt.Sprintf("[%d]", i)
			errs = append(errs, f)
		}
		filters = append(filters, filter)
	}
	if err := store.NewInvalidError(errs...); err != nil {
		return nil, err
	}
	return filters, nil
}

// String returns the filter as [ParseEventFilter] reads it.
func (f EventFilter) String() string {
	text := string(f.Action)
	if f.Event != "" {
		text += ",event=" + f.Event
	}
	if f.Header != "" {
		text += ",header=" + f.Header
	}
	if f.Method != MatchNone {
		text += "," + string(f.Method) + "=" + f.Match
	}
	return text
}
