package audit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestARecordFromBeforeTheTrailIsKnownOnceTheTrailIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old := table{"old": "1"}
	require.Equal(t, []any{audit.CodeRecordUnknown, "old"}, codes(verify(t, b.trail, old.records())))
	require.NoError(t, b.trail.Record(context.Background(), audit.Event{Action: audit.ActionAdopt, Kind: kind, Key: "old", Sealed: []byte("1")}))
	require.Empty(t, verify(t, b.trail, old.records()).Problems)
}

func TestWhatTheTrailWasNeverToldOfIsAdopted_andNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Host, Name: "root"})
	require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "create", Kind: kind, Key: "crm", After: "1", Sealed: []byte("1")}))
	require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "delete", Kind: kind, Key: "gone", Before: "1"}))
	records := table{"old": "1", "older": "2", "crm": "changed by hand", "gone": "there again"}
	adopted, err := b.trail.Adopt(ctx, records.records())
	require.NoError(t, err)
	require.ElementsMatch(t, []store.Reference{{Kind: kind, Key: "old"}, {Kind: kind, Key: "older"}}, adopted)
	var keys []string
	for _, p := range verify(t, b.trail, records.records()).Problems {
		if p.Sequence == 0 {
			keys = append(keys, p.Key)
		}
	}
	require.ElementsMatch(t, []string{"crm", "gone"}, keys)
	require.Equal(t, "root", b.entries(t)[3].Actor.Name, "who vouched for it is kept")

	again, err := b.trail.Adopt(ctx, records.records())
	require.NoError(t, err)
	require.Empty(t, again)
	require.Len(t, b.entries(t), 4)
}

func TestAllAreAdoptedOrNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := errors.New("broken")
	_, err := b.trail.Adopt(t.Context(), table{"old": "1"}.records(), audit.Records{
		Kind: "other", Each: func(context.Context, func(string, []byte) error) error { return broken },
	})
	require.ErrorIs(t, err, broken)
	require.Empty(t, b.entries(t))
}
