package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// sortedResource is a resource whose lists are sorted.
type sortedResource struct {
	name string
	// keyField is the field of the key; times are the other sort fields.
	keyField string
	times    []string
	// create stores a record with these times, in their order.
	create func(ctx context.Context, key string, times []time.Time) error
	remove func(ctx context.Context, key string) error
	// page returns a page of keys.
	page func(ctx context.Context, sort store.Sort, page store.PageRequest) (*store.Page[string], error)
}

func (r sortedResource) list(ctx context.Context, sort store.Sort, page store.PageRequest) (keys []string, next string, err error) {
	list, err := r.page(ctx, sort, page)
	if err != nil {
		return nil, "", err
	}
	return list.Items, list.Next, nil
}

func sortedResources(b Backend) []sortedResource {
	return []sortedResource{sortedAMIAccounts(b.AMIAccounts()), sortedAdministrators(b.Administrators())}
}

func sortedAMIAccounts(st manager.Store) sortedResource {
	return sortedResource{
		name: "AMI accounts", keyField: "name", times: []string{"created_at", "updated_at"}, remove: st.DeleteAccount,
		create: func(ctx context.Context, key string, times []time.Time) error {
			u := newAccount(key)
			u.CreatedAt, u.UpdatedAt = times[0], times[1]
			return st.CreateAccount(ctx, u)
		},
		page: func(ctx context.Context, sort store.Sort, page store.PageRequest) (*store.Page[string], error) {
			list, err := st.ListAccounts(ctx, manager.Query{Sort: sort, PageRequest: page})
			return keysPage(list, err, namesOf)
		},
	}
}

func sortedAdministrators(st ampusers.Store) sortedResource {
	return sortedResource{
		name: "administrators", keyField: "username", times: []string{"created_at", "updated_at", "last_login_at"}, remove: st.DeleteAdministrator,
		create: func(ctx context.Context, key string, times []time.Time) error {
			a := newAdministrator(key)
			a.CreatedAt, a.UpdatedAt, a.LastLoginAt = times[0], times[1], times[2]
			return st.CreateAdministrator(ctx, a)
		},
		page: func(ctx context.Context, sort store.Sort, page store.PageRequest) (*store.Page[string], error) {
			list, err := st.ListAdministrators(ctx, ampusers.Query{Sort: sort, PageRequest: page})
			return keysPage(list, err, namesOfAdministrators)
		},
	}
}

func sortRules() []rule {
	return []rule{
		{"every_sort_known", everySortKnown},
		{"pages_complete_in_every_sort", pagesCompleteInEverySort},
		{"changed_between_sorted_pages", changedBetweenSortedPages},
		{"descending_from_any_key", descendingFromAnyKey},
		{"unknown_sort", unknownSort},
		{"foreign_cursor", foreignCursor},
	}
}

func everySortKnown(t *testing.T, b Backend) {
	for _, r := range sortedResources(b) {
		fields := map[string][]string{"name": manager.SortFields(), "username": ampusers.SortFields()}[r.keyField]
		require.ElementsMatch(t, fields, append(r.times, r.keyField), r.name)
	}
}

// forEachSort calls fn for every order of every resource.
func forEachSort(b Backend, fn func(r sortedResource, sort store.Sort)) {
	for _, r := range sortedResources(b) {
		for _, by := range append([]string{"", r.keyField}, r.times...) {
			fn(r, store.Sort{By: by})
			fn(r, store.Sort{By: by, Descending: true})
		}
	}
}

// timesOf returns the times of the i-th record. Many records share
// their times, and some times are zero.
func timesOf(i int) []time.Time {
	at := func(n int) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return time.Unix(1_700_000_000, 0).Add(time.Duration(n) * time.Microsecond)
	}
	return []time.Time{at(i * 5 % 7), at(i * 3 % 11), at(i * 7 % 3)}
}

// sortedKeys returns the keys of n records in that order.
func sortedKeys(r sortedResource, sort store.Sort, n int) []string {
	records := make([]int, n)
	for i := range records {
		records[i] = i
	}
	field := slices.Index(r.times, sort.By)
	keys := sequentialNames(n)
	slices.SortFunc(records, func(a, b int) int {
		by := strings.Compare(keys[a], keys[b])
		if field >= 0 {
			if times := timesOf(a)[field].Compare(timesOf(b)[field]); times != 0 {
				by = times
			}
		}
		if sort.Descending {
			return -by
		}
		return by
	})
	sorted := make([]string, n)
	for i, record := range records {
		sorted[i] = keys[record]
	}
	return sorted
}

