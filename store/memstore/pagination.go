package memstore

import (
	"cmp"
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
		return l.keyPage(t, match, sort.Descending, req, func(r row[T]) string { return r.key }), nil
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
	var edge cursor.Position
	if text := cmp.Or(req.After, req.Before); text != "" {
		var err error
		if edge, err = cursor.Parse(sortBy.sort, text, sortBy.width); err != nil {
			return nil, err
		}
	}
	found := []positionedRow[T]{}
	for _, r := range rows {
		if match(r.value) {
			found = append(found, sortBy.position(r))
		}
	}
	total := len(found)
	walk := sortBy // in the direction of the page
	walk.sort.Descending = sortBy.sort.Descending != req.IsBackward()
	found = slices.DeleteFunc(found, func(p positionedRow[T]) bool { return edge != nil && walk.compare(p.position, edge) <= 0 })
	slices.SortFunc(found, func(a, b positionedRow[T]) int { return walk.compare(a.position, b.position) })
	list := newPage(slices.Values(found), req, func(p positionedRow[T]) T { return l.clone(p.value) }, func(p positionedRow[T]) string {
		return cursor.Format(sortBy.sort, p.position)
	})
	if req.Count {
		list.Total = total
	}
	return list, nil
}

// keyPage returns a page of the rows that match, sorted by key. format returns the cursor
// of a row.
func (l pager[T]) keyPage(t *table[T], match func(T) bool, descending bool, req store.PageRequest, format func(row[T]) string) *store.Page[T] {
	matching := func(edge string, descending bool) iter.Seq[row[T]] {
		return func(yield func(row[T]) bool) {
			for r := range t.seq(edge, descending) {
				if match(r.value) && !yield(r) {
					return
				}
			}
		}
	}
	edge := cmp.Or(req.After, req.Before)
	if edge != "" && l.fold != nil {
		edge = l.fold(edge)
	}
	list := newPage(matching(edge, descending != req.IsBackward()), req, func(r row[T]) T { return l.clone(r.value) }, format)
	if req.Count {
		for range matching("", false) {
			list.Total++
		}
	}
	return list
}

// newPage returns the first rows as a page. They are in reverse order if the page is
// backward. format returns the cursor of a row.
func newPage[R, T any](rows iter.Seq[R], req store.PageRequest, clone func(R) T, format func(R) string) *store.Page[T] {
	list := &store.Page[T]{Items: []T{}}
	var first, last R
	more := false
	for r := range rows {
		if more = len(list.Items) == req.EffectiveLimit(); more {
			break
		}
		if len(list.Items) == 0 {
			first = r
		}
		list.Items, last = append(list.Items, clone(r)), r
	}
	back, forth := &list.Previous, &list.Next
	if req.IsBackward() {
		slices.Reverse(list.Items)
		back, forth = forth, back
	}
	if more {
		*forth = format(last)
	}
	if cmp.Or(req.After, req.Before) != "" && len(list.Items) > 0 {
		*back = format(first)
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
