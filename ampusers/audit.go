package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store/audit"
)

// newEvent returns an audit event. Text that is not a username may be a password
// typed into the wrong field, and is left out.
func newEvent(action, username string) audit.Event {
	return audit.Event{Action: action, Kind: kind, Key: canonicalUsername(username)}
}

// changeEvent returns the audit event of a change. before is nil for a new
// administrator, after for a deleted one.
func changeEvent(action string, before, after *Administrator) audit.Event {
	event := audit.Event{Action: action, Kind: kind}
	if before != nil {
		event.Key, event.Before, event.PriorState = before.Username, redact(before), auditState(before)
	}
	if after != nil {
		event.Key, event.After, event.State = after.Username, redact(after), auditState(after)
	}
	return event
}

// canonicalUsername returns a typed username in the form in which it is stored, or
// "" if it is not a username.
func canonicalUsername(input string) string {
	if len(input) > maxTextBytes {
		return ""
	}
	if input = username.Normalize(input); !username.Valid(input) {
		return ""
	}
	return input
}

// AuditSource returns the source of administrators for [audit.Log.Verify].
func (s *Service) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: kind, Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		return s.store.EachAdministrator(ctx, func(a *Administrator) error { return visit(a.Username, auditState(a)) })
	}}
}
