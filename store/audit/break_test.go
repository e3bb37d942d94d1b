package audit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

func TestTheTrailTellsForEverThatItFoundItselfChanged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		head   func(h audit.Head) audit.Head
		reason string
	}{
		"head forged": {func(h audit.Head) audit.Head { h.Sequence = 3; return h }, "head_forged"},
		"head gone":   {func(audit.Head) audit.Head { return audit.Head{} }, "head_missing"},
	} {
		b := setup(t)
		records := b.story(t)
		st := &headless{Store: b.db.Audit(), lie: test.head}
		require.NoError(t, b.over(st).Record(ctx, audit.Event{Action: "login", Kind: kind, Key: "crm"}), name)
		require.Equal(t, []any{audit.CodeTrailBroken, 6}, codes(verify(t, b.trail, records.records())), name)
		entries := b.entries(t)
		require.Len(t, entries, 7)
		require.Equal(t, test.reason, entries[5].Reason)
		require.Equal(t, "login", entries[6].Action)
		require.Contains(t, b.log.String(), test.reason)
	}
}

// headless lies about the head once.
type headless struct {
	audit.Store

	lie func(audit.Head) audit.Head
}

func (s *headless) Head(ctx context.Context) (audit.Head, error) {
	head, err := s.Store.Head(ctx)
	if s.lie == nil {
		return head, err
	}
	lie := s.lie
	s.lie = nil
	return lie(head), err
}

func TestAnEntryAddedAfterTheHeadDoesNotStopTheTrail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	b.story(t)
	head, err := b.db.Audit().Head(ctx)
	require.NoError(t, err)
	require.NoError(t, b.db.Audit().AppendEntry(ctx, &audit.Entry{Sequence: 6, At: noon}, head))
	require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "login"}))
	found := verify(t, b.trail)
	require.Equal(t, []any{audit.CodeEntryForged, 6, audit.CodeEntryUnproven, 7}, codes(found))
	require.Equal(t, "entry_added", b.entries(t)[6].Reason)
}
