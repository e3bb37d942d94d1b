package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func userSortRules() []rule {
	return []rule{
		{"users_paged_in_every_sort", usersPagedInEverySort},
		{"users_deleted_between_pages", usersDeletedBetweenPages},
		{"deleted_same_username_listed", deletedSameUsernameListed},
		{"unknown_user_sort", unknownUserSort},
		{"foreign_user_cursor", foreignUserCursor},
	}
}

// forEachUserSort calls fn for every order of users.
func forEachUserSort(fn func(sort store.Sort)) {
	for _, by := range append(userman.SortFields(), "") {
		fn(store.Sort{By: by})
		fn(store.Sort{By: by, Descending: true})
	}
}

// compareUsers compares two users in that order.
func compareUsers(sort store.Sort) func(a, b *userman.User) int {
	return func(a, b *userman.User) int {
		if sort.Descending {
			a, b = b, a
		}
		by := map[string]int{
			"default_extension": strings.Compare(a.DefaultExtension, b.DefaultExtension),
			"last_name":         strings.Compare(userman.FoldSearch(a.LastName), userman.FoldSearch(b.LastName)),
			"created_at":        a.CreatedAt.Compare(b.CreatedAt),
			"updated_at":        a.UpdatedAt.Compare(b.UpdatedAt),
			"last_login_at":     a.LastLoginAt.Compare(b.LastLoginAt),
		}[sort.By]
		return cmp.Or(by, strings.Compare(userman.FoldUsername(a.Username), userman.FoldUsername(b.Username)), cmp.Compare(a.ID, b.ID))
	}
}

// createManyUsers stores n users, many with equal values, and returns them.
func createManyUsers(t *testing.T, b Backend, n int) []*userman.User {
	t.Helper()
	users := make([]*userman.User, n)
	for i := range users {
		u := newUser([]string{"Jané", "bob", "EVE"}[i%3] + nthName(i*7%n))
		u.ID = store.UserID(fmt.Sprintf("%04d", i*11%n))
		u.LastName = []string{"", "Müller", "MÜLLER", "mu\u0308ller", "O'Neil 10:a", "Ärger", "zed"}[i%7]
		u.CreatedAt, u.UpdatedAt, u.LastLoginAt = timesOf(i)[0], timesOf(i)[1], timesOf(i)[2]
		if i%3 > 0 {
			u.DefaultExtension = []string{"", "2", "10", "0"}[i%4] + nthExtension(i)
		}
		users[i] = u
	}
	runInTx(t, b, func(ctx context.Context) error {
		for _, u := range users {
			if err := b.Users("").CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	return users
}

// readUserPages reads all pages and calls between after each.
func readUserPages(t *testing.T, st userman.Store, q userman.Query, between func(last *userman.User)) []string {
	t.Helper()
	read := []string{}
	for {
		list, err := st.ListUsers(t.Context(), q)
		require.NoError(t, err, "by %q", q.Sort)
		read = append(read, usernamesOf(list.Items)...)
		if list.Next == "" {
			return read
		}
		require.Len(t, list.Items, q.Limit, "only the last page is short")
		require.Regexp(t, `^[A-Za-z0-9_-]+$`, list.Next, "it fits into a URL as it is")
		between(list.Items[len(list.Items)-1])
		q.After = list.Next
	}
}

func usersPagedInEverySort(t *testing.T, b Backend) {
	const n = 20
	users := createManyUsers(t, b, n)
	forEachUserSort(func(sort store.Sort) {
		slices.SortFunc(users, compareUsers(sort))
		for _, limit := range []int{1, 7, n, n + 1} {
			q := userman.Query{Sort: sort, PageRequest: store.PageRequest{Limit: limit}}
			read := readUserPages(t, b.Users(""), q, func(*userman.User) {})
			require.Equal(t, usernamesOf(users), read, "by %q, limit %d", sort, limit)
		}
	})
}

func usersDeletedBetweenPages(t *testing.T, b Backend) {
	st := b.Users("")
	const n = 20
	users := createManyUsers(t, b, n)
	forEachUserSort(func(sort store.Sort) {
		slices.SortFunc(users, compareUsers(sort))
		deleted := []*userman.User{}
		q := userman.Query{Sort: sort, PageRequest: store.PageRequest{Limit: 3}}
		read := readUserPages(t, st, q, func(last *userman.User) {
			// The next page starts after a user that is deleted by then.
			require.NoError(t, st.DeleteUser(t.Context(), last.ID))
			deleted = append(deleted, last)
		})
		require.Equal(t, usernamesOf(users), read, "by %q", sort)
		for _, u := range deleted { // as it was, for the next order
			require.NoError(t, st.CreateUser(t.Context(), u))
		}
	})
}

func deletedSameUsernameListed(t *testing.T, b Backend) {
	st := b.Users("")
	for i := range 5 {
		u := newUser("jane")
		u.ID, u.DeletedAt = store.UserID(nthName(i)), noon()
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	forEachUserSort(func(sort store.Sort) {
		read := []string{}
		for q := (userman.Query{Status: userman.StatusDeleted, Sort: sort, PageRequest: store.PageRequest{Limit: 2}}); ; {
			list, err := st.ListUsers(t.Context(), q)
			require.NoError(t, err)
			for _, u := range list.Items {
				read = append(read, string(u.ID))
			}
			if q.After = list.Next; q.After == "" {
				break
			}
		}
		want := sequentialNames(5)
		if sort.Descending {
			slices.Reverse(want)
		}
		require.Equal(t, want, read, "by %q", sort)
	})
}

func unknownUserSort(t *testing.T, b Backend) {
	createManyUsers(t, b, 2)
	for _, by := range []string{"id", "password_hash", "folded_username", "-username", "created_at, id", "1", " ", "CREATED_AT", "'"} {
		_, err := b.Users("").ListUsers(t.Context(), userman.Query{Sort: store.Sort{By: by}})
		requireInvalid(t, err, "sort")
	}
}

func foreignUserCursor(t *testing.T, b Backend) {
	createManyUsers(t, b, 5)
	st := b.Users("")
	firstCursor := func(sort store.Sort) string {
		list, err := st.ListUsers(t.Context(), userman.Query{Sort: sort, PageRequest: store.PageRequest{Limit: 1}})
		require.NoError(t, err)
		return list.Next
	}
	requireRejected := func(sort store.Sort, after string) {
		_, err := st.ListUsers(t.Context(), userman.Query{Sort: sort, PageRequest: store.PageRequest{After: after}})
		requireInvalid(t, err, "after")
	}
	for _, by := range userman.SortFields() {
		sort := store.Sort{By: by}
		next := firstCursor(sort)
		requireRejected(store.Sort{By: by, Descending: true}, next)
		for _, after := range append(hostileTexts(), nthName(0), next+"x", next[1:], strings.ToUpper(next)) {
			if after != "" {
				requireRejected(sort, after)
			}
		}
		for _, other := range userman.SortFields() {
			if other != by {
				requireRejected(store.Sort{By: other}, next)
			}
		}
	}
	list, err := st.ListUsers(t.Context(), userman.Query{Sort: store.Sort{By: "username"}, PageRequest: store.PageRequest{After: firstCursor(store.Sort{})}})
	require.NoError(t, err, "the order by default is that by username")
	require.Len(t, list.Items, 4)
}
