package audit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestARecordThatWasAddedByHandIsFoundAfterItWasUsedAndChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "login", Kind: kind, Key: "evil"}))
	require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "update", Kind: kind, Key: "evil", Before: "1", After: "2", Sealed: []byte("2")}))
	require.Equal(t, []any{audit.CodeRecordUnknown, 2}, codes(verify(t, b.trail, table{"evil": "2"}.records())))
	require.Empty(t, verify(t, b.trail).Problems, "no records were asked for")
}

func TestARecordThatWasAddedByHandIsFoundAfterALoginThatKeptIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	login := audit.Event{Action: "login", Kind: kind, Key: "evil", Sealed: []byte("2"), SealedBefore: []byte("1")}
	require.NoError(t, b.trail.Record(context.Background(), login))
	require.Equal(t, audit.CodeRecordUnknown, b.entries(t)[0].Reason)
	require.Contains(t, b.log.String(), "key=evil")
	require.Equal(t, []any{audit.CodeRecordUnknown, 1}, codes(verify(t, b.trail, table{"evil": "2"}.records())))

	b, login.SealedBefore = setup(t), nil
	require.NoError(t, b.trail.Record(context.Background(), login))
	require.Equal(t, []any{audit.CodeRecordUnknown, 1}, codes(verify(t, b.trail, table{"evil": "2"}.records())))
}

func TestARecordThatWasChangedByHandIsFoundAfterItWasChangedAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		event   audit.Event
		records table
		want    []any
	}{
		"update":  {audit.Event{Before: "?", After: "3", Sealed: []byte("3"), SealedBefore: []byte("by hand")}, table{"crm": "3"}, []any{audit.CodeRecordDiffers, 6}},
		"login":   {audit.Event{Sealed: []byte("3"), SealedBefore: []byte("by hand")}, table{"crm": "3"}, []any{audit.CodeRecordDiffers, 6}},
		"delete":  {audit.Event{Before: "?", SealedBefore: []byte("by hand")}, table{}, []any{audit.CodeRecordDiffers, 6}},
		"nothing": {audit.Event{Before: "?", After: "3", Sealed: []byte("3"), SealedBefore: []byte("crm 2")}, table{"crm": "3"}, []any{}},
	} {
		b := setup(t)
		b.story(t)
		test.event.Kind, test.event.Key = kind, "crm"
		require.NoError(t, b.trail.Record(ctx, test.event), name)
		require.Equal(t, test.want, codes(verify(t, b.trail, test.records.records())), name)
		require.Equal(t, len(test.want) > 0, b.log.Len() > 0, name)
		require.Equal(t, len(test.want) > 0, b.entries(t)[5].Reason == audit.CodeRecordDiffers, name)
	}
}

func TestALongRowOfActsThatConcernNoRecordHidesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	b.story(t)
	for range 12 {
		require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "login", Kind: kind, Key: "crm"}))
		require.NoError(t, b.trail.Record(ctx, audit.Event{Action: "create", Kind: "door", Key: "crm", After: "another kind", Sealed: []byte("by hand")}))
		b.trail.RecordFailure(ctx, audit.Event{Action: "update", Kind: kind, Key: "crm"}, &store.ConflictError{})
	}
	require.NoError(t, b.trail.Record(ctx, audit.Event{Kind: kind, Key: "crm", After: "3", SealedBefore: []byte("by hand")}))
	require.Equal(t, audit.CodeRecordDiffers, b.entries(t)[41].Reason)
}

// asked is a trail that remembers what it was asked for.
type asked struct {
	audit.Store

	queries []audit.Query
}

func (s *asked) ListEntries(ctx context.Context, q audit.Query) (*store.List[*audit.Entry], error) {
	s.queries = append(s.queries, q)
	return s.Store.ListEntries(ctx, q)
}

func TestAChangeOfARecordReadsOnlyWhatIsOfItsKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.story(t)
	st := &asked{Store: b.db.Audit()}
	require.NoError(t, b.over(st).Record(t.Context(), audit.Event{Kind: kind, Key: "crm", After: "3", SealedBefore: []byte("crm 2")}))
	require.Equal(t, []audit.Query{{Key: "crm", Page: store.Page{Limit: 5}}}, st.queries, "one index has to do")
}

func TestWhatCannotBeProvenOfTheRecordBeforeIsLeftToTheVerification(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	event := audit.Event{Kind: kind, Key: "crm", After: "3", Sealed: []byte("3"), SealedBefore: []byte("by hand")}
	require.NoError(t, b.db.Audit().AppendEntry(ctx, &audit.Entry{Sequence: 1, Kind: kind, Key: "crm", Outcome: audit.Done, Fingerprint: []byte("forged")}, audit.Head{}))
	require.NoError(t, b.trail.Record(ctx, event))
	entries := b.entries(t)
	require.Len(t, entries, 3)
	require.Empty(t, entries[2].Reason)

	b = setup(t)
	b.story(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	b.keyring = other
	var unknown *store.UnknownKeyError
	require.ErrorAs(t, b.over(b.db.Audit()).Record(ctx, event), &unknown)
	require.Len(t, b.entries(t), 5)
}

func TestAnEntryOfAnUnknownKeyDoesNotStopTheChangesOfItsRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.story(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	s := b.tamper(t)
	s.entries[2].Signature = other.Seal(nil, "")
	event := audit.Event{Kind: kind, Key: "crm", Before: "2", After: "3", Sealed: []byte("3"), SealedBefore: []byte("crm 2")}
	require.NoError(t, b.over(s).Record(t.Context(), event))
	require.Empty(t, b.entries(t)[5].Reason)
}
