package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// tampered is what a database shows that somebody changed by hand.
type tampered struct {
	audit.Store

	entries []*audit.Entry
	head    audit.Head
}

func (s *tampered) Head(context.Context) (audit.Head, error) { return s.head, nil }

func (s *tampered) EachEntry(_ context.Context, visit func(*audit.Entry) error) error {
	for _, e := range s.entries {
		if err := visit(e.Clone()); err != nil {
			return err
		}
	}
	return nil
}

func (s *tampered) ListEntries(_ context.Context, q audit.Query) (*store.List[*audit.Entry], error) {
	list := &store.List[*audit.Entry]{}
	for _, e := range slices.Backward(s.entries) {
		if q.Matches(e) {
			list.Items = append(list.Items, e.Clone())
		}
	}
	return list, nil
}

// tamper returns a store that holds what that of b does.
func (b *bundle) tamper(t require.TestingT) *tampered {
	head, err := b.db.Audit().Head(context.Background())
	require.NoError(t, err)
	return &tampered{b.db.Audit(), b.entries(t), head}
}

// table is the records of one kind, as they are stored.
type table map[string]string

func (r table) records() audit.Records {
	return audit.Records{Kind: kind, Each: func(_ context.Context, visit func(string, []byte) error) error {
		for key, sealed := range r {
			if err := visit(key, []byte(sealed)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// story keeps five acts, and returns the record that is there at the end.
func (b *bundle) story(t require.TestingT) table {
	ctx := context.Background()
	for _, event := range []audit.Event{
		{Action: "create", Kind: kind, Key: "crm", After: "first", Sealed: []byte("crm 1")},
		{Action: "create", Kind: kind, Key: "dialer", After: "first", Sealed: []byte("dialer 1")},
		{Action: "update", Kind: kind, Key: "crm", Before: "first", After: "second", Sealed: []byte("crm 2")},
		{Action: "login", Kind: kind, Key: "crm"},
		{Action: "delete", Kind: kind, Key: "dialer", Before: "first"},
	} {
		require.NoError(t, b.trail.Record(ctx, event))
	}
	return table{"crm": "crm 2"}
}

// codes returns the codes and sequences, or keys, of what is found.
func codes(found *audit.Verification) []any {
	list := []any{}
	for _, p := range found.Problems {
		switch {
		case p.Sequence != 0:
			list = append(list, p.Code, int(p.Sequence))
		case p.Key != "":
			list = append(list, p.Code, p.Key)
		default:
			list = append(list, p.Code)
		}
	}
	return list
}

func verify(t require.TestingT, trail *audit.Trail, records ...audit.Records) *audit.Verification {
	found, err := trail.Verify(context.Background(), records...)
	require.NoError(t, err)
	require.Equal(t, int(found.ProblemCount) > 100, len(found.Problems) == 100 && found.ProblemCount != 100)
	for _, p := range found.Problems {
		require.NotEmpty(t, p.Message)
	}
	return found
}

func TestAnUntouchedTrailHasNoProblems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, &audit.Verification{Problems: []audit.Problem{}}, verify(t, b.trail))
	records := b.story(t)
	found := verify(t, b.trail, records.records())
	require.Empty(t, found.Problems)
	require.Equal(t, []int64{5, 1}, []int64{found.Entries, found.Records})
	require.Equal(t, b.entries(t)[4].Hash.String(), found.Hash)
}

func TestWhatWasDoneToTheEntriesIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(s *tampered)
		want []any
	}{
		"changed": {
			func(s *tampered) { s.entries[3].Actor.Name = "somebody else" },
			[]any{audit.CodeEntryChanged, 4},
		},
		"changed, and hashed again": {
			func(s *tampered) { s.entries[3].Reason = "x"; audit.Rehash(s.entries) },
			[]any{audit.CodeEntryForged, 4, audit.CodeEntryForged, 5, audit.CodeHeadDiffers, 5, audit.CodeRecordMissing, "dialer"},
		},
		"another hash": {
			func(s *tampered) { s.entries[3].Hash = s.entries[2].Hash },
			[]any{audit.CodeEntryForged, 4},
		},
		"changed, and the one after too": {
			func(s *tampered) { s.entries[1].Hash[0]++; s.entries[1].Kind = "x"; s.entries[2].Kind = "x" },
			[]any{audit.CodeEntryForged, 2, audit.CodeEntryUnproven, 3, audit.CodeRecordUnknown, 5, audit.CodeRecordDiffers, "crm"},
		},
		"the signature of another one": {
			func(s *tampered) { s.entries[3].Signature = s.entries[2].Signature },
			[]any{audit.CodeEntryForged, 4},
		},
		"no signature": {
			func(s *tampered) { s.entries[3].Signature = nil },
			[]any{audit.CodeEntryForged, 4},
		},
		"two swapped": {
			func(s *tampered) {
				s.entries[2], s.entries[3] = s.entries[3], s.entries[2]
				s.entries[2].Sequence, s.entries[3].Sequence = 3, 4
			},
			[]any{audit.CodeEntryForged, 3, audit.CodeEntryForged, 4, audit.CodeEntryUnproven, 5, audit.CodeRecordDiffers, "crm", audit.CodeRecordMissing, "dialer"},
		},
		"out of order": {
			func(s *tampered) { s.entries[3], s.entries[4] = s.entries[4], s.entries[3] },
			[]any{audit.CodeEntryMissing, 4, audit.CodeEntryAdded, 4, audit.CodeRecordMissing, "dialer"},
		},
		"one twice": {
			func(s *tampered) { s.entries = slices.Insert(s.entries, 3, s.entries[3].Clone()) },
			[]any{audit.CodeEntryAdded, 4},
		},
		"two removed": {
			func(s *tampered) { s.entries = slices.Delete(s.entries, 2, 4) },
			[]any{audit.CodeEntryMissing, 3, audit.CodeRecordDiffers, "crm", audit.CodeRecordMissing, "dialer"},
		},
		"the first removed": {
			func(s *tampered) { s.entries = s.entries[1:] },
			[]any{audit.CodeEntryMissing, 1, audit.CodeRecordUnknown, 3, audit.CodeRecordUnknown, 5},
		},
		"the end cut off": {
			func(s *tampered) { s.entries = s.entries[:4] },
			[]any{audit.CodeEntryMissing, 5, audit.CodeRecordMissing, "dialer"},
		},
		"all removed": {
			func(s *tampered) { s.entries = nil },
			[]any{audit.CodeEntryMissing, 1, audit.CodeRecordUnknown, "crm"},
		},
		"all removed with the head": {
			func(s *tampered) { s.entries, s.head = nil, audit.Head{} },
			[]any{audit.CodeRecordUnknown, "crm"},
		},
		"no head": {
			func(s *tampered) { s.head = audit.Head{} },
			[]any{audit.CodeHeadMissing},
		},
		"the end cut off, and the head moved": {
			func(s *tampered) {
				s.entries = s.entries[:4]
				s.head.Sequence, s.head.Hash = 4, s.entries[3].Hash
			},
			[]any{audit.CodeHeadForged, audit.CodeRecordMissing, "dialer"},
		},
		"one added at the end": {
			func(s *tampered) {
				added := s.entries[3].Clone()
				added.Sequence = 6
				s.entries = append(s.entries, added)
			},
			[]any{audit.CodeEntryForged, 6, audit.CodeHeadDiffers, 6},
		},
		"an unknown key": {
			func(s *tampered) {
				other, _ := store.NewKeyring(store.Key{ID: "other", Secret: store.GenerateKey().Secret})
				s.entries[3].Signature, s.head.Signature = other.Seal(nil, ""), other.Sign(nil, "")
			},
			[]any{audit.CodeKeyMissing, 4, audit.CodeKeyMissing},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			records := b.story(t)
			s := b.tamper(t)
			test.do(s)
			require.Equal(t, test.want, codes(verify(t, b.over(s), records.records())))
		})
	}
}

func TestWhatWasDoneToTheRecordsIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		records table
		want    []any
	}{
		"changed":          {table{"crm": "crm 3"}, []any{audit.CodeRecordDiffers, "crm"}},
		"put back":         {table{"crm": "crm 1"}, []any{audit.CodeRecordDiffers, "crm"}},
		"emptied":          {table{"crm": ""}, []any{audit.CodeRecordDiffers, "crm"}},
		"removed":          {table{}, []any{audit.CodeRecordMissing, "crm"}},
		"added":            {table{"crm": "crm 2", "evil": "evil"}, []any{audit.CodeRecordUnknown, "evil"}},
		"there again":      {table{"crm": "crm 2", "dialer": "dialer 1"}, []any{audit.CodeRecordUnknown, "dialer"}},
		"in another case":  {table{"CRM": "crm 2"}, []any{audit.CodeRecordUnknown, "CRM", audit.CodeRecordMissing, "crm"}},
		"nothing was done": {table{"crm": "crm 2"}, []any{}},
	} {
		b := setup(t)
		b.story(t)
		require.Equal(t, test.want, codes(verify(t, b.trail, test.records.records())), name)
	}
}

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

func TestARecordWithoutFingerprintIsNotJudged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.trail.Record(context.Background(), audit.Event{Action: "create", Kind: kind, Key: "crm", After: "1"}))
	require.Empty(t, verify(t, b.trail, table{"crm": "whatever"}.records()).Problems)
	require.Empty(t, verify(t, b.trail, table{}.records()).Problems)
}

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

