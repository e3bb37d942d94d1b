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

func TestLog_Verify_reportsNothingWhenIntact(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	require.Equal(t, &audit.Verification{Findings: []audit.Finding{}}, verify(t, b.audit))
	records := b.recordHistory(t)
	found := verify(t, b.audit, records.source())
	require.Empty(t, found.Findings)
	require.Equal(t, []int64{5, 1}, []int64{found.Entries, found.Records})
	require.Equal(t, b.entries(t)[4].Hash.String(), found.Hash)
}

func TestLog_Verify_classifiesEntryTampering(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(s *tamperedStore)
		want []any
	}{
		"changed": {
			func(s *tamperedStore) { s.entries[3].Actor.Name = "somebody else" },
			[]any{audit.CodeEntryModified, 4},
		},
		"changed, and hashed again": {
			func(s *tamperedStore) { s.entries[3].Reason = "x"; audit.Rehash(s.entries) },
			[]any{audit.CodeEntryForged, 4, audit.CodeEntryForged, 5, audit.CodeHeadMismatch, 5, audit.CodeRecordMissing, "dialer"},
		},
		"another hash": {
			func(s *tamperedStore) { s.entries[3].Hash = s.entries[2].Hash },
			[]any{audit.CodeEntryForged, 4},
		},
		"changed, and the one after too": {
			func(s *tamperedStore) { s.entries[1].Hash[0]++; s.entries[1].Kind = "x"; s.entries[2].Kind = "x" },
			[]any{audit.CodeEntryForged, 2, audit.CodeEntryUnverified, 3, audit.CodeRecordUntracked, 5, audit.CodeRecordModified, "crm"},
		},
		"the signature of another one": {
			func(s *tamperedStore) { s.entries[3].Signature = s.entries[2].Signature },
			[]any{audit.CodeEntryForged, 4},
		},
		"no signature": {
			func(s *tamperedStore) { s.entries[3].Signature = nil },
			[]any{audit.CodeEntryForged, 4},
		},
		"two swapped": {
			func(s *tamperedStore) {
				s.entries[2], s.entries[3] = s.entries[3], s.entries[2]
				s.entries[2].Sequence, s.entries[3].Sequence = 3, 4
			},
			[]any{audit.CodeEntryForged, 3, audit.CodeEntryForged, 4, audit.CodeEntryUnverified, 5, audit.CodeRecordModified, "crm", audit.CodeRecordMissing, "dialer"},
		},
		"out of order": {
			func(s *tamperedStore) { s.entries[3], s.entries[4] = s.entries[4], s.entries[3] },
			[]any{audit.CodeEntryMissing, 4, audit.CodeEntryAdded, 4, audit.CodeRecordMissing, "dialer"},
		},
		"one twice": {
			func(s *tamperedStore) { s.entries = slices.Insert(s.entries, 3, s.entries[3].Clone()) },
			[]any{audit.CodeEntryAdded, 4},
		},
		"two removed": {
			func(s *tamperedStore) { s.entries = slices.Delete(s.entries, 2, 4) },
			[]any{audit.CodeEntryMissing, 3, audit.CodeRecordModified, "crm", audit.CodeRecordMissing, "dialer"},
		},
		"the first removed": {
			func(s *tamperedStore) { s.entries = s.entries[1:] },
			[]any{audit.CodeEntryMissing, 1, audit.CodeRecordUntracked, 3, audit.CodeRecordUntracked, 5},
		},
		"the end cut off": {
			func(s *tamperedStore) { s.entries = s.entries[:4] },
			[]any{audit.CodeEntryMissing, 5, audit.CodeRecordMissing, "dialer"},
		},
		"all removed": {
			func(s *tamperedStore) { s.entries = nil },
			[]any{audit.CodeEntryMissing, 1, audit.CodeRecordUntracked, "crm"},
		},
		"all removed with the head": {
			func(s *tamperedStore) { s.entries, s.head = nil, audit.Head{} },
			[]any{audit.CodeRecordUntracked, "crm"},
		},
		"no head": {
			func(s *tamperedStore) { s.head = audit.Head{} },
			[]any{audit.CodeHeadMissing},
		},
		"the end cut off, and the head moved": {
			func(s *tamperedStore) {
				s.entries = s.entries[:4]
				s.head.Sequence, s.head.Hash = 4, s.entries[3].Hash
			},
			[]any{audit.CodeHeadForged, audit.CodeRecordMissing, "dialer"},
		},
		"one added at the end": {
			func(s *tamperedStore) {
				added := s.entries[3].Clone()
				added.Sequence = 6
				s.entries = append(s.entries, added)
			},
			[]any{audit.CodeEntryForged, 6, audit.CodeHeadMismatch, 6},
		},
		"an unknown key": {
			func(s *tamperedStore) {
				other, _ := store.NewKeyring(store.Key{ID: "other", Secret: store.GenerateKey().Secret})
				s.entries[3].Signature, s.head.Signature = other.Seal(nil, ""), other.Sign(nil, "")
			},
			[]any{audit.CodeKeyMissing, 4, audit.CodeKeyMissing},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newEnv(t)
			records := b.recordHistory(t)
			s := b.copyStore(t)
			test.do(s)
			require.Equal(t, test.want, findingCodes(verify(t, b.newLog(s), records.source())))
		})
	}
}

