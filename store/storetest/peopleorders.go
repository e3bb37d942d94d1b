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

func peopleOrders() []rule {
	return []rule{
		{"pages hold all people in every order", peoplePagedInOrder},
		{"people made and gone between pages hide and repeat none in any order", peopleChangedBetweenPages},
		{"deleted people of one username are all listed", deletedNamesakesListed},
		{"people are not listed in an unknown order", unknownOrderOfPeople},
		{"an After of another order of people is refused", foreignAfterOfPeople},
	}
}

// eachPeopleOrder calls fn for every order of people.
func eachPeopleOrder(fn func(order store.Order)) {
	for _, by := range append(userman.OrderFields(), "") {
		fn(store.Order{By: by})
		fn(store.Order{By: by, Descending: true})
	}
}

// inOrder compares two people as lists of that order have them.
func inOrder(order store.Order) func(a, b *userman.User) int {
	return func(a, b *userman.User) int {
		if order.Descending {
			a, b = b, a
		}
		by := map[string]int{
			"default_extension": strings.Compare(a.DefaultExtension, b.DefaultExtension),
			"last_name":         strings.Compare(userman.FoldSearch(a.LastName), userman.FoldSearch(b.LastName)),
			"created_at":        a.CreatedAt.Compare(b.CreatedAt),
			"updated_at":        a.UpdatedAt.Compare(b.UpdatedAt),
			"last_login_at":     a.LastLoginAt.Compare(b.LastLoginAt),
		}[order.By]
		return cmp.Or(by, strings.Compare(userman.FoldUsername(a.Username), userman.FoldUsername(b.Username)), strings.Compare(a.ID, b.ID))
	}
}

// crowd stores n people of whom many have equal values, and returns them.
func crowd(t *testing.T, b Backend, n int) []*userman.User {
	t.Helper()
	users := make([]*userman.User, n)
	for i := range users {
		u := somebody([]string{"Jané", "bob", "EVE"}[i%3] + nth(i*7%n))
		u.ID = fmt.Sprintf("%04d", i*11%n)
		u.LastName = []string{"", "Müller", "MÜLLER", "mu\u0308ller", "O'Neil 10:a", "Ärger", "zed"}[i%7]
		u.CreatedAt, u.UpdatedAt, u.LastLoginAt = timesOf(i)[0], timesOf(i)[1], timesOf(i)[2]
		if i%3 > 0 {
			u.DefaultExtension = []string{"", "2", "10", "0"}[i%4] + extension(i)
		}
		users[i] = u
	}
	inTransaction(t, b, func(ctx context.Context) error {
		for _, u := range users {
			if err := b.People("").CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	return users
}

// walkPeople reads page after page and calls between after each.
func walkPeople(t *testing.T, st userman.Store, q userman.Query, between func(last *userman.User)) []string {
	t.Helper()
	read := []string{}
	for {
		list, err := st.ListUsers(t.Context(), q)
		require.NoError(t, err, "by %q", q.Order)
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

func peoplePagedInOrder(t *testing.T, b Backend) {
	const n = 20
	users := crowd(t, b, n)
	eachPeopleOrder(func(order store.Order) {
		slices.SortFunc(users, inOrder(order))
		for _, limit := range []int{1, 7, n, n + 1} {
			q := userman.Query{Order: order, Page: store.Page{Limit: limit}}
			read := walkPeople(t, b.People(""), q, func(*userman.User) {})
			require.Equal(t, usernamesOf(users), read, "by %q, limit %d", order, limit)
		}
	})
}

func peopleChangedBetweenPages(t *testing.T, b Backend) {
	st := b.People("")
	const n = 20
	users := crowd(t, b, n)
	eachPeopleOrder(func(order store.Order) {
		slices.SortFunc(users, inOrder(order))
		gone := []*userman.User{}
		q := userman.Query{Order: order, Page: store.Page{Limit: 3}}
		read := walkPeople(t, st, q, func(last *userman.User) {
			// The next page begins after somebody who is gone by then.
			require.NoError(t, st.DeleteUser(t.Context(), last.ID))
			gone = append(gone, last)
		})
		require.Equal(t, usernamesOf(users), read, "by %q", order)
		for _, u := range gone { // as it was, for the next order
			require.NoError(t, st.CreateUser(t.Context(), u))
		}
	})
}

func deletedNamesakesListed(t *testing.T, b Backend) {
	st := b.People("")
	for i := range 5 {
		u := somebody("jane")
		u.ID, u.DeletedAt = nth(i), noon()
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	eachPeopleOrder(func(order store.Order) {
		read := []string{}
		for q := (userman.Query{Status: userman.Deleted, Order: order, Page: store.Page{Limit: 2}}); ; {
			list, err := st.ListUsers(t.Context(), q)
			require.NoError(t, err)
			for _, u := range list.Items {
				read = append(read, u.ID)
			}
			if q.After = list.Next; q.After == "" {
				break
			}
		}
		want := numbered(5)
		if order.Descending {
			slices.Reverse(want)
		}
		require.Equal(t, want, read, "by %q", order)
	})
}

func unknownOrderOfPeople(t *testing.T, b Backend) {
	crowd(t, b, 2)
	for _, by := range []string{"id", "password_hash", "folded_username", "-username", "created_at, id", "1", " ", "CREATED_AT", "'"} {
		_, err := b.People("").ListUsers(t.Context(), userman.Query{Order: store.Order{By: by}})
		requireInvalid(t, err, "sort")
	}
}

func foreignAfterOfPeople(t *testing.T, b Backend) {
	crowd(t, b, 5)
	st := b.People("")
	begin := func(order store.Order) string {
		list, err := st.ListUsers(t.Context(), userman.Query{Order: order, Page: store.Page{Limit: 1}})
		require.NoError(t, err)
		return list.Next
	}
	refuse := func(order store.Order, after string) {
		_, err := st.ListUsers(t.Context(), userman.Query{Order: order, Page: store.Page{After: after}})
		requireInvalid(t, err, "after")
	}
	for _, by := range userman.OrderFields() {
		order := store.Order{By: by}
		next := begin(order)
		refuse(store.Order{By: by, Descending: true}, next)
		for _, after := range append(hostileTexts(), nth(0), next+"x", next[1:], strings.ToUpper(next)) {
			if after != "" {
				refuse(order, after)
			}
		}
		for _, other := range userman.OrderFields() {
			if other != by {
				refuse(store.Order{By: other}, next)
			}
		}
	}
	list, err := st.ListUsers(t.Context(), userman.Query{Order: store.Order{By: "username"}, Page: store.Page{After: begin(store.Order{})}})
	require.NoError(t, err, "the order by default is that by username")
	require.Len(t, list.Items, 4)
}
