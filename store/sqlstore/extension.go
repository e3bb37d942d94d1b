package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store"
)

// extensionStore is the store of the extensions of a team.
type extensionStore struct{ teamStore }

// Extensions returns the store of the extensions of a team; "" is the default team.
func (db *DB) Extensions(team string) extension.Store { return extensionStore{teamStore{db, team}} }

func extensionNotFound() error { return &store.NotFoundError{Kind: extension.Kind} }

// CreateExtension implements [extension.Store].
func (m extensionStore) CreateExtension(ctx context.Context, e *extension.Extension) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		// Encrypted in the transaction: a Reencrypt runs before it, and then the new
		// key is used, or after it, and then it finds the row.
		values, err := m.encodeExtension(e)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, extensionTable().insert(), values...)
		if err != nil && m.engine.isDuplicate(err) {
			return &store.AlreadyExistsError{Kind: extension.Kind, Field: "number"}
		}
		return m.wrapError(ctx, "create extension", err)
	})
}

// Extension implements [extension.Store].
func (m extensionStore) Extension(ctx context.Context, number string) (found *extension.Extension, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findExtension(ctx, q, number)
		return err
	})
	return found, err
}

func (m extensionStore) findExtension(ctx context.Context, q querier, number string) (*extension.Extension, error) {
	t := extensionTable()
	row := q.QueryRowContext(ctx, t.selectAll()+t.where(), m.team, extension.SortNumber(number))
	e, err := m.extensionDecoder().decode(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, extensionNotFound()
	}
	if err == nil && e.Number != number {
		m.logModifiedRow(ctx, extension.Kind)
		return nil, extensionNotFound()
	}
	return e, m.wrapError(ctx, "read extension", err)
}

// UpdateExtension implements [extension.Store].
func (m extensionStore) UpdateExtension(ctx context.Context, number string, change func(*extension.Extension) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		e, err := m.findExtension(ctx, q, number)
		if err != nil {
			return err
		}
		if err := change(e); err != nil {
			return err
		}
		e.Number = number
		values, err := m.encodeExtension(e)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, extensionTable().update(), extensionTable().updateArgs(values)...)
		return m.wrapError(ctx, "update extension", err)
	})
}

// DeleteExtension implements [extension.Store].
func (m extensionStore) DeleteExtension(ctx context.Context, number string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, extensionTable().deleteByKey(), m.team, extension.SortNumber(number))
		return m.requireAffected(ctx, "delete extension", result, err, extensionNotFound())
	})
}

// ListExtensions implements [extension.Store]. Unlike LIKE, instr has no wildcards and is
// case-sensitive.
func (m extensionStore) ListExtensions(ctx context.Context, q extension.Query) (*store.Page[*extension.Extension], error) {
	var s whereClause
	s.and("team = ?", m.team)
	if q.Search != "" {
		folded := strings.ToLower(q.Search)
		s.and("(instr(number, ?) > 0 OR instr(folded_name, ?) > 0)", folded, folded)
	}
	return m.extensionPager().page(ctx, m.DB, s, q.Sort, q.PageRequest)
}

func (m extensionStore) extensionPager() pager[*extension.Extension] {
	return pager[*extension.Extension]{
		table: extensionTable(), op: "list extensions", keyField: "number",
		keys:    []string{"sort_number"},
		fields:  timeColumns("created_at", "updated_at"),
		decoder: func() func(scanner) (*extension.Extension, error) { return m.extensionDecoder().decode },
	}
}

// EachExtension implements [extension.Store].
func (m extensionStore) EachExtension(ctx context.Context, visit func(*extension.Extension) error) error {
	batch := func(q querier, after *string) ([]*extension.Extension, error) {
		var s whereClause
		s.and("team = ?", m.team)
		if after != nil {
			s.and("sort_number > ?", *after)
		}
		text := extensionTable().selectAll() + s.sql() + " ORDER BY sort_number" + limitSQL(iterationBatch)
		return query(ctx, m.DB, q, "list extensions", text, s.args, m.extensionDecoder().decode)
	}
	return forEach(ctx, m.DB, batch, func(e *extension.Extension) string { return extension.SortNumber(e.Number) }, visit)
}
