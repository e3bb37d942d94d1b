package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
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
	return m.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, entryTable().insert(), encodeEntry(e)...)
		if err != nil && m.engine.isDuplicate(err) {
			return &store.AlreadyExistsError{Kind: "audit entry", Field: "sequence"}
		}
		if err != nil {
			return m.wrapError(ctx, "append to the audit log", err)
		}
		const replace = `INSERT INTO pbxusers_audit_head (id, sequence, hash, signature) VALUES (1, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, signature = excluded.signature`
		_, err = q.ExecContext(ctx, replace, head.Sequence, encodeHash(head.Hash), encodeHash(head.Signature))
		return m.wrapError(ctx, "append to the audit log", err)
	})
}

// Head implements [audit.Store].
func (m auditStore) Head(ctx context.Context) (head audit.Head, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) (err error) {
		head, err = m.readHead(ctx, q)
		return err
	})
	return head, err
}

func (db *DB) readHead(ctx context.Context, q querier) (audit.Head, error) {
	var head audit.Head
	err := q.QueryRowContext(ctx, "SELECT sequence, hash, signature FROM pbxusers_audit_head WHERE id = 1").
		Scan(&head.Sequence, (*[]byte)(&head.Hash), &head.Signature)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Head{}, nil
	}
	return head, db.wrapError(ctx, "read the audit head", err)
}

// ListEntries implements [audit.Store].
func (m auditStore) ListEntries(ctx context.Context, q audit.Query) (*store.Page[*audit.Entry], error) {
	s, comparison, order := whereEntries(q), "sequence < ?", " ORDER BY sequence DESC"
	all := s
	if q.IsBackward() {
		comparison, order = "sequence > ?", " ORDER BY sequence"
	}
	if edge := cmp.Or(q.After, q.Before); edge != "" {
		sequence, err := strconv.ParseInt(edge, 10, 64)
		if err != nil {
			return nil, storeerr.NewCursorError()
		}
		s.and(comparison, sequence)
	}
	list := &store.Page[*audit.Entry]{}
	err := m.read(ctx, func(ctx context.Context, db querier) (err error) {
		if list.Items, err = m.entries(ctx, db, s, order, q.EffectiveLimit()+1); err != nil || !q.Count {
			return err
		}
		list.Total, err = countRows(ctx, m.DB, db, "list audit entries", entryTable().name, all)
		return err
	})
	if err != nil {
		return nil, err
	}
	cutEntries(list, q.PageRequest)
	return list, nil
}

// cutEntries cuts the additional entry off a page, and adds the keys of the other pages.
func cutEntries(list *store.Page[*audit.Entry], req store.PageRequest) {
	more := len(list.Items) > req.EffectiveLimit()
	if more {
		list.Items = list.Items[:req.EffectiveLimit()]
	}
	if req.IsBackward() {
		slices.Reverse(list.Items)
	}
	if len(list.Items) == 0 {
		return
	}
	key := func(e *audit.Entry) string { return strconv.FormatInt(e.Sequence, 10) }
	if more || req.IsBackward() {
		list.Next = key(list.Items[len(list.Items)-1])
	}
	if req.After != "" || more && req.IsBackward() {
		list.Previous = key(list.Items[0])
	}
}

// whereEntries selects like audit.Query.Match.
func whereEntries(q audit.Query) whereClause {
	var s whereClause
	for _, filter := range []struct{ column, value string }{
		{"actor_name", q.Actor}, {"action", q.Action}, {"kind", q.Kind}, {"record_key", q.Key}, {"outcome", string(q.Outcome)},
	} {
		if filter.value != "" {
			s.and(filter.column+" = ?", filter.value)
		}
	}
	// Times of entries are whole microseconds, so bounds are rounded up.
	if !q.Since.IsZero() {
		s.and("time >= ?", ceilMicro(q.Since))
	}
	if !q.Until.IsZero() {
		s.and("time < ?", ceilMicro(q.Until))
	}
	return s
}

// EachEntry implements [audit.Store].
func (m auditStore) EachEntry(ctx context.Context, visit func(*audit.Entry) error) error {
	batch := func(q querier, after *int64) ([]*audit.Entry, error) {
		var s whereClause
		if after != nil {
			s.and("sequence > ?", *after)
		}
		return m.entries(ctx, q, s, " ORDER BY sequence", iterationBatch)
	}
	return forEach(ctx, m.DB, batch, func(e *audit.Entry) int64 { return e.Sequence }, visit)
}

func (m auditStore) entries(ctx context.Context, q querier, s whereClause, orderBy string, limit int) ([]*audit.Entry, error) {
	text := entryTable().selectAll() + s.sql() + orderBy + limitSQL(limit)
	return query(ctx, m.DB, q, "read the audit log", text, s.args, decodeEntry)
}
