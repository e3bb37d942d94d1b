package memstore

import (
	"context"
	"slices"
	"strconv"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
)

// trail is the audit trail of a DB.
type trail struct{ *DB }

// Audit returns the store of the audit trail.
func (db *DB) Audit() audit.Store { return trail{db} }

// AppendEntry implements [audit.Store].
func (m trail) AppendEntry(ctx context.Context, e *audit.Entry, head audit.Head) error {
	kept := e.Clone()
	kept.At = keptTime(kept.At)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			if _, found := s.entries.get(sortableNumber(e.Sequence)); found {
				return &store.ExistsError{Kind: "audit entry", Field: "sequence"}
			}
			s.entries.put(sortableNumber(e.Sequence), kept)
			s.head = cloneHead(head)
			return nil
		})
	})
}

// Head implements [audit.Store].
func (m trail) Head(ctx context.Context) (head audit.Head, err error) {
	err = m.read(ctx, func(s *state) error {
		head = cloneHead(s.head)
		return nil
	})
	return head, err
}

// ListEntries implements [audit.Store].
func (m trail) ListEntries(ctx context.Context, q audit.Query) (*store.List[*audit.Entry], error) {
	after := ""
	if q.After != "" {
		sequence, err := strconv.ParseInt(q.After, 10, 64)
		if err != nil {
			return nil, refuse.After()
		}
		after = sortableNumber(sequence)
	}
	var list *store.List[*audit.Entry]
	err := m.read(ctx, func(s *state) error {
		l := listing[*audit.Entry]{clone: (*audit.Entry).Clone}
		list = l.cut(s.entries.beyond(after, true), q.Matches, q.Page, func(r row[*audit.Entry]) string {
			return strconv.FormatInt(r.value.Sequence, 10)
		})
		return nil
	})
	return list, err
}

// EachEntry implements [audit.Store].
func (m trail) EachEntry(ctx context.Context, visit func(*audit.Entry) error) error {
	return each(ctx, m.DB, func(s *state) *table[*audit.Entry] { return &s.entries }, (*audit.Entry).Clone, visit)
}

// cloneHead returns a copy that shares nothing with head.
func cloneHead(head audit.Head) audit.Head {
	head.Hash, head.Signature = slices.Clone(head.Hash), slices.Clone(head.Signature)
	return head
}
