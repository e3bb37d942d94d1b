// Package scopedlist lists the records of a store that are in scope, page by
// page, and reveals nothing about the others.
package scopedlist

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// FetchPage returns a page of all records that there are, in the order that is
// wanted: [List] asks for it as often as it takes.
type FetchPage[T any] func(ctx context.Context, page store.PageRequest) (*store.Page[T], error)

// List returns a page of those that reaches says yes to. Of the others it tells
// nothing, not even that more follow. everything says that reaches says yes to
// all: then one page is asked for.
//
// A page ends where the store says so: when one holds more than are wanted, it
// is asked for again, cut off after the last one wanted.
func List[T any](ctx context.Context, page store.PageRequest, fetch FetchPage[T], inScope func(T) bool, unscoped bool) (*store.Page[T], error) {
	if unscoped {
		return fetch(ctx, page)
	}
	list := &store.Page[T]{Items: []T{}}
	limit := page.EffectiveLimit()
	for {
		batch, err := fetch(ctx, page)
		if err != nil {
			return nil, err
		}
		if end := pageEnd(batch.Items, inScope, limit-len(list.Items)); end < len(batch.Items) {
			page.Limit = end
			continue
		}
		list.Items = append(list.Items, slices.DeleteFunc(batch.Items, func(item T) bool { return !inScope(item) })...)
		page.After, page.Limit = batch.Next, store.MaxPageLimit
		if page.After == "" || len(list.Items) == limit {
			list.Next, err = nextCursor(ctx, page, fetch, inScope)
			return list, err
		}
	}
}

// nextCursor returns page.After when one that is reached follows it, or "".
func nextCursor[T any](ctx context.Context, page store.PageRequest, fetch FetchPage[T], inScope func(T) bool) (string, error) {
	for after := page.After; page.After != ""; {
		batch, err := fetch(ctx, page)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(batch.Items, inScope) {
			return after, nil
		}
		page.After = batch.Next
	}
	return "", nil
}

// pageEnd returns how many of the items hold the first most that are reached;
// all of them when there are not so many.
func pageEnd[T any](items []T, inScope func(T) bool, limit int) int {
	for i, item := range items {
		if !inScope(item) {
			continue
		}
		if limit--; limit == 0 {
			return i + 1
		}
	}
	return len(items)
}
