package throttle

import "container/list"

// table keeps a bounded number of counts, and forgets the one that nobody has
// asked for in the longest time.
type table[Count any] struct {
	size    int
	entries map[key]*list.Element
	// order holds *entry[Count], the latest first.
	order *list.List
}

type entry[Count any] struct {
	key   key
	count Count
}

func newTable[Count any](size int) *table[Count] {
	return &table[Count]{size: size, entries: map[key]*list.Element{}, order: list.New()}
}

// find returns the count of k, or nil.
func (t *table[Count]) find(k key) *Count {
	element, ok := t.entries[k]
	if !ok {
		return nil
	}
	t.order.MoveToFront(element)
	return &entryOf[Count](element).count
}

// at returns the count of k, a new one if there is none.
func (t *table[Count]) at(k key) *Count {
	if count := t.find(k); count != nil {
		return count
	}
	if t.order.Len() >= t.size {
		t.forget(entryOf[Count](t.order.Back()).key)
	}
	made := &entry[Count]{key: k}
	t.entries[k] = t.order.PushFront(made)
	return &made.count
}

func (t *table[Count]) forget(k key) {
	if element, ok := t.entries[k]; ok {
		t.order.Remove(element)
		delete(t.entries, k)
	}
}

func entryOf[Count any](element *list.Element) *entry[Count] {
	return element.Value.(*entry[Count]) //nolint:forcetypeassert,errcheck // the table puts nothing else in
}
