// Package scopedlist lists the records of a store that are in scope, page by
// page, and reveals nothing about the others.
package scopedlist

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// FetchPage returns a page of all records, in the order of the list. [List] calls it
// until the page is full.
type FetchPage[T any] func(ctx context.Context, page store.PageRequest) (*store.Page[T], error)

// maxCounted is the number of records that a count in scope reads.
const maxCounted = 10 * store.MaxPageLimit

// List returns a page of the records in scope. It reveals nothing about the others, not
// even that more follow. unscoped says that all records are in scope: then List fetches
// one page. Otherwise a count reads a limited number of records, see
// [store.Page.AtLeast].
func List[T any](ctx context.Context, page store.PageRequest, fetch FetchPage[T], inScope func(T) bool, unscoped bool) (*store.Page[T], error) {
	if unscoped {
		return fetch(ctx, page)
	}
	counting := page.Count
	page.Count = false
	l := lister[T]{fetch, inScope, page.IsBackward()}
	list, err := l.list(ctx, page)
	if err == nil && counting {
		err = l.count(ctx, list)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// lister lists the records in scope in one direction.
type lister[T any] struct {
	fetch    FetchPage[T]
	inScope  func(T) bool
	backward bool
}

// list returns a page. A page ends where the store says so: when one holds more than are
// wanted, list fetches it again, cut off after the last one wanted.
func (l lister[T]) list(ctx context.Context, page store.PageRequest) (*store.Page[T], error) {
	list := &store.Page[T]{Items: []T{}}
	limit, from := page.EffectiveLimit(), page.After+page.Before
	for {
		batch, err := l.fetch(ctx, page)
		if err != nil {
			return nil, err
		}
		if end := l.pageEnd(batch.Items, limit-len(list.Items)); end < len(batch.Items) {
			page.Limit = end
			continue
		}
		found := slices.DeleteFunc(slices.Clone(batch.Items), func(item T) bool { return !l.inScope(item) })
		if from != "" && len(list.Items) == 0 && len(found) > 0 {
			if err := l.setStart(ctx, list, page, batch); err != nil {
				return nil, err
			}
		}
		list.Items = l.join(list.Items, found)
		page = l.from(l.further(batch))
		if *l.key(&page) == "" || len(list.Items) == limit {
			return list, l.setEnd(ctx, list, page)
		}
	}
}

// key returns the key that a page in this direction starts at.
func (l lister[T]) key(page *store.PageRequest) *string {
	if l.backward {
		return &page.Before
	}
	return &page.After
}

// from returns the largest page from a key.
func (l lister[T]) from(key string) store.PageRequest {
	page := store.PageRequest{Limit: store.MaxPageLimit}
	*l.key(&page) = key
	return page
}

// further returns the key of the page that follows in this direction.
func (l lister[T]) further(batch *store.Page[T]) string {
	if l.backward {
		return batch.Previous
	}
	return batch.Next
}

// join adds items that follow in this direction.
func (l lister[T]) join(items, further []T) []T {
	if l.backward {
		return append(further, items...)
	}
	return append(items, further...)
}

// setStart sets the key of the page in the other direction: the key of the first record in
// scope of a batch. The records before it must not be revealed, so they are skipped
// first.
func (l lister[T]) setStart(ctx context.Context, list *store.Page[T], page store.PageRequest, batch *store.Page[T]) error {
	if skipped := l.pageEnd(batch.Items, 1) - 1; skipped > 0 {
		page.Limit = skipped
		before, err := l.fetch(ctx, page)
		if err != nil {
			return err
		}
		page = l.from(l.further(before))
		page.Limit = 1
		if batch, err = l.fetch(ctx, page); err != nil {
			return err
		}
	}
	if l.backward {
		list.Next = batch.Next
	} else {
		list.Previous = batch.Previous
	}
	return nil
}

// setEnd sets the key of the following page, if a record in scope follows.
func (l lister[T]) setEnd(ctx context.Context, list *store.Page[T], page store.PageRequest) error {
	for key := *l.key(&page); *l.key(&page) != ""; {
		batch, err := l.fetch(ctx, page)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(batch.Items, l.inScope) {
			if l.backward {
				list.Previous = key
			} else {
				list.Next = key
			}
			return nil
		}
		*l.key(&page) = l.further(batch)
	}
	return nil
}

// pageEnd returns how many of the items, in this direction, hold the first n in scope;
// all of them when there are not so many.
func (l lister[T]) pageEnd(items []T, n int) int {
	for i := range items {
		item := items[i]
		if l.backward {
			item = items[len(items)-1-i]
		}
		if !l.inScope(item) {
			continue
		}
		if n--; n == 0 {
			return i + 1
		}
	}
	return len(items)
}

// count counts the records in scope on all pages. There are at least the records of the page.
func (l lister[T]) count(ctx context.Context, list *store.Page[T]) error {
	l.backward = false
	read := 0
	for page := l.from(""); ; page = l.from(page.After) {
		batch, err := l.fetch(ctx, page)
		if err != nil {
			return err
		}
		for _, item := range batch.Items {
			if l.inScope(item) {
				list.Total++
			}
		}
		read += len(batch.Items)
		if page.After = batch.Next; page.After == "" || read >= maxCounted {
			list.AtLeast = page.After != ""
			list.Total = max(list.Total, len(list.Items))
			return nil
		}
	}
}
