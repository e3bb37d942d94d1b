package storetest

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// pagedList is a list of one resource, of which each page has the keys of the records.
type pagedList struct {
	name  string
	sorts []store.Sort
	page  func(ctx context.Context, sort store.Sort, page store.PageRequest) (*store.Page[string], error)
	// create and remove change the list; nil for one that only grows.
	create, remove func(ctx context.Context, key string) error
}

func backwardRules() []rule {
	return []rule{
		{"pages_back_are_the_same", pagesBackAreTheSame},
		{"changed_between_pages_back", changedBetweenPagesBack},
		{"backward_from_any_key", backwardFromAnyKey},
		{"count_agrees", countAgrees},
	}
}

// keysPage returns a page of keys.
func keysPage[T any](list *store.Page[T], err error, keys func([]T) []string) (*store.Page[string], error) {
	if err != nil {
		return nil, err
	}
	return &store.Page[string]{Items: keys(list.Items), Next: list.Next, Previous: list.Previous, Total: list.Total, AtLeast: list.AtLeast}, nil
}

// bothDirections returns the orders by these fields and by key.
func bothDirections(fields ...string) []store.Sort {
	var sorts []store.Sort
	for _, by := range append([]string{""}, fields...) {
		sorts = append(sorts, store.Sort{By: by}, store.Sort{By: by, Descending: true})
	}
	return sorts
}

func pagedLists(b Backend) []pagedList {
	lists := []pagedList{
		{
			name: "users", sorts: bothDirections(userman.SortFields()...),
			page: func(ctx context.Context, sort store.Sort, page store.PageRequest) (*store.Page[string], error) {
				list, err := b.Users("").ListUsers(ctx, userman.Query{Sort: sort, PageRequest: page})
				return keysPage(list, err, usernamesOf)
			},
			create: func(ctx context.Context, key string) error {
				u := newUser(key)
				u.ID, u.LastName, u.CreatedAt, u.UpdatedAt = store.UserID(key), "Same", noon(), noon()
				return b.Users("").CreateUser(ctx, u)
			},
			remove: func(ctx context.Context, key string) error { return b.Users("").DeleteUser(ctx, store.UserID(key)) },
		},
		{
			name: "audit entries", sorts: []store.Sort{{}},
			page: func(ctx context.Context, _ store.Sort, page store.PageRequest) (*store.Page[string], error) {
				list, err := b.Audit().ListEntries(ctx, audit.Query{PageRequest: page})
				return keysPage(list, err, func(entries []*audit.Entry) []string {
					keys := []string{}
					for _, e := range entries {
						keys = append(keys, nthName(int(e.Sequence)))
					}
					return keys
				})
			},
		},
	}
	for _, r := range sortedResources(b) {
		lists = append(lists, pagedList{
			name: r.name, sorts: bothDirections(append(r.times, r.keyField)...), page: r.page, remove: r.remove,
			create: func(ctx context.Context, key string) error { return r.create(ctx, key, timesOf(0)) },
		})
	}
	return lists
}

// createPaged stores n records of every resource.
func createPaged(t *testing.T, b Backend, n int) {
	t.Helper()
	createSorted(t, b, n)
	createManyUsers(t, b, n)
	appendEntries(t, b, sequencesUpTo(int64(n))...)
}

// forEachList calls fn for every order of every list.
func forEachList(b Backend, fn func(l pagedList, sort store.Sort)) {
	for _, l := range pagedLists(b) {
		for _, sort := range l.sorts {
			fn(l, sort)
		}
	}
}

// readPage reads one page.
func (l pagedList) readPage(t *testing.T, sort store.Sort, page store.PageRequest) *store.Page[string] {
	t.Helper()
	list, err := l.page(t.Context(), sort, page)
	require.NoError(t, err, "%s by %q: %+v", l.name, sort, page)
	require.LessOrEqual(t, len(list.Items), page.EffectiveLimit())
	return list
}

