package ratelimit

import "container/list"

// lru stores a bounded number of counts, and removes the least recently used one.
type lru[Count any] struct {
	capacity int
	entries  map[key]*list.Element
	// recency holds *entry[Count], most recently used first.
	recency *list.List
}

type entry[Count any] struct {
	key   key
	count Count
}

func newLRU[Count any](size int) *lru[Count] {
	return &lru[Count]{capacity: size, entries: map[key]*list.Element{}, recency: list.New()}
}

// get returns the count of k, or the zero count. It does not store k, and removes
// nothing.
func (c *lru[Count]) get(k key) (count Count, ok bool) {
	element, ok := c.entries[k]
	if !ok {
		return count, false
	}
	c.recency.MoveToFront(element)
	return entryOf[Count](element).count, true
}

// put stores the count of k.
func (c *lru[Count]) put(k key, count Count) {
	if element, ok := c.entries[k]; ok {
		c.recency.MoveToFront(element)
		entryOf[Count](element).count = count
		return
	}
	if c.recency.Len() >= c.capacity {
		c.remove(entryOf[Count](c.recency.Back()).key)
	}
	c.entries[k] = c.recency.PushFront(&entry[Count]{key: k, count: count})
}

func (c *lru[Count]) remove(k key) {
	if element, ok := c.entries[k]; ok {
		c.recency.Remove(element)
		delete(c.entries, k)
	}
}

func entryOf[Count any](element *list.Element) *entry[Count] {
	return element.Value.(*entry[Count]) //nolint:forcetypeassert,errcheck // the table puts nothing else in
}
