package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

// interleavedStore is a store to which others write after all entries were read.
type interleavedStore struct {
	audit.Store

	write func()
}

func (s interleavedStore) EachEntry(ctx context.Context, visit func(*audit.Entry) error) error {
	err := s.Store.EachEntry(ctx, visit)
	s.write()
	return err
}

func TestLog_Verify_doesNotBlockWriters(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	records := b.recordHistory(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	auditLog := b.newLog(interleavedStore{b.db.Audit(), func() {
		for i := range 120 { // more than a page
			event := audit.Event{Kind: kind, Key: "crm", Before: "it", After: "it", State: []byte{byte(i)}, PriorState: []byte(records["crm"])}
			require.NoError(t, b.audit.Record(ctx, event))
			records["crm"] = string(event.State)
		}
		require.NoError(t, b.audit.Record(ctx, audit.Event{Kind: kind, Key: "dialer", After: "again", State: []byte("dialer 2")}))
		records["dialer"] = "dialer 2"
	}})
	found, err := auditLog.Verify(ctx, records.source())
	require.NoError(t, err)
	require.Empty(t, found.Findings)
	require.Equal(t, []int64{5 + 121, 2}, []int64{found.Entries, found.Records})
	require.Equal(t, b.entries(t)[125].Hash.String(), found.Hash)
}

// retryStore is a store that runs each transaction twice.
type retryStore struct {
	audit.Store

	db retryDB
}

func (s retryStore) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.RunInTx(ctx, fn)
}

func TestLog_Verify_countsFindingsOnceOnRetry(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.recordHistory(t)
	s := b.copyStore(t)
	s.entries[3].Actor.Name, s.head = "somebody else", audit.Head{}
	found := verify(t, b.newLog(retryStore{s, retryDB{b.db}}), recordTable{"evil": "evil"}.source())
	require.Equal(t, []any{audit.CodeEntryModified, 4, audit.CodeHeadMissing, audit.CodeRecordUntracked, "evil", audit.CodeRecordMissing, "crm"}, findingCodes(found))
	require.Equal(t, []int64{5, 1, 4}, []int64{found.Entries, found.Records, found.FindingCount})
}
