package scopedlist_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/store"
)

// fakeStore is a list of numbers, cut into pages by their place, and how many pages
// were asked for.
type fakeStore struct {
	numbers []int
	calls   int
}

func (s *fakeStore) fetch(_ context.Context, page store.PageRequest) (*store.Page[int], error) {
	s.calls++
	from, to := 0, len(s.numbers)
	for _, key := range []struct {
		text string
		at   *int
	}{{page.After, &from}, {page.Before, &to}} {
		if key.text == "" {
			continue
		}
		place, err := strconv.Atoi(key.text) // the place of a record
		if err != nil {
			return nil, store.NewInvalidError(store.FieldError{Field: "after", Code: "after", Message: "this is not from a page"})
		}
		*key.at = place
	}
	if page.After != "" {
		from++
	}
	if page.IsBackward() {
		from = max(to-page.EffectiveLimit(), 0)
	} else {
		to = min(from+page.EffectiveLimit(), len(s.numbers))
	}
	from = min(from, to)
	list := &store.Page[int]{Items: slices.Clone(s.numbers[from:to])}
	if to < len(s.numbers) && from < to {
		list.Next = strconv.Itoa(to - 1)
	}
	if from > 0 && from < to {
		list.Previous = strconv.Itoa(from)
	}
	return list, nil
}

func even(number int) bool { return number%2 == 0 }

func TestList_returnsOnlyInScope(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		numbers []int
		page    store.PageRequest
		want    []int
		next    string
	}{
		"none there":              {nil, store.PageRequest{Limit: 2}, []int{}, ""},
		"none reached":            {[]int{1, 3, 5, 7}, store.PageRequest{Limit: 2}, []int{}, ""},
		"all on one page":         {[]int{1, 2, 4}, store.PageRequest{Limit: 2}, []int{2, 4}, ""},
		"one more follows":        {[]int{2, 4, 5, 6}, store.PageRequest{Limit: 2}, []int{2, 4}, "1"},
		"only others follow":      {[]int{2, 4, 5, 7, 9, 11}, store.PageRequest{Limit: 2}, []int{2, 4}, ""},
		"far apart":               {[]int{2, 3, 5, 7, 9, 4, 6}, store.PageRequest{Limit: 2}, []int{2, 4}, "5"},
		"the page after that":     {[]int{2, 3, 5, 7, 9, 4, 6}, store.PageRequest{Limit: 2, After: "5"}, []int{6}, ""},
		"a limit that is default": {[]int{2, 3, 4}, store.PageRequest{}, []int{2, 4}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := scopedlist.List(t.Context(), test.page, (&fakeStore{numbers: test.numbers}).fetch, even, false)
			require.NoError(t, err)
			require.Equal(t, test.want, list.Items)
			require.Equal(t, test.next, list.Next)
		})
	}
}

func TestList_unscopedFetchesOnePage(t *testing.T) {
	t.Parallel()
	all := &fakeStore{numbers: []int{1, 2, 3}}
	list, err := scopedlist.List(t.Context(), store.PageRequest{Limit: 2}, all.fetch, nil, true)
	require.NoError(t, err)
	require.Equal(t, &store.Page[int]{Items: []int{1, 2}, Next: "1"}, list)
	require.Equal(t, 1, all.calls)
}

func TestList_returnsFetchError(t *testing.T) {
	t.Parallel()
	_, err := scopedlist.List(t.Context(), store.PageRequest{After: "nonsense"}, (&fakeStore{}).fetch, even, false)
	require.ErrorIs(t, err, store.ErrInvalid)
	all, broken := &fakeStore{numbers: []int{2, 4, 6}}, errors.New("the database is gone")
	fetch := func(ctx context.Context, page store.PageRequest) (*store.Page[int], error) {
		if page.After != "" {
			return nil, broken
		}
		return all.fetch(ctx, page)
	}
	for _, limit := range []int{1, 2} {
		_, err = scopedlist.List(t.Context(), store.PageRequest{Limit: limit}, fetch, even, false)
		require.ErrorIs(t, err, broken)
	}
}

func TestList_pagesCoverInScopeOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := &fakeStore{numbers: rapid.SliceOfN(rapid.IntRange(0, 99), 0, 60).Draw(t, "numbers")}
		page := store.PageRequest{Limit: rapid.IntRange(1, 8).Draw(t, "limit")}
		want := slices.DeleteFunc(slices.Clone(all.numbers), func(n int) bool { return !even(n) })
		got := []int{}
		for {
			list, err := scopedlist.List(context.Background(), page, all.fetch, even, false)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list.Items), page.Limit)
			got = append(got, list.Items...)
			if list.Next == "" {
				break
			}
			require.Len(t, list.Items, page.Limit, "a page that others follow is full")
			page.After = list.Next
		}
		require.Equal(t, append([]int{}, want...), got)
	})
}

func TestList_pagesBackAreTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := &fakeStore{numbers: rapid.SliceOfN(rapid.IntRange(0, 99), 0, 60).Draw(t, "numbers")}
		page := store.PageRequest{Limit: rapid.IntRange(1, 8).Draw(t, "limit")}
		fetch := func(page store.PageRequest) *store.Page[int] {
			list, err := scopedlist.List(context.Background(), page, all.fetch, even, false)
			require.NoError(t, err)
			for _, key := range []string{list.Next, list.Previous} {
				if key != "" {
					place, err := strconv.Atoi(key)
					require.NoError(t, err)
					require.True(t, even(all.numbers[place]), "no key is of a record out of scope")
				}
			}
			return list
		}
		pages := []*store.Page[int]{fetch(page)}
		for pages[len(pages)-1].Next != "" {
			pages = append(pages, fetch(store.PageRequest{After: pages[len(pages)-1].Next, Limit: page.Limit}))
		}
		require.Empty(t, pages[0].Previous)
		for i := len(pages) - 1; i > 0; i-- {
			require.NotEmpty(t, pages[i].Previous)
			back := fetch(store.PageRequest{Before: pages[i].Previous, Limit: page.Limit})
			require.Equal(t, pages[i-1], back)
		}
	})
}

func TestList_countsInScopeUpToLimit(t *testing.T) {
	t.Parallel()
	all := &fakeStore{numbers: []int{1, 2, 4, 5, 6}}
	list, err := scopedlist.List(t.Context(), store.PageRequest{Limit: 1, Count: true}, all.fetch, even, false)
	require.NoError(t, err)
	require.Equal(t, 3, list.Total)
	require.False(t, list.AtLeast)

	all.numbers = make([]int, 10*store.MaxPageLimit)
	list, err = scopedlist.List(t.Context(), store.PageRequest{Limit: 1, Count: true}, all.fetch, even, false)
	require.NoError(t, err)
	require.Equal(t, len(all.numbers), list.Total)
	require.False(t, list.AtLeast, "these are all")
	all.numbers = append(all.numbers, 0, 0)
	list, err = scopedlist.List(t.Context(), store.PageRequest{Limit: 1, Count: true}, all.fetch, even, false)
	require.NoError(t, err)
	require.Equal(t, 10*store.MaxPageLimit, list.Total)
	require.True(t, list.AtLeast)
}
