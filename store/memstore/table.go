package memstore

import (
	"slices"
	"strings"
)

// table keeps values in the order of their keys.
type table[T any] struct {
	rows []row[T]
	// shared is set while somebody else may read rows: they are copied before
	// the next write.
	shared bool
}

type row[T any] struct {
	key   string
	value T
}

func (t *table[T]) find(key string) (int, bool) {
	return slices.BinarySearchFunc(t.rows, key, func(r row[T], key string) int {
		return strings.Compare(r.key, key)
	})
}

func (t *table[T]) get(key string) (T, bool) {
	i, found := t.find(key)
	if !found {
		var none T
		return none, false
	}
	return t.rows[i].value, true
}

// after returns the rows that follow key; they may be read while the table is
// locked.
func (t *table[T]) after(key string) []row[T] {
	i, found := t.find(key)
	if found {
		i++
	}
	return t.rows[i:]
}

// all returns the rows as they are now, whatever is written later.
func (t *table[T]) all() []row[T] {
	if !t.shared { // a committed table is shared for ever, and not written to
		t.shared = true
	}
	return t.rows
}

func (t *table[T]) put(key string, value T) {
	t.own()
	i, found := t.find(key)
	if found {
		t.rows[i].value = value
		return
	}
	t.rows = slices.Insert(t.rows, i, row[T]{key, value})
}

func (t *table[T]) remove(key string) bool {
	i, found := t.find(key)
	if found {
		t.own()
		t.rows = slices.Delete(t.rows, i, i+1)
	}
	return found
}

func (t *table[T]) own() {
	if t.shared {
		t.rows, t.shared = slices.Clone(t.rows), false
	}
}

func (t *table[T]) copy() table[T] { return table[T]{rows: t.rows, shared: true} }
