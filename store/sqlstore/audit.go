package sqlstore

import (
	"context"
	"database/sql"
	"errors"
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
	s := whereEntries(q)
	if q.After != "" {
		sequence, err := strconv.ParseInt(q.After, 10, 64)
		if err != nil {
			return nil, storeerr.NewCursorError()
		}
		s.and("sequence < ?", sequence)
	}
	limit := q.EffectiveLimit()
	list := &store.Page[*audit.Entry]{}
	err := m.read(ctx, func(ctx context.Context, db querier) (err error) {
		list.Items, err = m.entries(ctx, db, s, " ORDER BY sequence DESC", limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = strconv.FormatInt(list.Items[limit-1].Sequence, 10)
	}
	return list, nil
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
