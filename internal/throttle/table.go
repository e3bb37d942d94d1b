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

// get returns the count of k, the zero one if there is none. To ask makes no
// room for k: nothing is forgotten for it.
func (t *table[Count]) get(k key) (count Count, known bool) {
	element, known := t.entries[k]
	if !known {
		return count, false
	}
	t.order.MoveToFront(element)
	return entryOf[Count](element).count, true
}

// put remembers the count of k.
func (t *table[Count]) put(k key, count Count) {
	if element, known := t.entries[k]; known {
		t.order.MoveToFront(element)
		entryOf[Count](element).count = count
		return
	}
	if t.order.Len() >= t.size {
		t.forget(entryOf[Count](t.order.Back()).key)
	}
	t.entries[k] = t.order.PushFront(&entry[Count]{key: k, count: count})
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
