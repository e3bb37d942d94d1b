package memstore

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
)

// listing is how the records of one resource are listed.
type listing[T any] struct {
	// keyField is the field that the keys of the table are made of, and fold
	// makes them.
	keyField string
	fold     func(string) string
	// times are the other fields that lists are sorted by.
	times map[string]func(T) time.Time
	clone func(T) T
}

// page returns a page of the rows that match.
func (l listing[T]) page(t *table[T], matches func(T) bool, order store.Order, page store.Page) (*store.List[T], error) {
	if order.By == "" || order.By == l.keyField {
		return l.cut(t.beyond(l.fold(page.After), order.Descending), matches, page, func(r row[T]) string { return r.key }), nil
	}
	field, known := l.times[order.By]
	if !known {
		return nil, refuse.Sort()
	}
	position := func(r row[T]) cursor.Position { return cursor.Position{Value: field(r.value).UnixMicro(), Key: r.key} }
	rows, err := sorted(t.rows, position, order, page.After)
	if err != nil {
		return nil, err
	}
	return l.cut(slices.Values(rows), matches, page, func(r row[T]) string { return cursor.Format(order, position(r)) }), nil
}

// sorted returns the rows in that order, without those up to after.
func sorted[T any](rows []row[T], position func(row[T]) cursor.Position, order store.Order, after string) ([]row[T], error) {
	compare := func(a, b cursor.Position) int {
		by := cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Key, b.Key))
		if order.Descending {
			return -by
		}
		return by
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b row[T]) int { return compare(position(a), position(b)) })
	if after == "" {
		return rows, nil
	}
	passed, err := cursor.Parse(order, after)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r row[T]) bool { return compare(position(r), passed) <= 0 }), nil
}

// cut returns the first page of the rows that match; next writes where it ends.
func (l listing[T]) cut(rows iter.Seq[row[T]], matches func(T) bool, page store.Page, next func(row[T]) string) *store.List[T] {
	list := &store.List[T]{Items: []T{}}
	var last row[T]
	for row := range rows {
		if !matches(row.value) {
			continue
		}
		if len(list.Items) == page.Clamped() {
			list.Next = next(last)
			break
		}
		list.Items, last = append(list.Items, l.clone(row.value)), row
	}
	return list
}

// each visits clones of what is in a table as it is now.
func each[T any](ctx context.Context, db *DB, of func(*state) *table[T], clone func(T) T, visit func(T) error) error {
	var rows []row[T]
	if err := db.read(ctx, func(s *state) error {
		rows = of(s).all()
		return nil
	}); err != nil {
		return err
	}
	for _, row := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(clone(row.value)); err != nil {
			return err
		}
	}
	return nil
}

// keptTime returns t as a database would keep it.
func keptTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
