// Package granted lists those records of a store that somebody may see, page by
// page, and tells nothing of the others.
package granted

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Next returns a page of all records that there are, in the order that is
// wanted: [List] asks for it as often as it takes.
type Next[T any] func(ctx context.Context, page store.Page) (*store.List[T], error)

// List returns a page of those that reaches says yes to. Of the others it tells
// nothing, not even that more follow. everything says that reaches says yes to
// all: then one page is asked for.
//
// A page ends where the store says so: when one holds more than are wanted, it
// is asked for again, cut off after the last one wanted.
func List[T any](ctx context.Context, page store.Page, next Next[T], reaches func(T) bool, everything bool) (*store.List[T], error) {
	if everything {
		return next(ctx, page)
	}
	list := &store.List[T]{Items: []T{}}
	most := page.Clamped()
	for {
		all, err := next(ctx, page)
		if err != nil {
			return nil, err
		}
		if end := cutAfter(all.Items, reaches, most-len(list.Items)); end < len(all.Items) {
			page.Limit = end
			continue
		}
		list.Items = append(list.Items, slices.DeleteFunc(all.Items, func(item T) bool { return !reaches(item) })...)
		page.After, page.Limit = all.Next, store.MaxPageLimit
		if page.After == "" || len(list.Items) == most {
			list.Next, err = follows(ctx, page, next, reaches)
			return list, err
		}
	}
}

// follows returns page.After when one that is reached follows it, or "".
func follows[T any](ctx context.Context, page store.Page, next Next[T], reaches func(T) bool) (string, error) {
	for after := page.After; page.After != ""; {
		all, err := next(ctx, page)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(all.Items, reaches) {
			return after, nil
		}
		page.After = all.Next
	}
	return "", nil
}

// cutAfter returns how many of the items hold the first most that are reached;
// all of them when there are not so many.
func cutAfter[T any](items []T, reaches func(T) bool, most int) int {
	for i, item := range items {
		if !reaches(item) {
			continue
		}
		if most--; most == 0 {
			return i + 1
		}
	}
	return len(items)
}
