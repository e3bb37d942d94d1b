package audit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestLog_Record_baselinesExistingRecord(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	old := recordTable{"old": "1"}
	require.Equal(t, []any{audit.CodeRecordUntracked, "old"}, findingCodes(verify(t, b.audit, old.source())))
	require.NoError(t, b.audit.Record(context.Background(), audit.Event{Action: audit.ActionBaseline, Kind: kind, Key: "old", State: []byte("1")}))
	require.Empty(t, verify(t, b.audit, old.source()).Findings)
}

func TestLog_Baseline_recordsOnlyUntrackedRecords(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Console, Name: "root"})
	require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "create", Kind: kind, Key: "crm", After: "1", State: []byte("1")}))
	require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "delete", Kind: kind, Key: "gone", Before: "1"}))
	records := recordTable{"old": "1", "older": "2", "crm": "changed by hand", "gone": "there again"}
	baselined, err := b.audit.Baseline(ctx, records.source())
	require.NoError(t, err)
	require.ElementsMatch(t, []store.Reference{{Kind: kind, Key: "old"}, {Kind: kind, Key: "older"}}, baselined)
	var keys []string
	for _, p := range verify(t, b.audit, records.source()).Findings {
		if p.Sequence == 0 {
			keys = append(keys, p.Key)
		}
	}
	require.ElementsMatch(t, []string{"crm", "gone"}, keys)
	require.Equal(t, "root", b.entries(t)[3].Actor.Name, "the actor of the baseline is recorded")

	again, err := b.audit.Baseline(ctx, records.source())
	require.NoError(t, err)
	require.Empty(t, again)
	require.Len(t, b.entries(t), 4)
}

func TestLog_Baseline_isAtomic(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	broken := errors.New("broken")
	_, err := b.audit.Baseline(t.Context(), recordTable{"old": "1"}.source(), audit.RecordSource{
		Kind: "other", Each: func(context.Context, func(string, []byte) error) error { return broken },
	})
	require.ErrorIs(t, err, broken)
	require.Empty(t, b.entries(t))
}
