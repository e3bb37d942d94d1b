package sqlstore

import (
	"cmp"
	"context"
	"strconv"
	"strings"
)

// whereClause has the conditions of a query and their arguments. It contains only
// texts from this package; values are always arguments.
type whereClause struct {
	conditions []string
	args       []any
	// isSearch says that a condition reads a text of each row, so that counting is slow.
	isSearch bool
}

func (s *whereClause) and(condition string, args ...any) {
	s.conditions, s.args = append(s.conditions, condition), append(s.args, args...)
}

// andSearch adds a condition that reads a text of each row.
func (s *whereClause) andSearch(condition string, args ...any) {
	s.and(condition, args...)
	s.isSearch = true
}

func (s *whereClause) sql() string {
	if len(s.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(s.conditions, " AND ")
}

// limitSQL returns the LIMIT clause for n rows. The number is a part of the text: the
// value of a placeholder can change the plan, so SQLite would prepare the query twice.
func limitSQL(n int) string { return " LIMIT " + strconv.Itoa(n) }

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// query reads all rows that a query returns. op names the operation in errors.
func query[T any](ctx context.Context, db *DB, q querier, op, text string, args []any, decode func(scanner) (T, error)) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, db.wrapError(ctx, op, err)
	}
	defer func() { _ = rows.Close() }()
	found := []T{}
	for rows.Next() {
		item, err := decode(rows)
		if err != nil {
			return nil, db.wrapError(ctx, op, err)
		}
		found = append(found, item)
	}
	return found, db.wrapError(ctx, op, rows.Err())
}

// logModifiedRow logs that a lookup by a derived column found a record that does not
// have the key: the row was modified outside the program. The lookup must not return
// the record. Otherwise one user could log in as another.
func (db *DB) logModifiedRow(ctx context.Context, kind string) {
	db.logger.ErrorContext(ctx, "a lookup found a row that was modified outside this program; verify the audit log", "kind", kind)
}

// iterationBatch is the number of records in memory during an iteration.
const iterationBatch = 500

// forEach visits all records in one snapshot, sorted by key. It reads in batches, so
// that visit can use the same connection. after is nil for the first batch: a row that
// was added outside the program can have the lowest of all keys.
func forEach[T any, K cmp.Ordered](ctx context.Context, db *DB, batch func(q querier, after *K) ([]T, error), key func(T) K, visit func(T) error) error {
	return db.snapshot(ctx, func(q querier) error {
		for after := (*K)(nil); ; {
			items, err := batch(q, after)
			if err != nil {
				return err
			}
			var last K
			for _, item := range items {
				if err := ctx.Err(); err != nil {
					return err
				}
				last = key(item) // visit may change it
				if err := visit(item); err != nil {
					return err
				}
			}
			switch {
			case len(items) < iterationBatch:
				return nil
			case after != nil && last <= *after:
				return columnError("key") // modified outside the program: the same rows would follow again
			}
			after = &last
		}
	})
}
