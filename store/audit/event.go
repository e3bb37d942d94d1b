package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of the texts of an entry, in bytes.
const (
	maxText   = 256 // the longest username: 64 characters
	maxReason = 1000
)

// Event is an operation to record. Its actor is in the context; see [WithActor].
type Event struct {
	// Action, Kind and Key are those of [Entry]. They may be any input: the log
	// stores the first 256 bytes, and replaces control characters and invalid UTF-8
	// with U+FFFD.
	Action string
	Kind   string
	Key    string
	// Extensions are the extensions of the user that the event is about, before
	// and after it, in any order; empty if it is about no user. They decide which
	// limited administrators may read the entry, see [Log.ListInScope].
	Extensions []string
	// Before and After are the records, stored as JSON; nil if there is none. Their
	// JSON must not contain secrets. With Before but without After, the record was
	// deleted. Without both, the event concerns no record, such as a login.
	Before, After any
	// State is everything of the record after the operation, including its secrets,
	// in a form that is equal only for equal records. Later versions of the program
	// must produce the same form: empty fields are left out, so that fields can be
	// added. The log stores a keyed fingerprint of it. It is nil if the record was
	// deleted or if the operation has no record.
	State []byte
	// PriorState is the state of the record before the operation; nil if there was
	// none. It is compared with the last fingerprint of the record and not stored.
	// The new fingerprint would hide an earlier modification outside the program
	// otherwise. The operation is done anyway, with [CodeRecordModified] or
	// [CodeRecordUntracked] as the reason of its entry. The logger reports it, and
	// [Log.Verify] reports it from then on.
	PriorState []byte
}

// ActionBaseline is the action of [Log.Baseline]. Its event has State but neither
// Before nor After.
const ActionBaseline = "baseline"

// newEntry returns the entry of an event, not yet chained.
func (l *Log) newEntry(ctx context.Context, event Event, outcome Outcome, reason string) (*Entry, error) {
	before, err := marshalRecord(event.Before)
	if err != nil {
		return nil, fmt.Errorf("audit: the record before the operation: %w", err)
	}
	after, err := marshalRecord(event.After)
	if err != nil {
		return nil, fmt.Errorf("audit: the record after the operation: %w", err)
	}
	actor := ActorFromContext(ctx)
	return &Entry{
		Time: l.clock().UTC().Truncate(time.Microsecond),
		Actor: Actor{
			Kind: ActorKind(sanitize(string(actor.Kind), maxText)), Name: sanitize(actor.Name, maxText),
			RemoteAddr: actor.RemoteAddr.Unmap().WithZone(""), Service: sanitize(actor.Service, maxText),
		},

		Action: sanitize(event.Action, maxText),
		Kind:   sanitize(event.Kind, maxText),
		Key:    sanitize(event.Key, maxText),

		Extensions: sanitizeExtensions(event.Extensions),

		Outcome: outcome, Reason: sanitize(reason, maxReason),
		Before: before, After: after,
	}, nil
}

// sanitizeExtensions returns the extensions sorted, each once; nil if there are none.
func sanitizeExtensions(extensions []string) []string {
	var sanitized []string
	for _, extension := range extensions {
		if extension != "" {
			sanitized = append(sanitized, sanitize(extension, maxText))
		}
	}
	slices.Sort(sanitized)
	return slices.Compact(sanitized)
}

// marshalRecord returns the JSON of a record, nil if there is none.
func marshalRecord(record any) (json.RawMessage, error) {
	if record == nil {
		return nil, nil
	}
	text, err := json.Marshal(record)
	if err != nil || bytes.Equal(text, []byte("null")) {
		return nil, err
	}
	return text, nil
}

// sanitize returns text that every database can store and that cannot control a
// terminal.
func sanitize(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), 4*limit)], string(utf8.RuneError)))
	for limit = min(limit, len(text)); limit < len(text) && !utf8.RuneStart(text[limit]); {
		limit--
	}
	return text[:limit]
}
