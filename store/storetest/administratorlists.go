package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

func administratorListRules() []rule {
	return []rule{
		{"no_administrators", noAdministrators},
		{"administrator_search_finds", administratorSearchFinds},
		{"administrator_list_agrees", administratorListAgrees},
		{"administrator_list_paged", administratorListPaged},
	}
}

// usernamesOnPage returns the usernames of one page.
func usernamesOnPage(list *store.Page[*ampusers.Administrator]) []string {
	return namesOfAdministrators(list.Items)
}

func namesOfAdministrators(administrators []*ampusers.Administrator) []string {
	names := []string{}
	for _, a := range administrators {
		names = append(names, a.Username)
	}
	return names
}

func noAdministrators(t *testing.T, b Backend) {
	for _, by := range append(ampusers.SortFields(), "") {
		list, err := b.Administrators().ListAdministrators(t.Context(), ampusers.Query{Sort: store.Sort{By: by}})
		require.NoError(t, err)
		require.NotNil(t, list.Items, "JSON shows an empty list, not null")
		require.Empty(t, list.Items)
		require.Empty(t, list.Next)
	}
	require.Empty(t, administratorNames(t, b))
}

func administratorSearchFinds(t *testing.T, b Backend) {
	for username, displayName := range map[string]string{
		"josé": "100% of_all", "jane.admin": `back\slash "quoted" 'single'`, "王小明": "ÉCOLE, Straße",
	} {
		a := newAdministrator(username)
		a.DisplayName = displayName
		require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), a))
	}
	for search, want := range map[string][]string{
		"JOS": {"josé"}, "É": {"josé", "王小明"}, "jose\u0301": {"josé"}, "%": {"josé"}, "F_A": {"josé"}, "_": {"josé"},
		"ANE.ad": {"jane.admin"}, `K\S`: {"jane.admin"}, "'": {"jane.admin"}, "小": {"王小明"}, "straß": {"王小明"},
		"*": {}, "?": {}, "' OR 1=1 --": {}, "joséback": {},
	} {
		list, err := b.Administrators().ListAdministrators(t.Context(), ampusers.Query{Search: search})
		require.NoError(t, err)
		require.Equal(t, want, usernamesOnPage(list), "search %q", search)
	}
}

func administratorListAgrees(t *testing.T, b Backend) {
	created := []*ampusers.Administrator{}
	text := rapid.StringOf(rapid.RuneFrom([]rune("aAbB%_\\ éÉİıßẞσςΣK\u212aﬀ'\"\n\u0301😀")))
	access := rapid.SampledFrom([]ampusers.AccessLevel{ampusers.Full, ampusers.Limited})
	rapid.Check(t, func(rt *rapid.T) {
		a := newAdministrator(fmt.Sprintf("%04d", len(created)) + text.Draw(rt, "username"))
		a.DisplayName, a.Access, a.Disabled = text.Draw(rt, "display_name"), access.Draw(rt, "access"), rapid.Bool().Draw(rt, "disabled")
		require.NoError(rt, b.Administrators().CreateAdministrator(t.Context(), a))
		created = append(created, a)
		q := ampusers.Query{
			Search: text.Draw(rt, "search"), EnabledOnly: rapid.Bool().Draw(rt, "enabled_only"),
			Access:      rapid.SampledFrom([]ampusers.AccessLevel{"", ampusers.Full, ampusers.Limited, "odd"}).Draw(rt, "wanted"),
			Sort:        store.Sort{By: rapid.SampledFrom([]string{"", "created_at"}).Draw(rt, "by")}, // of equal times the key decides
			PageRequest: store.PageRequest{Limit: store.MaxPageLimit},
		}
		want := []string{}
		for _, a := range created {
			if q.Match(a) {
				want = append(want, a.Username)
			}
		}
		list, err := b.Administrators().ListAdministrators(t.Context(), q)
		require.NoError(rt, err)
		require.Equal(rt, want, usernamesOnPage(list))
	})
}

func administratorListPaged(t *testing.T, b Backend) {
	want := []string{}
	for i, username := range sequentialNames(60) {
		a := newAdministrator(username)
		a.Disabled, a.Access = i%2 == 0, []ampusers.AccessLevel{ampusers.Full, ampusers.Limited, ampusers.Limited}[i%3]
		if i%5 != 0 {
			a.DisplayName = "Wanted"
		}
		require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), a))
		if !a.Disabled && a.Access == ampusers.Limited && i%5 != 0 {
			want = append(want, username)
		}
	}
	for _, by := range append(ampusers.SortFields(), "") { // all times are equal
		q := ampusers.Query{Search: "wanted", EnabledOnly: true, Access: ampusers.Limited, Sort: store.Sort{By: by}, PageRequest: store.PageRequest{Limit: 3}}
		read := []string{}
		for next := "-"; next != ""; q.After = next {
			list, err := b.Administrators().ListAdministrators(t.Context(), q)
			require.NoError(t, err)
			read, next = append(read, usernamesOnPage(list)...), list.Next
		}
		require.Equal(t, want, read, "order %q", by)
	}
}
