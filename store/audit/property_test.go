package audit_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// draw keeps acts, as services do, and returns the records at the end.
func (b *bundle) draw(t *rapid.T) table {
	ctx, records := context.Background(), table{}
	for i := range rapid.IntRange(1, 15).Draw(t, "acts") {
		key := rapid.SampledFrom([]string{"crm", "dialer", "wallboard"}).Draw(t, "key")
		event := audit.Event{Kind: kind, Key: key}
		before, exists := records[key]
		if exists {
			event.Before = before
		}
		switch act := rapid.SampledFrom([]string{"put", "put", "delete", "login", "refuse"}).Draw(t, "act"); {
		case act == "put":
			records[key] = fmt.Sprintf("%s %d", key, i)
			event.Action, event.After, event.Sealed = "put", records[key], []byte(records[key])
		case act == "delete" && exists:
			delete(records, key)
			event.Action = act
		case act == "refuse":
			b.trail.RecordFailure(ctx, event, &store.ConflictError{})
			continue
		default:
			event.Action, event.Before = "login", nil
		}
		require.NoError(t, b.trail.Record(ctx, event))
	}
	return records
}

// edits are what can be changed of an entry.
var edits = []func(e *audit.Entry){
	func(e *audit.Entry) { e.Sequence++ },
	func(e *audit.Entry) { e.At = e.At.Add(time.Microsecond) },
	func(e *audit.Entry) { e.Actor.Kind += "x" },
	func(e *audit.Entry) { e.Actor.Name += "x" },
	func(e *audit.Entry) { e.Actor.Source += "x" },
	func(e *audit.Entry) { e.Action, e.Kind = e.Action+"A", e.Kind[1:] },
	func(e *audit.Entry) { e.Kind += "x" },
	func(e *audit.Entry) { e.Kind, e.Key = e.Kind+e.Key[:1], e.Key[1:] },
	func(e *audit.Entry) { e.Key += "x" },
	func(e *audit.Entry) { e.Outcome += "x" },
	func(e *audit.Entry) { e.Reason += "x" },
	func(e *audit.Entry) { e.Before = append(e.Before, ' ') },
	func(e *audit.Entry) { e.After = append(e.After, ' ') },
	func(e *audit.Entry) { e.Before, e.After = append(e.After, 1), e.Before },
	func(e *audit.Entry) { e.Fingerprint = append(e.Fingerprint, 0) },
	func(e *audit.Entry) { e.Hash[5]++ },
	func(e *audit.Entry) { e.Signature[len(e.Signature)-1]++ },
}

// clone returns a copy of what stands in the trail.
func (s *tampered) clone() *tampered {
	c := &tampered{head: s.head}
	c.head.Hash = slices.Clone(s.head.Hash)
	for _, e := range s.entries {
		c.entries = append(c.entries, e.Clone())
	}
	return c
}

// hit does one harm to the trail or the records, and says which.
func hit(t *rapid.T, s *tampered, records table) {
	last := len(s.entries) - 1
	at := rapid.IntRange(0, last).Draw(t, "entry")
	switch rapid.IntRange(0, 6).Draw(t, "harm") {
	case 0:
		edits[rapid.IntRange(0, len(edits)-1).Draw(t, "edit")](s.entries[at])
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

// It is found unless the second harm undid the first, or nothing is left that
// could tell.
func TestWhateverIsDoneToTheTrailOrTheRecordsIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := setup(t)
		records := b.draw(rt)
		require.Empty(rt, verify(rt, b.trail, records.records()).Problems)
		s := b.tamper(rt)
		require.Empty(rt, verify(rt, b.over(s), records.records()).Problems)
		harmed, untouched := maps.Clone(records), s.clone()
		hit(rt, s, harmed)
		if len(s.entries) > 0 && rapid.Bool().Draw(rt, "again") {
			hit(rt, s, harmed)
		}
		undone := reflect.DeepEqual(untouched, s.clone()) && maps.Equal(records, harmed)
		nothing := len(s.entries) == 0 && s.head.Sequence == 0 && len(harmed) == 0
		found := verify(rt, b.over(s), harmed.records()).Problems
		require.Equal(rt, undone || nothing, len(found) == 0, "%v", found)
	})
}
