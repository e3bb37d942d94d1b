package audit_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestLog_Record_savesExtensionsSortedAndUnique(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	event := audit.Event{Action: "update", Kind: kind, Key: "jane", Extensions: []string{"201", "", "101\n", "201"}}
	require.NoError(t, b.audit.Record(t.Context(), event))
	require.Equal(t, []string{"101\uFFFD", "201"}, b.entries(t)[0].Extensions)
	require.Equal(t, []string{"201", "", "101\n", "201"}, event.Extensions)
	b.audit.RecordFailure(t.Context(), event, store.ErrForbidden)
	require.Equal(t, []string{"101\uFFFD", "201"}, b.entries(t)[1].Extensions, "also of a denial")
	require.Empty(t, verify(t, b.audit).Findings)
}

func TestLog_Verify_findsChangedExtensions(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	require.NoError(t, b.audit.Record(t.Context(), audit.Event{Action: "login", Kind: kind, Key: "jane", Extensions: []string{"101", "201"}}))
	for _, extensions := range [][]string{nil, {"101"}, {"101201"}, {"101", "201", "202"}} {
		s := b.copyStore(t)
		s.entries[0].Extensions = extensions
		require.Equal(t, []any{audit.CodeEntryModified, 1}, findingCodes(verify(t, b.newLog(s))), "%v", extensions)
	}
}

func TestLog_ListInScope_omitsOtherEntriesAndTheirTraces(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	for _, extension := range []string{"101", "201", "102", "202", "203", "103", "204"} {
		require.NoError(t, b.audit.Record(t.Context(), audit.Event{Action: "login", Kind: kind, Key: extension, Extensions: []string{extension}}))
	}
	inScope := func(e *audit.Entry) bool { return e.Extensions[0] < "200" }
	var keys []string
	for q := (audit.Query{PageRequest: store.PageRequest{Limit: 1}}); ; {
		list, err := b.audit.ListInScope(context.Background(), q, inScope)
		require.NoError(t, err)
		require.Len(t, list.Items, 1, "a page is never empty because others are left out")
		require.Empty(t, list.Items[0].Hash, "it would confirm a guess at the entry before")
		keys = append(keys, list.Items[0].Key)
		if q.After = list.Next; q.After == "" {
			break
		}
	}
	require.Equal(t, []string{"103", "102", "101"}, keys, "the last page says that no more follow")
	require.False(t, slices.ContainsFunc(b.entries(t), func(e *audit.Entry) bool { return len(e.Hash) == 0 }))
	list, err := b.audit.ListInScope(context.Background(), audit.Query{Key: "201"}, inScope)
	require.NoError(t, err)
	require.Empty(t, list.Items)
	require.Empty(t, list.Next)
}
