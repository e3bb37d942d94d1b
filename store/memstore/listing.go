package memstore

import (
	"context"
	"fmt"
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
	place := func(r row[T]) placed[T] { return placed[T]{r, cursor.Position{sortableTime(field(r.value)), r.key}} }
	return l.sorted(t.rows, matches, sorting[T]{order, 2, place}, page)
}

// placed is a row with its place in a list.
type placed[T any] struct {
	row[T]
	at cursor.Position
}

// sorting sorts rows by their places, each of so many values.
type sorting[T any] struct {
	order  store.Order
	values int
	place  func(row[T]) placed[T]
}

func (s sorting[T]) compare(a, b cursor.Position) int {
	if s.order.Descending {
		a, b = b, a
	}
	return slices.Compare(a, b)
}

// sorted returns a page of the rows that match.
func (l listing[T]) sorted(rows []row[T], matches func(T) bool, by sorting[T], page store.Page) (*store.List[T], error) {
	var passed cursor.Position
	if page.After != "" {
		var err error
		if passed, err = cursor.Parse(by.order, page.After, by.values); err != nil {
			return nil, err
		}
	}
	found := []placed[T]{}
	for _, r := range rows {
		if !matches(r.value) {
			continue
		}
		if p := by.place(r); page.After == "" || by.compare(p.at, passed) > 0 {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b placed[T]) int { return by.compare(a.at, b.at) })
	list := &store.List[T]{Items: []T{}}
	if limit := page.Clamped(); len(found) > limit {
		found = found[:limit]
		list.Next = cursor.Format(by.order, found[limit-1].at)
	}
	for _, p := range found {
		list.Items = append(list.Items, l.clone(p.value))
	}
	return list, nil
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

// keepTimes makes times those that a database would keep.
func keepTimes(times ...*time.Time) {
	for _, t := range times {
		*t = keptTime(*t)
	}
}

// sortableNumber returns a text that sorts as the number does, negative ones
// first.
func sortableNumber(n int64) string {
	return fmt.Sprintf("%020d", uint64(n)^(1<<63)) //nolint:gosec // all 64 bits are wanted
}

func sortableTime(t time.Time) string { return sortableNumber(t.UnixMicro()) }
