package audit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestLog_Verify_reportsUntrackedRecordAfterUpdate(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx := context.Background()
	require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "login", Kind: kind, Key: "evil"}))
	require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "update", Kind: kind, Key: "evil", Before: "1", After: "2", State: []byte("2")}))
	require.Equal(t, []any{audit.CodeRecordUntracked, 2}, findingCodes(verify(t, b.audit, recordTable{"evil": "2"}.source())))
	require.Empty(t, verify(t, b.audit).Findings, "no records were asked for")
}

func TestLog_Record_reportsUntrackedRecordAtLogin(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	login := audit.Event{Action: "login", Kind: kind, Key: "evil", State: []byte("2"), PriorState: []byte("1")}
	require.NoError(t, b.audit.Record(context.Background(), login))
	require.Equal(t, audit.CodeRecordUntracked, b.entries(t)[0].Reason)
	require.Contains(t, b.logBuf.String(), "key=evil")
	require.Equal(t, []any{audit.CodeRecordUntracked, 1}, findingCodes(verify(t, b.audit, recordTable{"evil": "2"}.source())))

	b, login.PriorState = newEnv(t), nil
	require.NoError(t, b.audit.Record(context.Background(), login))
	require.Equal(t, []any{audit.CodeRecordUntracked, 1}, findingCodes(verify(t, b.audit, recordTable{"evil": "2"}.source())))
}

func TestLog_Record_reportsModifiedRecordAfterNextChange(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		event   audit.Event
		records recordTable
		want    []any
	}{
		"update":  {audit.Event{Before: "?", After: "3", State: []byte("3"), PriorState: []byte("by hand")}, recordTable{"crm": "3"}, []any{audit.CodeRecordModified, 6}},
		"login":   {audit.Event{State: []byte("3"), PriorState: []byte("by hand")}, recordTable{"crm": "3"}, []any{audit.CodeRecordModified, 6}},
		"delete":  {audit.Event{Before: "?", PriorState: []byte("by hand")}, recordTable{}, []any{audit.CodeRecordModified, 6}},
		"nothing": {audit.Event{Before: "?", After: "3", State: []byte("3"), PriorState: []byte("crm 2")}, recordTable{"crm": "3"}, []any{}},
	} {
		b := newEnv(t)
		b.recordHistory(t)
		test.event.Kind, test.event.Key = kind, "crm"
		require.NoError(t, b.audit.Record(ctx, test.event), name)
		require.Equal(t, test.want, findingCodes(verify(t, b.audit, test.records.source())), name)
		require.Equal(t, len(test.want) > 0, b.logBuf.Len() > 0, name)
		require.Equal(t, len(test.want) > 0, b.entries(t)[5].Reason == audit.CodeRecordModified, name)
	}
}

func TestLog_Record_findsLastStateBehindManyEntries(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx := context.Background()
	b.recordHistory(t)
	for range 12 {
		require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "login", Kind: kind, Key: "crm"}))
		require.NoError(t, b.audit.Record(ctx, audit.Event{Action: "create", Kind: "door", Key: "crm", After: "another kind", State: []byte("by hand")}))
		b.audit.RecordFailure(ctx, audit.Event{Action: "update", Kind: kind, Key: "crm"}, &store.ConflictError{})
	}
	require.NoError(t, b.audit.Record(ctx, audit.Event{Kind: kind, Key: "crm", After: "3", PriorState: []byte("by hand")}))
	require.Equal(t, audit.CodeRecordModified, b.entries(t)[41].Reason)
}

// queryRecorder is a store that stores its queries.
type queryRecorder struct {
	audit.Store

	queries []audit.Query
}

func (s *queryRecorder) ListEntries(ctx context.Context, q audit.Query) (*store.Page[*audit.Entry], error) {
	s.queries = append(s.queries, q)
	return s.Store.ListEntries(ctx, q)
}

func TestLog_Record_queriesByKeyOnly(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.recordHistory(t)
	st := &queryRecorder{Store: b.db.Audit()}
	require.NoError(t, b.newLog(st).Record(t.Context(), audit.Event{Kind: kind, Key: "crm", After: "3", PriorState: []byte("crm 2")}))
	require.Equal(t, []audit.Query{{Key: "crm", PageRequest: store.PageRequest{Limit: 5}}}, st.queries, "one index has to do")
}

func TestLog_Record_leavesUnverifiableStateToVerify(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx := context.Background()
	event := audit.Event{Kind: kind, Key: "crm", After: "3", State: []byte("3"), PriorState: []byte("by hand")}
	require.NoError(t, b.db.Audit().AppendEntry(ctx, &audit.Entry{Sequence: 1, Kind: kind, Key: "crm", Outcome: audit.Succeeded, Fingerprint: []byte("forged")}, audit.Head{}))
	require.NoError(t, b.audit.Record(ctx, event))
	entries := b.entries(t)
	require.Len(t, entries, 3)
	require.Empty(t, entries[2].Reason)

	b = newEnv(t)
	b.recordHistory(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	b.keyring = other
	var unknown *store.UnknownKeyError
	require.ErrorAs(t, b.newLog(b.db.Audit()).Record(ctx, event), &unknown)
	require.Len(t, b.entries(t), 5)
}

func TestLog_Record_toleratesUnknownKeyOfPriorEntry(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.recordHistory(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	s := b.copyStore(t)
	s.entries[2].Signature = other.Seal(nil, "")
	event := audit.Event{Kind: kind, Key: "crm", Before: "2", After: "3", State: []byte("3"), PriorState: []byte("crm 2")}
	require.NoError(t, b.newLog(s).Record(t.Context(), event))
	require.Empty(t, b.entries(t)[5].Reason)
}
