package audit_test

import (
	"context"
	"slices"

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
