package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

// busy is a trail that others write to when all of it has been read.
type busy struct {
	audit.Store

	write func()
}

func (s busy) EachEntry(ctx context.Context, visit func(*audit.Entry) error) error {
	err := s.Store.EachEntry(ctx, visit)
	s.write()
	return err
}

func TestWritersDoNotWaitWhileTheTrailIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	records := b.story(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	trail := b.over(busy{b.db.Audit(), func() {
		for i := range 120 { // more than a page
			event := audit.Event{Kind: kind, Key: "crm", Before: "it", After: "it", Sealed: []byte{byte(i)}, SealedBefore: []byte(records["crm"])}
			require.NoError(t, b.trail.Record(ctx, event))
			records["crm"] = string(event.Sealed)
		}
		require.NoError(t, b.trail.Record(ctx, audit.Event{Kind: kind, Key: "dialer", After: "again", Sealed: []byte("dialer 2")}))
		records["dialer"] = "dialer 2"
	}})
	found, err := trail.Verify(ctx, records.records())
	require.NoError(t, err)
	require.Empty(t, found.Problems)
	require.Equal(t, []int64{5 + 121, 2}, []int64{found.Entries, found.Records})
	require.Equal(t, b.entries(t)[125].Hash.String(), found.Hash)
}

// rerun is a trail whose transactions run once in vain.
type rerun struct {
	audit.Store

	db twice
}

func (s rerun) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Atomically(ctx, fn)
}

func TestAVerificationThatIsRunAgainCountsEachProblemOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.story(t)
	s := b.tamper(t)
	s.entries[3].Actor.Name, s.head = "somebody else", audit.Head{}
	found := verify(t, b.over(rerun{s, twice{b.db}}), table{"evil": "evil"}.records())
	require.Equal(t, []any{audit.CodeEntryChanged, 4, audit.CodeHeadMissing, audit.CodeRecordUnknown, "evil", audit.CodeRecordMissing, "crm"}, codes(found))
	require.Equal(t, []int64{5, 1, 4}, []int64{found.Entries, found.Records, found.ProblemCount})
}