func TestLog_Verify_classifiesRecordTampering(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		records recordTable
		want    []any
	}{
		"changed":          {recordTable{"crm": "crm 3"}, []any{audit.CodeRecordModified, "crm"}},
		"put back":         {recordTable{"crm": "crm 1"}, []any{audit.CodeRecordModified, "crm"}},
		"emptied":          {recordTable{"crm": ""}, []any{audit.CodeRecordModified, "crm"}},
		"removed":          {recordTable{}, []any{audit.CodeRecordMissing, "crm"}},
		"added":            {recordTable{"crm": "crm 2", "evil": "evil"}, []any{audit.CodeRecordUntracked, "evil"}},
		"there again":      {recordTable{"crm": "crm 2", "dialer": "dialer 1"}, []any{audit.CodeRecordUntracked, "dialer"}},
		"in another case":  {recordTable{"CRM": "crm 2"}, []any{audit.CodeRecordUntracked, "CRM", audit.CodeRecordMissing, "crm"}},
		"nothing was done": {recordTable{"crm": "crm 2"}, []any{}},
	} {
		b := newEnv(t)
		b.recordHistory(t)
		require.Equal(t, test.want, findingCodes(verify(t, b.audit, test.records.source())), name)
	}
}

func TestLog_Verify_skipsRecordWithoutFingerprint(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	require.NoError(t, b.audit.Record(context.Background(), audit.Event{Action: "create", Kind: kind, Key: "crm", After: "1"}))
	require.Empty(t, verify(t, b.audit, recordTable{"crm": "whatever"}.source()).Findings)
	require.Empty(t, verify(t, b.audit, recordTable{}.source()).Findings)
}

func TestEntry_Fingerprint_isRandomized(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	for range 2 {
		require.NoError(t, b.audit.Record(context.Background(), audit.Event{Kind: kind, State: []byte("the same")}))
	}
	entries := b.entries(t)
	require.NotEqual(t, entries[0].Fingerprint, entries[1].Fingerprint)
}

func TestVerification_FindingCount_exceedsListedFindings(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	for range 150 {
		require.NoError(t, b.audit.Record(context.Background(), audit.Event{Action: "login"}))
	}
	s := b.copyStore(t)
	for _, e := range s.entries {
		e.Reason = "changed"
	}
	found := verify(t, b.newLog(s))
	require.Len(t, found.Findings, 100)
	require.Equal(t, int64(150), found.FindingCount)
	require.Equal(t, int64(150), found.Entries)
}

func TestLog_Verify_reportsUnreadableRecordAndContinues(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{store.ErrDecrypt, &store.UnknownKeyError{ID: "lost"}} {
		b := newEnv(t)
		b.recordHistory(t)
		doors := audit.RecordSource{Kind: "door", Each: func(_ context.Context, visit func(string, []byte) error) error {
			require.NoError(t, visit("added", []byte("by hand")))
			return fmt.Errorf("the code of %q: %w", "front", lost)
		}}
		found := verify(t, b.audit, doors, recordTable{"crm": "by hand"}.source())
		require.Equal(t, []any{audit.CodeRecordUntracked, "added", audit.CodeRecordUnreadable, audit.CodeRecordModified, "crm"}, findingCodes(found))
		require.Equal(t, "door", found.Findings[1].Kind)
		require.Contains(t, found.Findings[1].Message, "front")
	}
}

func TestLog_Verify_returnsErrorOfRecordSource(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	failure := errors.New("the disk is gone")
	found, err := b.audit.Verify(context.Background(), audit.RecordSource{Kind: kind, Each: func(context.Context, func(string, []byte) error) error {
		return failure
	}})
	require.ErrorIs(t, err, failure)
	require.Nil(t, found)
}

func TestFinding_String(t *testing.T) {
	t.Parallel()
	for want, finding := range map[string]audit.Finding{
		"entry 4: the entry was changed":          {Sequence: 4, Message: "the entry was changed"},
		"user jane: it was changed":               {Kind: "user", Key: "jane", Message: "it was changed"},
		"entry 5: user jane: it has been removed": {Sequence: 5, Kind: "user", Key: "jane", Message: "it has been removed"},
	} {
		require.Equal(t, want, finding.String())
	}
}
