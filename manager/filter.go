package manager

// FilterAction is the effect of a matching filter.
type FilterAction string

// With include filters only, all other events are dropped. With exclude filters
// only, all others are sent. With both, an event must match an include filter
// and no exclude filter (should_send_event in main/manager.c).
const (
	Include FilterAction = "include"
	Exclude FilterAction = "exclude"
)

// FilterMethod is the comparison of a filter.
type FilterMethod string

// Asterisk's methods. MatchNone compares nothing: only the event name and the
// presence of the header count.
const (
	MatchNone       FilterMethod = "none"
	MatchExact      FilterMethod = "exact"
	MatchStartsWith FilterMethod = "starts_with"
	MatchEndsWith   FilterMethod = "ends_with"
	MatchContains   FilterMethod = "contains"
	MatchRegex      FilterMethod = "regex"
)

// EventFilter sends or drops events of an account. Where Asterisk supports it
// (18.26, 20.11, 21.6, 22.1 and later), it is written in the advanced syntax of
// eventfilter. For older versions it is written as an equivalent regular
// expression. There, control characters in a value, other than a single tab,
// may match the end of a line.
type EventFilter struct {
	// Action is [Include] or [Exclude].
	Action FilterAction `json:"action"`
	// Event is the exact name of the event, such as "Newchannel". Empty means
	// any event.
	Event string `json:"event"`
	// Header is the header to compare, such as "Channel". Empty means the whole
	// text of the event.
	Header string `json:"header"`
	// Method compares the header, or the whole text, with Match. The whole text
	// begins with "Event: " and ends with a line break, so MatchExact and
	// MatchEndsWith never match without a header. If a header occurs several
	// times, any of them may match. An empty header value never matches. Defaults to
	// [MatchNone].
	Method FilterMethod `json:"method"`
	// Match is the text to compare with. For [MatchRegex] it is a POSIX
	// extended regular expression.
	Match string `json:"match"`
}
