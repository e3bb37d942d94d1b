package memstore

import (
	"context"
	"slices"
	"strconv"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// auditStore is the store of the audit log.
type auditStore struct{ *DB }

// Audit returns the store of the audit log.
func (db *DB) Audit() audit.Store { return auditStore{db} }

// AppendEntry implements [audit.Store].
func (m auditStore) AppendEntry(ctx context.Context, e *audit.Entry, head audit.Head) error {
	stored := e.Clone()
	stored.Time = truncateTime(stored.Time)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			if _, found := s.entries.get(sortableNumber(e.Sequence)); found {
				return &store.AlreadyExistsError{Kind: "audit entry", Field: "sequence"}
			}
			s.entries.put(sortableNumber(e.Sequence), stored)
			s.head = cloneHead(head)
			return nil
		})
	})
}

// Head implements [audit.Store].
func (m auditStore) Head(ctx context.Context) (head audit.Head, err error) {
	err = m.read(ctx, func(s *state) error {
		head = cloneHead(s.head)
		return nil
	})
	return head, err
}

// ListEntries implements [audit.Store].
func (m auditStore) ListEntries(ctx context.Context, q audit.Query) (*store.Page[*audit.Entry], error) {
	for _, key := range []*string{&q.After, &q.Before} {
		if *key == "" {
			continue
		}
		sequence, err := strconv.ParseInt(*key, 10, 64)
		if err != nil {
			return nil, storeerr.NewCursorError()
		}
		*key = sortableNumber(sequence)
	}
	var list *store.Page[*audit.Entry]
	err := m.read(ctx, func(s *state) error {
		l := pager[*audit.Entry]{clone: (*audit.Entry).Clone}
		list = l.keyPage(&s.entries, q.Match, true, q.PageRequest, func(r row[*audit.Entry]) string {
			return strconv.FormatInt(r.value.Sequence, 10)
		})
		return nil
	})
	return list, err
}

// EachEntry implements [audit.Store].
func (m auditStore) EachEntry(ctx context.Context, visit func(*audit.Entry) error) error {
	return forEach(ctx, m.DB, func(s *state) *table[*audit.Entry] { return &s.entries }, (*audit.Entry).Clone, visit)
}

// CheckIntegrity implements [audit.Store]: nothing is derived from the records.
func (m auditStore) CheckIntegrity(ctx context.Context, _ []audit.RecordSource, _ func(audit.Finding)) error {
	return ctx.Err()
}

// cloneHead returns a deep copy of head.
func cloneHead(head audit.Head) audit.Head {
	head.Hash, head.Signature = slices.Clone(head.Hash), slices.Clone(head.Signature)
	return head
}