func pagesBackAreTheSame(t *testing.T, b Backend) {
	const n = 20
	createPaged(t, b, n)
	forEachList(b, func(l pagedList, sort store.Sort) {
		for _, limit := range []int{1, 7, n, n + 1} {
			page := store.PageRequest{Limit: limit}
			pages := []*store.Page[string]{l.readPage(t, sort, page)}
			require.Empty(t, pages[0].Previous, "%s by %q", l.name, sort)
			for pages[len(pages)-1].Next != "" {
				page.After = pages[len(pages)-1].Next
				pages = append(pages, l.readPage(t, sort, page))
			}
			require.Len(t, pages, (n+limit-1)/limit)
			for i := len(pages) - 1; i > 0; i-- {
				back := l.readPage(t, sort, store.PageRequest{Limit: limit, Before: pages[i].Previous})
				require.Equal(t, pages[i-1], back, "%s by %q, limit %d", l.name, sort, limit)
			}
		}
	})
}

func changedBetweenPagesBack(t *testing.T, b Backend) {
	forEachList(b, func(l pagedList, sort store.Sort) {
		if l.create == nil {
			return
		}
		keys := sequentialNames(20)
		for _, key := range keys {
			require.NoError(t, l.create(t.Context(), key))
		}
		all := l.readPage(t, sort, store.PageRequest{Limit: 100}).Items
		first := l.readPage(t, sort, store.PageRequest{Limit: 18})
		read, before := []string{}, l.readPage(t, sort, store.PageRequest{After: first.Next, Limit: 2}).Previous
		for before != "" {
			list := l.readPage(t, sort, store.PageRequest{Before: before, Limit: 4})
			read, before = append(slices.Clone(list.Items), read...), list.Previous
			// The page before it ends at a record that is deleted by then, and records
			// are created on both sides.
			require.NoError(t, l.remove(t.Context(), list.Items[0]))
			require.NoError(t, l.create(t.Context(), list.Items[0]+"-x"))
		}
		require.Equal(t, all[:18], slices.DeleteFunc(slices.Clone(read), func(key string) bool { return !slices.Contains(all, key) }), "%s by %q", l.name, sort)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(read))), len(read), "none is read twice")
		for _, key := range l.readPage(t, sort, store.PageRequest{Limit: 100}).Items {
			require.NoError(t, l.remove(t.Context(), key))
		}
	})
}

func backwardFromAnyKey(t *testing.T, b Backend) {
	createAccounts(t, b, "B", "d", "f")
	for before, want := range map[string][]string{"a": {}, "b": {}, "c": {"B"}, "D": {"B"}, "e": {"B", "d"}, "z": {"d", "f"}, "é": {"d", "f"}} {
		list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{PageRequest: store.PageRequest{Before: before, Limit: 2}})
		require.NoError(t, err)
		require.Equal(t, want, namesOf(list.Items), "before %q", before)
		require.Equal(t, len(want) > 0 && want[0] != "B", list.Previous != "", "before %q", before)
	}
	list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{PageRequest: store.PageRequest{After: "c", Before: "c"}})
	require.NoError(t, err)
	require.Equal(t, []string{"d", "f"}, namesOf(list.Items), "after wins")
	for _, text := range hostileTexts() {
		if text != "" {
			_, err := b.Users("").ListUsers(t.Context(), userman.Query{PageRequest: store.PageRequest{Before: text}})
			requireInvalid(t, err, "after")
		}
	}
}

func countAgrees(t *testing.T, b Backend) {
	const n = 20
	createPaged(t, b, n)
	forEachList(b, func(l pagedList, sort store.Sort) {
		page := store.PageRequest{Limit: 7}
		require.Zero(t, l.readPage(t, sort, page).Total, "nobody asked")
		page.Count = true
		list := l.readPage(t, sort, page)
		require.Equal(t, n, list.Total, "%s by %q", l.name, sort)
		require.False(t, list.AtLeast)
		page.After = list.Next
		list = l.readPage(t, sort, page)
		require.Equal(t, n, list.Total, "of all pages")
		page.After, page.Before = "", list.Previous
		require.Equal(t, n, l.readPage(t, sort, page).Total)
	})
	one, err := b.Administrators().ListAdministrators(t.Context(), ampusers.Query{Search: nthName(3), PageRequest: store.PageRequest{Count: true}})
	require.NoError(t, err)
	require.Equal(t, 1, one.Total, "of those that match")
}
