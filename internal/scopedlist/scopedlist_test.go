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
	from := 0
	if page.After != "" {
		at, err := strconv.Atoi(page.After)
		if err != nil {
			return nil, store.NewInvalidError(store.FieldError{Field: "after", Code: "after", Message: "this is not from a page"})
		}
		from = at
	}
	to := min(from+page.EffectiveLimit(), len(s.numbers))
	list := &store.Page[int]{Items: slices.Clone(s.numbers[from:to])}
	if to < len(s.numbers) {
		list.Next = strconv.Itoa(to)
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
		"one more follows":        {[]int{2, 4, 5, 6}, store.PageRequest{Limit: 2}, []int{2, 4}, "2"},
		"only others follow":      {[]int{2, 4, 5, 7, 9, 11}, store.PageRequest{Limit: 2}, []int{2, 4}, ""},
		"far apart":               {[]int{2, 3, 5, 7, 9, 4, 6}, store.PageRequest{Limit: 2}, []int{2, 4}, "6"},
		"the page after that":     {[]int{2, 3, 5, 7, 9, 4, 6}, store.PageRequest{Limit: 2, After: "6"}, []int{6}, ""},
		"a limit that is default": {[]int{2, 3, 4}, store.PageRequest{}, []int{2, 4}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := scopedlist.List(t.Context(), test.page, (&fakeStore{numbers: test.numbers}).fetch, even, false)
			require.NoError(t, err)
			require.Equal(t, &store.Page[int]{Items: test.want, Next: test.next}, list)
		})
	}
}

func TestList_unscopedFetchesOnePage(t *testing.T) {
	t.Parallel()
	all := &fakeStore{numbers: []int{1, 2, 3}}
	list, err := scopedlist.List(t.Context(), store.PageRequest{Limit: 2}, all.fetch, nil, true)
	require.NoError(t, err)
	require.Equal(t, &store.Page[int]{Items: []int{1, 2}, Next: "2"}, list)
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
