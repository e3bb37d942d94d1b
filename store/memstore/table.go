package memstore

import (
	"iter"
	"slices"
	"strings"
)

// table stores values sorted by key.
type table[T any] struct {
	rows []row[T]
	// shared reports whether others may read rows: they are copied before one of
	// them is changed.
	shared bool
	// appended reports whether rows were appended to shared rows, after the end
	// that the others read.
	appended bool
}

type row[T any] struct {
	key   string
	value T
}

func (t *table[T]) search(key string) (int, bool) {
	return slices.BinarySearchFunc(t.rows, key, func(r row[T], key string) int {
		return strings.Compare(r.key, key)
	})
}

func (t *table[T]) get(key string) (T, bool) {
	i, found := t.search(key)
	if !found {
		var none T
		return none, false
	}
	return t.rows[i].value, true
}

// rowsAfter returns the rows after key, or all for an empty key. Read them only
// while the table is locked.
func (t *table[T]) rowsAfter(key string) []row[T] {
	i, found := t.search(key)
	if found && key != "" {
		i++
	}
	return t.rows[i:]
}

// seq yields the rows after key or, descending, the rows before it, last one first;
// an empty key means the end. Read them only while the table is locked.
func (t *table[T]) seq(key string, descending bool) iter.Seq[row[T]] {
	rows := t.rowsAfter(key)
	if descending {
		rows = t.rows
		if key != "" {
			end, _ := t.search(key)
			rows = rows[:end]
		}
	}
	return func(yield func(row[T]) bool) {
		for i := range rows {
			if descending {
				i = len(rows) - 1 - i
			}
			if !yield(rows[i]) {
				return
			}
		}
	}
}

// snapshot returns the current rows, which do not change later.
func (t *table[T]) snapshot() []row[T] {
	if t.appended {
		// Appended rows may be rolled back and then overwritten.
		t.rows, t.shared, t.appended = slices.Clone(t.rows), false, false
	}
	if !t.shared { // a committed table is always shared, and not written to
		t.shared = true
	}
	return t.rows
}

func (t *table[T]) put(key string, value T) {
	i, found := t.search(key)
	if !found && i == len(t.rows) {
		// Others do not read beyond their end, and there is one writer at a time.
		// The rows are not copied, so that appending to a long log is cheap.
		t.rows, t.appended = append(t.rows, row[T]{key, value}), t.shared
		return
	}
	t.copyOnWrite()
	if found {
		t.rows[i].value = value
		return
	}
	t.rows = slices.Insert(t.rows, i, row[T]{key, value})
}

func (t *table[T]) remove(key string) bool {
	i, found := t.search(key)
	if found {
		t.copyOnWrite()
		t.rows = slices.Delete(t.rows, i, i+1)
	}
	return found
}

// removeAll removes the rows that match and returns their number.
func (t *table[T]) removeAll(match func(T) bool) int {
	if !slices.ContainsFunc(t.rows, func(r row[T]) bool { return match(r.value) }) {
		return 0
	}
	t.copyOnWrite()
	before := len(t.rows)
	t.rows = slices.DeleteFunc(t.rows, func(r row[T]) bool { return match(r.value) })
	return before - len(t.rows)
}

func (t *table[T]) copyOnWrite() {
	if t.shared {
		t.rows, t.shared, t.appended = slices.Clone(t.rows), false, false
	}
}

func (t *table[T]) share() table[T] { return table[T]{rows: t.rows, shared: true} }
