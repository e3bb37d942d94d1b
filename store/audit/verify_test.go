package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

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

func TestARecordWithoutFingerprintIsNotJudged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.trail.Record(context.Background(), audit.Event{Action: "create", Kind: kind, Key: "crm", After: "1"}))
	require.Empty(t, verify(t, b.trail, table{"crm": "whatever"}.records()).Problems)
	require.Empty(t, verify(t, b.trail, table{}.records()).Problems)
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
