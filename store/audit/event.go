package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of the texts of an entry, in bytes.
const (
	maxText   = 256 // the longest username: 64 characters
	maxReason = 1000
)

// Event is an act to keep in the trail. Who acts is in the context, see
// [WithActor].
type Event struct {
	// Action, Kind and Key are those of [Entry]. They may come from a
	// stranger: the trail keeps the first 256 bytes, and what is a control
	// character or no UTF-8 as U+FFFD.
	Action string
	Kind   string
	Key    string
	// Before and After are records that are kept as their JSON; nil when
	// there is none. Their JSON must hold no secret. Without After, an event
	// with Before says that the record is gone, and one without Before says
	// nothing of the record, such as a login.
	Before, After any
	// State is all of the record after the act that matters, its secrets
	// included, in a form that is equal for equal records only, also when a
	// later version of the program makes it: what holds nothing is left out
	// of it, so that a field may be added. The trail keeps a keyed
	// fingerprint of it. Nil when the record is gone, or the act concerned
	// none.
	State []byte
	// PriorState is the same of the record before the act; nil when there
	// was none. It is compared with what the trail says, and not kept: that
	// the record had been changed in another way would else be lost with the
	// fingerprint that the act replaces. Such an act is done all the same,
	// and kept with [CodeRecordModified] or [CodeRecordUntracked] as its reason;
	// the logger is told, and [Log.Verify] tells of it for ever.
	PriorState []byte
}

// ActionBaseline is the action of an event that tells the trail of a record from
// before the trail began, or vouches for one that was changed in another way:
// with its Sealed, and neither Before nor After.
const ActionBaseline = "baseline"

// newEntry returns the entry of an event, not chained yet.
func (l *Log) newEntry(ctx context.Context, event Event, outcome Outcome, reason string) (*Entry, error) {
	before, err := marshalRecord(event.Before)
	if err != nil {
		return nil, fmt.Errorf("audit: the record before the act: %w", err)
	}
	after, err := marshalRecord(event.After)
	if err != nil {
		return nil, fmt.Errorf("audit: the record after the act: %w", err)
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

		Outcome: outcome, Reason: sanitize(reason, maxReason),
		Before: before, After: after,
	}, nil
}

// marshalRecord returns the JSON of a record, nil when there is none.
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

// sanitize returns text as every database keeps it, and no terminal obeys it.
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
