package audit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

func TestLog_Record_persistsHeadTampering(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		head   func(h audit.Head) audit.Head
		reason string
	}{
		"head forged": {func(h audit.Head) audit.Head { h.Sequence = 3; return h }, "head_forged"},
		"head gone":   {func(audit.Head) audit.Head { return audit.Head{} }, "head_missing"},
	} {
		b := newEnv(t)
		records := b.recordHistory(t)
		st := &headOverride{Store: b.db.Audit(), override: test.head}
		require.NoError(t, b.newLog(st).Record(ctx, audit.Event{Action: "login", Kind: kind, Key: "crm"}), name)
		require.Equal(t, []any{audit.CodeLogTampered, 6}, findingCodes(verify(t, b.audit, records.source())), name)
		entries := b.entries(t)
		require.Len(t, entries, 7)
		require.Equal(t, test.reason, entries[5].Reason)
		require.Equal(t, "login", entries[6].Action)
		require.Contains(t, b.logBuf.String(), test.reason)
	}
}

// headOverride returns a wrong head once.
type headOverride struct {
	audit.Store

	override func(audit.Head) audit.Head
}

func (s *headOverride) Head(ctx context.Context) (audit.Head, error) {
	head, err := s.Store.Head(ctx)
	if s.override == nil {
		return head, err
	}
	lie := s.override
	s.override = nil
	return lie(head), err
}

func TestLog_Record_continuesAfterInjectedEntry(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx := context.Background()
	b.recordHistory(t)
	head, err := b.db.Audit().Head(ctx)
	require.NoError(t, err)
	require.NoError(t, b.db.Audit().AppendEntry(ctx, &audit.Entry{Sequence: 6, Time: noon}, head))
	require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "login"}))
	found := verify(t, b.audit)
	require.Equal(t, []any{audit.CodeEntryForged, 6, audit.CodeEntryUnverified, 7}, findingCodes(found))
	require.Equal(t, "entry_added", b.entries(t)[6].Reason)
}
