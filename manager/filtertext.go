package manager

import (
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
