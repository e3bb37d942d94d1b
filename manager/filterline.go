package manager

import (
	"regexp"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// hasAdvancedFilters reports whether this version of Asterisk supports
// eventfilter(...).
func hasAdvancedFilters(v asteriskconf.Version) bool {
	first := map[int]asteriskconf.Version{
		18: {Major: 18, Minor: 26},
		20: {Major: 20, Minor: 11},
		21: {Major: 21, Minor: 6},
		22: {Major: 22, Minor: 1},
	}
	if since, ok := first[v.Major]; ok {
		return v.Compare(since) >= 0
	}
	return v.IsZero() || v.Major > 22
}

// line renders the filter. It always writes the method: without one, Asterisk
// drops a filter that has a match text.
func (f EventFilter) line(version asteriskconf.Version) (dialect.Line, error) {
	if !hasAdvancedFilters(version) {
		return f.legacyLine()
	}
	key := "eventfilter(action(" + string(f.Action) + ")"
	if f.Event != "" {
		key += ",name(" + f.Event + ")"
	}
	if f.Header != "" {
		key += ",header(" + f.Header + ")"
	}
	return dialect.Line{Key: key + ",method(" + string(f.Method) + "))", Value: f.Match}, nil
}

// legacyLine renders the filter for older versions: one expression for the
// whole text of the event.
func (f EventFilter) legacyLine() (dialect.Line, error) {
	if f.Method == MatchRegex && (f.Event != "" || f.Header != "") {
		return dialect.Line{}, store.NewInvalidError(store.FieldError{
			Field: "event_filters", Code: store.CodeUnsupported,
			Message: "a regular expression for one event or header requires Asterisk 18.26, 20.11, 21.6, 22.1 or later",
		})
	}
	expression := f.legacyExpression()
	if f.Action == Exclude {
		expression = "!" + expression
	}
	return dialect.Line{Key: "eventfilter", Value: expression}, nil
}

// Parts of the expressions. The text of an event begins with "Event: NAME", and
// each line ends with CR LF. A file cannot contain these, so two control
// characters match them. A single one may be a tab within a line.
const (
	lineEnd      = `[[:cntrl:]]{2}`
	valueEnd     = lineEnd + `([^[:cntrl:]]|` + lineEnd + `$)` // a tab before it belongs to the value
	anyLines     = `(.*` + lineEnd + `)?`
	lineChars    = `([^[:cntrl:]]|[[:blank:]])*`
	blanks       = `[[:blank:]]*`
	matchNothing = `^[[:cntrl:]]`
)

func (f EventFilter) legacyExpression() string {
	switch {
	case f.Method == MatchRegex:
		return f.Match
	case f.Header == "":
		return f.legacyText()
	case f.Event == "":
		return "^" + anyLines + f.Header + ":" + f.legacyValue()
	case f.Header == "Event" && f.matches(f.Event):
		return f.legacyName()
	}
	return f.legacyName() + anyLines + f.Header + ":" + f.legacyValue()
}

// legacyName matches the first line of the event.
func (f EventFilter) legacyName() string { return "^Event: " + f.Event + lineEnd }

// legacyText matches the whole text of the event. A match text never contains a
// line break, so it matches within one line and not at the end of the text.
func (f EventFilter) legacyText() string {
	match, first := regexp.QuoteMeta(f.Match), "Event: "+f.Event
	switch {
	case f.Method == MatchExact, f.Method == MatchEndsWith:
		return matchNothing
	case f.Event == "" && f.Method == MatchStartsWith:
		return "^" + match
	case f.Event == "":
		return match
	case f.Method == MatchNone,
		f.Method == MatchStartsWith && strings.HasPrefix(first, f.Match),
		f.Method == MatchContains && strings.Contains(first, f.Match):
		return f.legacyName()
	case f.Method == MatchStartsWith:
		return matchNothing
	}
	return f.legacyName() + ".*" + match
}

// legacyValue matches the value of a header without leading blanks. An empty
// value never matches.
func (f EventFilter) legacyValue() string {
	match := regexp.QuoteMeta(f.Match)
	return map[FilterMethod]string{
		MatchNone:       blanks + "[^[:cntrl:][:blank:]]",
		MatchExact:      blanks + match + valueEnd,
		MatchStartsWith: blanks + match,
		MatchEndsWith:   lineChars + match + valueEnd,
		MatchContains:   lineChars + match,
	}[f.Method]
}

// matches reports whether the filter matches a value.
func (f EventFilter) matches(value string) bool {
	switch f.Method {
	case MatchNone:
		return true
	case MatchExact:
		return value == f.Match
	case MatchStartsWith:
		return strings.HasPrefix(value, f.Match)
	case MatchEndsWith:
		return strings.HasSuffix(value, f.Match)
	case MatchContains:
		return strings.Contains(value, f.Match)
	case MatchRegex:
	}
	return false
}
