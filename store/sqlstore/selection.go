package sqlstore

import (
	"context"
	"strings"
)

// selection is the conditions of a query, with their arguments. Only texts from
// this package get into it; values are always arguments.
type selection struct {
	conditions []string
	args       []any
}

func (s *selection) and(condition string, args ...any) {
	s.conditions, s.args = append(s.conditions, condition), append(s.args, args...)
}

func (s *selection) where() string {
	if len(s.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(s.conditions, " AND ")
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// query reads all rows that a query returns; doing says in errors what for.
func query[T any](ctx context.Context, db *DB, q querier, doing, text string, args []any, decode func(scanner) (T, error)) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, db.failed(ctx, doing, err)
	}
	defer func() { _ = rows.Close() }()
	found := []T{}
	for rows.Next() {
		item, err := decode(rows)
		if err != nil {
			return nil, db.failed(ctx, doing, err)
		}
		found = append(found, item)
	}
	return found, db.failed(ctx, doing, rows.Err())
}

// eachBatch is how many records are in memory at a time while each is visited.
const eachBatch = 500

// each visits the records that follow the key first, as of one moment. It reads
// in batches, so that visit may use the same connection.
func each[T, K any](ctx context.Context, db *DB, first K, batch func(q querier, after K) ([]T, error), key func(T) K, visit func(T) error) error {
	return db.snapshot(ctx, func(q querier) error {
		for after := first; ; {
			items, err := batch(q, after)
			if err != nil {
				return err
			}
			for _, item := range items {
				if err := ctx.Err(); err != nil {
					return err
				}
				after = key(item) // visit may change it
				if err := visit(item); err != nil {
					return err
				}
			}
			if len(items) < eachBatch {
				return nil
			}
		}
	})
}
