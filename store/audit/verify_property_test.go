package audit_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// drawHistory records operations like services do, and returns the records at the
// end.
func (b *env) drawHistory(t *rapid.T) recordTable {
	ctx, records := context.Background(), recordTable{}
	for i := range rapid.IntRange(1, 15).Draw(t, "acts") {
		key := rapid.SampledFrom([]string{"crm", "dialer", "wallboard"}).Draw(t, "key")
		event := audit.Event{Kind: kind, Key: key}
		before, exists := records[key]
		if exists {
			event.Before = before
		}
		switch act := rapid.SampledFrom([]string{"put", "put", "delete", "login", "deny"}).Draw(t, "act"); {
		case act == "put":
			records[key] = fmt.Sprintf("%s %d", key, i)
			event.Action, event.After, event.State = "put", records[key], []byte(records[key])
		case act == "delete" && exists:
			delete(records, key)
			event.Action = act
		case act == "deny":
			b.audit.RecordFailure(ctx, event, &store.ConflictError{})
			continue
		default:
			event.Action, event.Before = "login", nil
		}
		require.NoError(t, b.audit.Record(ctx, event))
	}
	return records
}

// entryEdits are all edits of an entry.
var entryEdits = []func(e *audit.Entry){
	func(e *audit.Entry) { e.Sequence++ },
	func(e *audit.Entry) { e.Time = e.Time.Add(time.Microsecond) },
	func(e *audit.Entry) { e.Actor.Kind += "x" },
	func(e *audit.Entry) { e.Actor.Name += "x" },
	func(e *audit.Entry) { e.Actor.RemoteAddr = netip.MustParseAddr("203.0.113.99") },
	func(e *audit.Entry) { e.Actor.Service += "x" },
	func(e *audit.Entry) { e.Action, e.Kind = e.Action+"A", e.Kind[1:] },
	func(e *audit.Entry) { e.Kind += "x" },
	func(e *audit.Entry) { e.Kind, e.Key = e.Kind+e.Key[:1], e.Key[1:] },
	func(e *audit.Entry) { e.Key += "x" },
	func(e *audit.Entry) { e.Extensions = append(e.Extensions, "1") },
	func(e *audit.Entry) { e.Outcome += "x" },
	func(e *audit.Entry) { e.Reason += "x" },
	func(e *audit.Entry) { e.Before = append(e.Before, ' ') },
	func(e *audit.Entry) { e.After = append(e.After, ' ') },
	func(e *audit.Entry) { e.Before, e.After = append(e.After, 1), e.Before },
	func(e *audit.Entry) { e.Fingerprint = append(e.Fingerprint, 0) },
	func(e *audit.Entry) { e.Hash[5]++ },
	func(e *audit.Entry) { e.Signature[len(e.Signature)-1]++ },
}

// clone returns a deep copy of the log.
func (s *tamperedStore) clone() *tamperedStore {
	c := &tamperedStore{head: s.head}
	c.head.Hash = slices.Clone(s.head.Hash)
	for _, e := range s.entries {
		c.entries = append(c.entries, e.Clone())
	}
	return c
}

// drawTampering modifies the log or the records once, and returns how.
func drawTampering(t *rapid.T, s *tamperedStore, records recordTable) {
	last := len(s.entries) - 1
	at := rapid.IntRange(0, last).Draw(t, "entry")
	switch rapid.IntRange(0, 6).Draw(t, "harm") {
	case 0:
		entryEdits[rapid.IntRange(0, len(entryEdits)-1).Draw(t, "edit")](s.entries[at])
	case 1:
		s.entries = slices.Delete(s.entries, at, at+1)
	case 2:
		s.entries = s.entries[:at]
	case 3:
		s.entries = slices.Insert(s.entries, at, s.entries[rapid.IntRange(0, last).Draw(t, "copied")].Clone())
		for i, e := range s.entries {
			e.Sequence = int64(i + 1)
		}
		audit.Rehash(s.entries)
	case 4:
		s.head = audit.Head{}
	case 5:
		records[rapid.SampledFrom([]string{"crm", "dialer", "evil"}).Draw(t, "key")] = "by hand"
	case 6:
		s.head.Sequence, s.head.Hash = int64(at), s.entries[at].Hash
	}
}

// It is found unless the second modification reverted the first, or no evidence is
// left.
func TestLog_Verify_findsAnyTampering(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := newEnv(t)
		records := b.drawHistory(rt)
		require.Empty(rt, verify(rt, b.audit, records.source()).Findings)
		s := b.copyStore(rt)
		require.Empty(rt, verify(rt, b.newLog(s), records.source()).Findings)
		harmed, untouched := maps.Clone(records), s.clone()
		drawTampering(rt, s, harmed)
		if len(s.entries) > 0 && rapid.Bool().Draw(rt, "again") {
			drawTampering(rt, s, harmed)
		}
		undone := reflect.DeepEqual(untouched, s.clone()) && maps.Equal(records, harmed)
		nothing := len(s.entries) == 0 && s.head.Sequence == 0 && len(harmed) == 0
		found := verify(rt, b.newLog(s), harmed.source()).Findings
		require.Equal(rt, undone || nothing, len(found) == 0, "%v", found)
	})
}
