package manager

// FilterAction says what happens to an event that a filter matches.
type FilterAction string

// With only include filters, all other events are kept back; with only
// exclude filters, all others are sent; with both, an event must match an
// include filter and no exclude filter (should_send_event in main/manager.c).
const (
	Include FilterAction = "include"
	Exclude FilterAction = "exclude"
)

// FilterMethod says how a filter compares.
type FilterMethod string

// The methods of Asterisk. MatchNone compares nothing: the event's name and
// the presence of the header decide.
const (
	MatchNone       FilterMethod = "none"
	MatchExact      FilterMethod = "exact"
	MatchStartsWith FilterMethod = "starts_with"
	MatchEndsWith   FilterMethod = "ends_with"
	MatchContains   FilterMethod = "contains"
	MatchRegex      FilterMethod = "regex"
)

// EventFilter keeps events back from an account, or lets them through. It is
// written in the advanced syntax of eventfilter where the Asterisk has it
// (18.26, 20.11, 21.6, 22.1 and later), and as a regular expression of the
// same meaning for an older one; there, control characters in a value, other
// than a single tab, may be taken for the end of a line.
type EventFilter struct {
	// Action is [Include] or [Exclude].
	Action FilterAction `json:"action"`
	// Event is the exact name of the event, such as "Newchannel"; empty
	// means any.
	Event string `json:"event"`
	// Header is the header to look at, such as "Channel"; empty means the
	// whole text of the event.
	Header string `json:"header"`
	// Method compares the header, or the whole text, with Match. The whole
	// text begins with "Event: " and ends in a line break, so that MatchExact
	// and MatchEndsWith never hold without a header. Of a header that stands
	// more than once any may hold; one without a value never does.
	Method FilterMethod `json:"method"`
	// Match is what to compare with; for [MatchRegex] an extended regular
	// expression of POSIX.
	Match string `json:"match"`
}