// createSorted stores n records in every resource.
func createSorted(t *testing.T, b Backend, n int) {
	t.Helper()
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		for _, r := range sortedResources(b) {
			for i, key := range sequentialNames(n) {
				if err := r.create(ctx, key, timesOf(i)); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// readSortedPages reads all pages and calls between after each.
func readSortedPages(t *testing.T, r sortedResource, sort store.Sort, limit int, between func(read []string)) []string {
	t.Helper()
	read := []string{}
	for page := (store.PageRequest{Limit: limit}); ; {
		keys, next, err := r.list(t.Context(), sort, page)
		require.NoError(t, err, "%s by %q", r.name, sort)
		read = append(read, keys...)
		if next == "" {
			return read
		}
		require.Len(t, keys, limit, "only the last page is short")
		between(read)
		page.After = next
	}
}

func pagesCompleteInEverySort(t *testing.T, b Backend) {
	const n = 20
	createSorted(t, b, n)
	forEachSort(b, func(r sortedResource, sort store.Sort) {
		for _, limit := range []int{1, 7, n, n + 1} {
			require.Equal(t, sortedKeys(r, sort, n), readSortedPages(t, r, sort, limit, noChange), "%s by %q, limit %d", r.name, sort, limit)
		}
	})
}

func changedBetweenSortedPages(t *testing.T, b Backend) {
	const n = 30
	createSorted(t, b, n)
	forEachSort(b, func(r sortedResource, sort store.Sort) {
		created := []string{}
		read := readSortedPages(t, r, sort, 4, func(read []string) {
			// Delete the last record of the previous page, and create a copy of it
			// with the next key. For equal times it comes next or, descending, it
			// was passed.
			last := read[len(read)-1]
			require.NoError(t, r.remove(t.Context(), last))
			created = append(created, last+"-x")
			require.NoError(t, r.create(t.Context(), last+"-x", timesOf(indexOf(last))))
		})
		original := slices.DeleteFunc(slices.Clone(read), func(key string) bool { return strings.HasSuffix(key, "-x") })
		require.Equal(t, sortedKeys(r, sort, n), original, "%s by %q", r.name, sort)
		for _, key := range created {
			require.Equal(t, !sort.Descending, slices.Contains(read, key), "%s by %q: %s", r.name, sort, key)
			require.NoError(t, r.remove(t.Context(), key)) // as it was, for the next order
			require.NoError(t, r.create(t.Context(), strings.TrimSuffix(key, "-x"), timesOf(indexOf(key))))
		}
	})
}

// indexOf returns the index of the record with this key, without "-x".
func indexOf(key string) int {
	return slices.Index(sequentialNames(100), strings.TrimSuffix(key, "-x"))
}

func descendingFromAnyKey(t *testing.T, b Backend) {
	for _, r := range sortedResources(b) {
		for _, key := range []string{"B", "d"} {
			require.NoError(t, r.create(t.Context(), key, timesOf(0)))
		}
		for after, want := range map[string][]string{
			"": {"d", "B"}, "a": {}, "b": {}, "B": {}, "c": {"B"}, "C": {"B"}, "d": {"B"}, "D": {"B"}, "%": {}, "'": {}, "é": {"d", "B"},
		} {
			keys, _, err := r.list(t.Context(), store.Sort{Descending: true}, store.PageRequest{After: after})
			require.NoError(t, err)
			require.Equal(t, want, keys, "%s after %q", r.name, after)
		}
	}
}

func unknownSort(t *testing.T, b Backend) {
	createSorted(t, b, 2)
	for _, r := range sortedResources(b) {
		for _, by := range []string{"secret", "password_hash", "folded_name", "-" + r.keyField, "created_at, secret", "1", " ", "CREATED_AT", "'"} {
			_, _, err := r.list(t.Context(), store.Sort{By: by}, store.PageRequest{})
			requireInvalid(t, err, "sort")
		}
	}
}

// requireInvalid requires that one field is invalid.
func requireInvalid(t *testing.T, err error, field string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrInvalid)
	var invalid *store.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Len(t, invalid.Fields, 1)
	require.Equal(t, field, invalid.Fields[0].Field)
	require.NotEmpty(t, invalid.Fields[0].Code)
	require.NotEmpty(t, invalid.Fields[0].Message)
}

func foreignCursor(t *testing.T, b Backend) {
	createSorted(t, b, 3)
	for _, r := range sortedResources(b) {
		sort := store.Sort{By: r.times[0]}
		_, next, err := r.list(t.Context(), sort, store.PageRequest{Limit: 1})
		require.NoError(t, err)
		require.NotEmpty(t, next)
		_, _, err = r.list(t.Context(), store.Sort{By: r.times[1]}, store.PageRequest{After: next})
		requireInvalid(t, err, "after")
		_, _, err = r.list(t.Context(), store.Sort{By: r.times[0], Descending: true}, store.PageRequest{After: next})
		requireInvalid(t, err, "after")
		for _, after := range append(hostileTexts(), nthName(0), next+"x", next[1:], strings.ToUpper(next)) {
			if after != "" {
				_, _, err := r.list(t.Context(), sort, store.PageRequest{After: after})
				requireInvalid(t, err, "after")
			}
		}
	}
}