func TestAfterARotationEverythingIsProvenWithoutTheOldKey(t *testing.T) {
	t.Parallel()
	old, fresh := store.GenerateKey(), store.GenerateKey()
	b := setup(t)
	var err error
	b.keyring, err = store.NewKeyring(old)
	require.NoError(t, err)
	b.trail = b.over(b.db.Audit())
	records := b.story(t)

	both, err := store.NewKeyring(fresh, old)
	require.NoError(t, err)
	s := b.tamper(t)
	for _, e := range s.entries {
		changed, err := (&audit.Entry{Sequence: e.Sequence, Hash: e.Hash, Signature: e.Signature}).Resign(b.keyring)
		require.NoError(t, err)
		require.False(t, changed)
		changed, err = e.Resign(both)
		require.NoError(t, err)
		require.True(t, changed)
	}
	changed, err := s.head.Resign(both)
	require.NoError(t, err)
	require.True(t, changed)
	changed, err = s.head.Resign(both)
	require.NoError(t, err)
	require.False(t, changed)

	b.keyring, err = store.NewKeyring(fresh)
	require.NoError(t, err)
	require.Empty(t, verify(t, b.over(s), records.records()).Problems)
	require.Equal(t, []any{audit.CodeRecordDiffers, "crm"}, codes(verify(t, b.over(s), table{"crm": "crm 3"}.records())))
}

func TestARotationDoesNotSignWhatWasForged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.story(t)
	s := b.tamper(t)
	other, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	var unknown *store.UnknownKeyError
	_, err = s.entries[0].Resign(other)
	require.ErrorAs(t, err, &unknown)
	_, err = s.head.Resign(other)
	require.ErrorAs(t, err, &unknown)
	_, err = (&audit.Head{}).Resign(other)
	require.NoError(t, err)

	s.entries[0].Hash[0]++
	s.entries[0].Signature[0]++ // of no key at all
	_, err = s.entries[0].Resign(b.keyring)
	require.ErrorIs(t, err, store.ErrForged)
	s.head.Sequence++
	s.head.Signature = nil
	_, err = s.head.Resign(b.keyring)
	require.ErrorIs(t, err, store.ErrForged)
}

func TestAHundredProblemsAreListedAndAllAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 150 {
		require.NoError(t, b.trail.Record(context.Background(), audit.Event{Action: "login"}))
	}
	s := b.tamper(t)
	for _, e := range s.entries {
		e.Reason = "changed"
	}
	found := verify(t, b.over(s))
	require.Len(t, found.Problems, 100)
	require.Equal(t, int64(150), found.ProblemCount)
	require.Equal(t, int64(150), found.Entries)
}

func TestTheFingerprintOfARecordIsDifferentEachTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 2 {
		require.NoError(t, b.trail.Record(context.Background(), audit.Event{Kind: kind, Sealed: []byte("the same")}))
	}
	entries := b.entries(t)
	require.NotEqual(t, entries[0].Fingerprint, entries[1].Fingerprint)
}

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

func TestARecordThatCannotBeReadIsAProblemAndHidesNoOtherKind(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{store.ErrUnsealable, &store.UnknownKeyError{ID: "lost"}} {
		b := setup(t)
		b.story(t)
		doors := audit.Records{Kind: "door", Each: func(_ context.Context, visit func(string, []byte) error) error {
			require.NoError(t, visit("added", []byte("by hand")))
			return fmt.Errorf("the code of %q: %w", "front", lost)
		}}
		found := verify(t, b.trail, doors, table{"crm": "by hand"}.records())
		require.Equal(t, []any{audit.CodeRecordUnknown, "added", audit.CodeRecordUnreadable, audit.CodeRecordDiffers, "crm"}, codes(found))
		require.Equal(t, "door", found.Problems[1].Kind)
		require.Contains(t, found.Problems[1].Message, "front")
	}
}

func TestVerifyEndsWithTheErrorOfTheRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	failure := errors.New("the disk is gone")
	found, err := b.trail.Verify(context.Background(), audit.Records{Kind: kind, Each: func(context.Context, func(string, []byte) error) error {
		return failure
	}})
	require.ErrorIs(t, err, failure)
	require.Nil(t, found)
}
