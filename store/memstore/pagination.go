package memstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// pager lists the records of one resource.
type pager[T any] struct {
	// keyField is the field of the keys of the table, and fold returns the key for
	// a value of it.
	keyField string
	fold     func(string) string
	// timeFields are the other sort fields.
	timeFields map[string]func(T) time.Time
	clone      func(T) T
}

// page returns a page of the rows that match.
func (l pager[T]) page(t *table[T], match func(T) bool, sort store.Sort, req store.PageRequest) (*store.Page[T], error) {
	if sort.By == "" || sort.By == l.keyField {
		return l.takePage(t.seq(l.fold(req.After), sort.Descending), match, req, func(r row[T]) string { return r.key }), nil
	}
	field, known := l.timeFields[sort.By]
	if !known {
		return nil, storeerr.NewSortError()
	}
	position := func(r row[T]) positionedRow[T] {
		return positionedRow[T]{r, cursor.Position{sortableTime(field(r.value)), r.key}}
	}
	return l.sortedPage(t.rows, match, sorter[T]{sort, 2, position}, req)
}

// positionedRow is a row with its position in a list.
type positionedRow[T any] struct {
	row[T]
	position cursor.Position
}

// sorter returns the positions of rows, with the same number of values each.
type sorter[T any] struct {
	sort     store.Sort
	width    int
	position func(row[T]) positionedRow[T]
}

func (s sorter[T]) compare(a, b cursor.Position) int {
	if s.sort.Descending {
		a, b = b, a
	}
	return slices.Compare(a, b)
}

// sortedPage returns a page of the rows that match.
func (l pager[T]) sortedPage(rows []row[T], match func(T) bool, sortBy sorter[T], req store.PageRequest) (*store.Page[T], error) {
	var after cursor.Position
	if req.After != "" {
		var err error
		if after, err = cursor.Parse(sortBy.sort, req.After, sortBy.width); err != nil {
			return nil, err
		}
	}
	found := []positionedRow[T]{}
	for _, r := range rows {
		if !match(r.value) {
			continue
		}
		if p := sortBy.position(r); req.After == "" || sortBy.compare(p.position, after) > 0 {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b positionedRow[T]) int { return sortBy.compare(a.position, b.position) })
	list := &store.Page[T]{Items: []T{}}
	if limit := req.EffectiveLimit(); len(found) > limit {
		found = found[:limit]
		list.Next = cursor.Format(sortBy.sort, found[limit-1].position)
	}
	for _, p := range found {
		list.Items = append(list.Items, l.clone(p.value))
	}
	return list, nil
}

// takePage returns the first page of the rows that match. next returns the cursor
// of the next page.
func (l pager[T]) takePage(rows iter.Seq[row[T]], match func(T) bool, req store.PageRequest, next func(row[T]) string) *store.Page[T] {
	list := &store.Page[T]{Items: []T{}}
	var last row[T]
	for row := range rows {
		if !match(row.value) {
			continue
		}
		if len(list.Items) == req.EffectiveLimit() {
			list.Next = next(last)
			break
		}
		list.Items, last = append(list.Items, l.clone(row.value)), row
	}
	return list
}

// forEach visits clones of the current values of a table.
func forEach[T any](ctx context.Context, db *DB, tableOf func(*state) *table[T], clone func(T) T, visit func(T) error) error {
	var rows []row[T]
	if err := db.read(ctx, func(s *state) error {
		rows = tableOf(s).snapshot()
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

// truncateTime returns t in the precision of a database.
func truncateTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// truncateTimes truncates times to the precision of a database.
func truncateTimes(times ...*time.Time) {
	for _, t := range times {
		*t = truncateTime(*t)
	}
}

// sortableNumber returns a text that sorts like the number, negative numbers first.
func sortableNumber(n int64) string {
	return fmt.Sprintf("%020d", uint64(n)^(1<<63)) //nolint:gosec // all 64 bits are wanted
}

func sortableTime(t time.Time) string { return sortableNumber(t.UnixMicro()) }
