package audit_test

import (
	"context"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// tamperedStore is a database that was modified manually.
type tamperedStore struct {
	audit.Store

	entries []*audit.Entry
	head    audit.Head
}

func (s *tamperedStore) Head(context.Context) (audit.Head, error) { return s.head, nil }

func (s *tamperedStore) EachEntry(_ context.Context, visit func(*audit.Entry) error) error {
	for _, e := range s.entries {
		if err := visit(e.Clone()); err != nil {
			return err
		}
	}
	return nil
}

func (s *tamperedStore) ListEntries(_ context.Context, q audit.Query) (*store.Page[*audit.Entry], error) {
	list := &store.Page[*audit.Entry]{}
	for _, e := range slices.Backward(s.entries) {
		if q.Match(e) {
			list.Items = append(list.Items, e.Clone())
		}
	}
	return list, nil
}

// copyStore returns a store with the content of b.
func (b *env) copyStore(t require.TestingT) *tamperedStore {
	head, err := b.db.Audit().Head(context.Background())
	require.NoError(t, err)
	return &tamperedStore{b.db.Audit(), b.entries(t), head}
}

// recordTable is the stored records of one kind.
type recordTable map[string]string

func (r recordTable) source() audit.RecordSource {
	return audit.RecordSource{Kind: kind, Each: func(_ context.Context, visit func(string, []byte) error) error {
		for key, state := range r {
			if err := visit(key, []byte(state)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// recordHistory records five operations, and returns the record that exists at the
// end.
func (b *env) recordHistory(t require.TestingT) recordTable {
	ctx := context.Background()
	for _, event := range []audit.Event{
		{Action: "create", Kind: kind, Key: "crm", After: "first", State: []byte("crm 1")},
		{Action: "create", Kind: kind, Key: "dialer", After: "first", State: []byte("dialer 1")},
		{Action: "update", Kind: kind, Key: "crm", Before: "first", After: "second", State: []byte("crm 2")},
		{Action: "login", Kind: kind, Key: "crm"},
		{Action: "delete", Kind: kind, Key: "dialer", Before: "first"},
	} {
		require.NoError(t, b.audit.Record(ctx, event))
	}
	return recordTable{"crm": "crm 2"}
}

// findingCodes returns the codes and the sequences or keys of the findings.
func findingCodes(result *audit.Verification) []any {
	list := []any{}
	for _, p := range result.Findings {
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

func verify(t require.TestingT, log *audit.Log, records ...audit.RecordSource) *audit.Verification {
	result, err := log.Verify(context.Background(), records...)
	require.NoError(t, err)
	require.Equal(t, int(result.FindingCount) > 100, len(result.Findings) == 100 && result.FindingCount != 100)
	for _, p := range result.Findings {
		require.NotEmpty(t, p.Message)
	}
	return result
}
