package granted_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/granted"
	"github.com/pbxusers/pbxusers/store"
)

// shelf is a list of numbers, cut into pages by their place, and how many pages
// were asked for.
type shelf struct {
	numbers []int
	asked   int
}

func (s *shelf) next(_ context.Context, page store.Page) (*store.List[int], error) {
	s.asked++
	from := 0
	if page.After != "" {
		at, err := strconv.Atoi(page.After)
		if err != nil {
			return nil, store.Invalid(store.FieldError{Field: "after", Code: "after", Message: "this is not from a page"})
		}
		from = at
	}
	to := min(from+page.Clamped(), len(s.numbers))
	list := &store.List[int]{Items: slices.Clone(s.numbers[from:to])}
	if to < len(s.numbers) {
		list.Next = strconv.Itoa(to)
	}
	return list, nil
}

func even(number int) bool { return number%2 == 0 }

func TestAPageHoldsThoseThatAreReachedOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		numbers []int
		page    store.Page
		want    []int
		next    string
	}{
		"none there":              {nil, store.Page{Limit: 2}, []int{}, ""},
		"none reached":            {[]int{1, 3, 5, 7}, store.Page{Limit: 2}, []int{}, ""},
		"all on one page":         {[]int{1, 2, 4}, store.Page{Limit: 2}, []int{2, 4}, ""},
		"one more follows":        {[]int{2, 4, 5, 6}, store.Page{Limit: 2}, []int{2, 4}, "2"},
		"only others follow":      {[]int{2, 4, 5, 7, 9, 11}, store.Page{Limit: 2}, []int{2, 4}, ""},
		"far apart":               {[]int{2, 3, 5, 7, 9, 4, 6}, store.Page{Limit: 2}, []int{2, 4}, "6"},
		"the page after that":     {[]int{2, 3, 5, 7, 9, 4, 6}, store.Page{Limit: 2, After: "6"}, []int{6}, ""},
		"a limit that is default": {[]int{2, 3, 4}, store.Page{}, []int{2, 4}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := granted.List(t.Context(), test.page, (&shelf{numbers: test.numbers}).next, even, false)
			require.NoError(t, err)
			require.Equal(t, &store.List[int]{Items: test.want, Next: test.next}, list)
		})
	}
}

func TestWhoReachesEverythingAsksForOnePage(t *testing.T) {
	t.Parallel()
	all := &shelf{numbers: []int{1, 2, 3}}
	list, err := granted.List(t.Context(), store.Page{Limit: 2}, all.next, nil, true)
	require.NoError(t, err)
	require.Equal(t, &store.List[int]{Items: []int{1, 2}, Next: "2"}, list)
	require.Equal(t, 1, all.asked)
}

func TestAFailureOfAnyPageIsReturned(t *testing.T) {
	t.Parallel()
	_, err := granted.List(t.Context(), store.Page{After: "nonsense"}, (&shelf{}).next, even, false)
	require.ErrorIs(t, err, store.ErrInvalid)
	all, broken := &shelf{numbers: []int{2, 4, 6}}, errors.New("the database is gone")
	later := func(ctx context.Context, page store.Page) (*store.List[int], error) {
		if page.After != "" {
			return nil, broken
		}
		return all.next(ctx, page)
	}
	for _, limit := range []int{1, 2} {
		_, err = granted.List(t.Context(), store.Page{Limit: limit}, later, even, false)
		require.ErrorIs(t, err, broken)
	}
}

func TestAllPagesTogetherHoldEachThatIsReachedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := &shelf{numbers: rapid.SliceOfN(rapid.IntRange(0, 99), 0, 60).Draw(t, "numbers")}
		page := store.Page{Limit: rapid.IntRange(1, 8).Draw(t, "limit")}
		want := slices.DeleteFunc(slices.Clone(all.numbers), func(n int) bool { return !even(n) })
		got := []int{}
		for {
			list, err := granted.List(context.Background(), page, all.next, even, false)
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
