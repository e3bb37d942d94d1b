package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func pagingRules() []rule {
	return []rule{
		{"pages_complete", pagesComplete},
		{"limit_is_clamped", limitIsClamped},
		{"changed_between_pages", changedBetweenPages},
		{"page_from_any_key", pageFromAnyKey},
		{"search_finds", searchFinds},
		{"search_agrees", searchAgrees},
		{"search_paged", searchPaged},
	}
}

// readPages reads all pages and calls between before each but the first.
func readPages(t *testing.T, b Backend, q manager.Query, between func(read []string)) []string {
	t.Helper()
	read := []string{}
	for {
		list, err := b.AMIAccounts().ListAccounts(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(list.Items), q.EffectiveLimit())
		read = append(read, namesOf(list.Items)...)
		if list.Next == "" {
			return read
		}
		require.Len(t, list.Items, q.EffectiveLimit(), "only the last page is short")
		between(read)
		q.After = list.Next
	}
}

func noChange([]string) {}

func pagesComplete(t *testing.T, b Backend) {
	names := sequentialNames(12)
	require.NoError(t, createInTx(t.Context(), b, names))
	for _, limit := range []int{1, 5, 6, 11, 12, 13} {
		q := manager.Query{PageRequest: store.PageRequest{Limit: limit}}
		require.Equal(t, names, readPages(t, b, q, noChange), "limit %d", limit)
	}
}

func limitIsClamped(t *testing.T, b Backend) {
	require.NoError(t, createInTx(t.Context(), b, sequentialNames(store.MaxPageLimit+1)))
	for limit, want := range map[int]int{
		-1: store.DefaultPageLimit, 0: store.DefaultPageLimit, store.MaxPageLimit + 1: store.MaxPageLimit,
	} {
		list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{PageRequest: store.PageRequest{Limit: limit}})
		require.NoError(t, err)
		require.Len(t, list.Items, want)
		require.NotEmpty(t, list.Next)
	}
}

func changedBetweenPages(t *testing.T, b Backend) {
	names := sequentialNames(20)
	require.NoError(t, createInTx(t.Context(), b, names))
	want := names
	read := readPages(t, b, manager.Query{PageRequest: store.PageRequest{Limit: 6}}, func(read []string) {
		last := read[len(read)-1]
		// Delete the key of the next page and another one that was read. Create one
		// that was passed and one that comes next.
		require.NoError(t, b.AMIAccounts().DeleteAccount(t.Context(), last))
		require.NoError(t, b.AMIAccounts().DeleteAccount(t.Context(), read[len(read)-2]))
		createAccounts(t, b, "aaa"+last, last+"-x")
		want = append(want, last+"-x")
	})
	require.ElementsMatch(t, want, read)
	require.IsIncreasing(t, read)
}

func pageFromAnyKey(t *testing.T, b Backend) {
	createAccounts(t, b, "B", "d")
	for after, want := range map[string][]string{
		"": {"B", "d"}, "a": {"B", "d"}, "b": {"d"}, "B": {"d"}, "c": {"d"}, "C": {"d"}, "d": {}, "D": {}, "%": {"B", "d"}, "'": {"B", "d"}, "é": {},
	} {
		list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{PageRequest: store.PageRequest{After: after}})
		require.NoError(t, err)
		require.Equal(t, want, namesOf(list.Items), "after %q", after)
	}
}

func searchFinds(t *testing.T, b Backend) {
	for _, u := range []*manager.Account{
		{Name: "crm", Owner: "Vertrieb Köln", Note: "100% of_all"},
		{Name: "dialer", Owner: "ÉCOLE", Note: `back\slash "quoted" 'single'`},
		{Name: "queue_board", Note: "two\nlines\tand tabs"},
		{Name: "ΑΣ", Owner: "Kelvin \u212a, ẞ, İ, 北京"},
	} {
		require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), u))
	}
	for search, want := range map[string][]string{
		"CRM": {"crm"}, "vertrieb kÖ": {"crm"}, "école": {"dialer"}, "100%": {"crm"}, "%": {"crm"}, "F_A": {"crm"},
		"_": {"crm", "queue_board"}, `\`: {"dialer"}, `K\S`: {"dialer"}, `"`: {"dialer"}, "'": {"dialer"}, "\n": {"queue_board"},
		"BOARD": {"queue_board"}, "k, ß": {"ΑΣ"}, "ασ": {"ΑΣ"}, "京": {"ΑΣ"}, "e": {"crm", "dialer", "queue_board", "ΑΣ"},
		"crmvertrieb": {}, "m\nv": {}, "köln100": {}, "*": {}, "?": {}, "' OR 1=1 --": {},
	} {
		list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{Search: search})
		require.NoError(t, err)
		require.Equal(t, want, namesOf(list.Items), "search %q", search)
	}
}

func searchAgrees(t *testing.T, b Backend) {
	var users []*manager.Account
	text := rapid.StringOf(rapid.RuneFrom([]rune("aAbB%_\\ éÉİıßẞσςΣK\u212a'\"\n\u0301😀")))
	rapid.Check(t, func(rt *rapid.T) {
		u := newAccount(sequentialNames(len(users) + 1)[len(users)])
		u.Owner, u.Note = text.Draw(rt, "owner"), text.Draw(rt, "note")
		require.NoError(rt, b.AMIAccounts().CreateAccount(t.Context(), u))
		users = append(users, u)
		q := manager.Query{Search: text.Draw(rt, "search"), PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
		want := []string{}
		for _, u := range users {
			if q.Match(u) {
				want = append(want, u.Name)
			}
		}
		list, err := b.AMIAccounts().ListAccounts(t.Context(), q)
		require.NoError(rt, err)
		require.Equal(rt, want, namesOf(list.Items))
	})
}

func searchPaged(t *testing.T, b Backend) {
	want := []string{}
	for i, name := range sequentialNames(20) {
		u := newAccount(name)
		if i%3 == 0 {
			u.Note = "Wanted"
			want = append(want, name)
		}
		require.NoError(t, b.AMIAccounts().CreateAccount(t.Context(), u))
	}
	for _, limit := range []int{1, 3, 7, 20} {
		q := manager.Query{Search: "wanted", PageRequest: store.PageRequest{Limit: limit}}
		require.Equal(t, want, readPages(t, b, q, noChange), "limit %d", limit)
	}
}
