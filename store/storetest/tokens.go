package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func tokens() []rule {
	return []rule{
		{"every field of a token is kept", tokenKept},
		{"a token is unique by its ID", tokenUnique},
		{"a token is of somebody", tokenOfSomebody},
		{"an unknown token is not found", noSuchToken},
		{"an update of a token writes what changed, and nothing that is counted", tokenUpdated},
		{"the holder of a token is read with it", holderRead},
		{"tokens are listed by ID, those of one or of all", tokensListed},
		{"a deleted token is gone", tokenDeleted},
		{"a token that goes in and out is not shared", tokenNotShared},
	}
}

// tokenOf returns the i-th token of the person of that username.
func tokenOf(username string, i int) *userman.Token {
	return &userman.Token{
		ID: fmt.Sprintf("token %d of %s", i, username), UserID: idOf(username), Extensions: []string{userman.All}, KeyHash: []byte("hash"), CreatedAt: noon(),
	}
}

func fullToken(username string) *userman.Token {
	t := tokenOf(username, 1)
	t.Description, t.Disabled = "'; \"<b>Größe</b>\" \\", true
	t.Extensions, t.Modules = []string{"0100", "200"}, []string{"voicemail", "'\"", ""}
	t.RequestsPerHour, t.KeyHash, t.HourRequests = -1, []byte("\x00hash\xff"), 42
	t.Addresses = []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128"), netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::ffff:192.0.2.1/128"),
	}
	for i, at := range timesOfToken(t) {
		*at = noon().Add(time.Duration(i)*time.Hour + time.Microsecond)
	}
	return t
}

func timesOfToken(t *userman.Token) []*time.Time {
	return []*time.Time{&t.ExpiresAt, &t.HourStartedAt, &t.CreatedAt, &t.UpdatedAt, &t.KeyMadeAt, &t.LastUsedAt}
}

// requireSameToken compares every field. Empty and missing lists are the same.
func requireSameToken(t *testing.T, want, got *userman.Token) {
	t.Helper()
	want, got = want.Clone(), got.Clone()
	for _, token := range []*userman.Token{want, got} {
		token.Extensions = append([]string(nil), token.Extensions...)
		token.Modules = append([]string(nil), token.Modules...)
		token.Addresses = append([]netip.Prefix(nil), token.Addresses...)
		token.KeyHash = append([]byte(nil), token.KeyHash...)
	}
	require.Equal(t, want, got)
}

// requireToken requires that the token is stored as want.
func requireToken(t *testing.T, st userman.Store, want *userman.Token) {
	t.Helper()
	token, err := st.Token(t.Context(), want.ID)
	require.NoError(t, err)
	requireSameToken(t, want, token)
}

func tokenKept(t *testing.T, b Backend) {
	st, want := b.People(""), fullToken("jane")
	requireFilled(t, reflect.ValueOf(*want))
	admit(t, st, "jane")
	given := want.Clone()
	for _, at := range timesOfToken(given) {
		*at = at.Add(500 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	}
	require.NoError(t, st.CreateToken(t.Context(), given))
	requireToken(t, st, want)
	list, err := st.ListTokens(t.Context(), "", store.Page{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	requireSameToken(t, want, list.Items[0])
	holder, err := st.Holder(t.Context(), want.ID)
	require.NoError(t, err)
	requireSameToken(t, want, holder.Token)
	empty := &userman.Token{ID: "empty", UserID: idOf("jane")}
	require.NoError(t, st.CreateToken(t.Context(), empty))
	requireToken(t, st, empty)
}

func tokenUnique(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob")
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
	other := tokenOf("bob", 1)
	other.ID = tokenOf("jane", 1).ID
	requireTaken(t, st.CreateToken(t.Context(), other), "API token", "id")
	requireToken(t, st, tokenOf("jane", 1))
}

func tokenOfSomebody(t *testing.T, b Backend) {
	st := b.People("")
	requireMissing(t, st.CreateToken(t.Context(), tokenOf("jane", 1)), "person")
	admit(t, b.People("acme"), "jane")
	requireMissing(t, st.CreateToken(t.Context(), tokenOf("jane", 1)), "person")
	admit(t, st, "jane")
	amend(t, st, "jane", setAside)
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
}

func noSuchToken(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
	for _, id := range []string{"", "jane", "%", tokenOf("jane", 2).ID} {
		_, err := st.Token(t.Context(), id)
		requireMissing(t, err, "API token")
		_, err = st.Holder(t.Context(), id)
		requireMissing(t, err, "API token")
		_, err = st.CountRequest(t.Context(), id, noon(), 0)
		requireMissing(t, err, "API token")
		requireMissing(t, st.DeleteToken(t.Context(), id), "API token")
		requireMissing(t, st.UpdateToken(t.Context(), id, func(*userman.Token) error {
			require.Fail(t, "there is nothing to change")
			return nil
		}), "API token")
	}
}

func tokenUpdated(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob")
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
	_, err := st.CountRequest(t.Context(), tokenOf("jane", 1).ID, noon(), 0)
	require.NoError(t, err)
	want := fullToken("jane")
	require.NoError(t, st.UpdateToken(t.Context(), want.ID, func(token *userman.Token) error {
		*token = *fullToken("bob")
		return nil
	}))
	want.HourStartedAt, want.HourRequests, want.LastUsedAt = noon(), 1, noon()
	requireToken(t, st, want)
	refusal := errors.New("refused")
	require.Same(t, refusal, st.UpdateToken(t.Context(), want.ID, func(token *userman.Token) error {
		token.Disabled = false
		return refusal
	}))
	requireToken(t, st, want)
}

func holderRead(t *testing.T, b Backend) {
	st := b.People("")
	want := hostileUser("jane")
	makeGroups(t, st, want.Groups...)
	require.NoError(t, st.CreateUser(t.Context(), want))
	admit(t, st, "bob")
	for _, token := range []*userman.Token{tokenOf("bob", 1), tokenOf("jane", 1), tokenOf("jane", 2)} {
		require.NoError(t, st.CreateToken(t.Context(), token))
	}
	holder, err := st.Holder(t.Context(), tokenOf("jane", 2).ID)
	require.NoError(t, err)
	requireSameToken(t, tokenOf("jane", 2), holder.Token)
	requireSameUser(t, want, holder.User) // deleted or not
	_, revision := listGroups(t, st)
	require.Equal(t, revision, holder.GroupsRevision)
	require.NotZero(t, revision)
	admit(t, b.People("acme"), "jane")
	require.NoError(t, b.People("acme").CreateToken(t.Context(), tokenOf("jane", 2)))
	holder, err = b.People("acme").Holder(t.Context(), tokenOf("jane", 2).ID)
	require.NoError(t, err)
	require.Zero(t, holder.GroupsRevision)
	requireSameUser(t, somebody("jane"), holder.User)
}

func tokensListed(t *testing.T, b Backend) {
	st := b.People("")
	list, err := st.ListTokens(t.Context(), "", store.Page{})
	require.NoError(t, err)
	require.NotNil(t, list.Items, "JSON shows an empty list, not null")
	require.Empty(t, list.Items)
	admit(t, st, "bob", "jane", "none")
	for _, username := range []string{"jane", "bob"} {
		for i := range 5 {
			token := tokenOf(username, i)
			token.ID = fmt.Sprintf("%d of %s", i, username)
			require.NoError(t, st.CreateToken(t.Context(), token))
		}
	}
	both := []string{}
	for i := range 5 {
		both = append(both, fmt.Sprintf("%d of bob", i), fmt.Sprintf("%d of jane", i))
	}
	for userID, want := range map[string][]string{
		"": both, idOf("jane"): {"0 of jane", "1 of jane", "2 of jane", "3 of jane", "4 of jane"}, idOf("none"): {}, "jane": {},
	} {
		for _, limit := range []int{1, 2, 5, 10, 0} {
			require.Equal(t, want, walkTokens(t, st, userID, limit), "%q, limit %d", userID, limit)
		}
	}
}

// walkTokens reads page after page and returns the IDs.
func walkTokens(t *testing.T, st userman.Store, userID string, limit int) []string {
	t.Helper()
	read := []string{}
	for page := (store.Page{Limit: limit}); ; {
		list, err := st.ListTokens(t.Context(), userID, page)
		require.NoError(t, err)
		for _, token := range list.Items {
			read = append(read, token.ID)
		}
		if page.After = list.Next; page.After == "" {
			return read
		}
		require.Len(t, list.Items, limit, "only the last page is short")
	}
}

func tokenDeleted(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	for i := range 2 {
		require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", i)))
	}
	require.NoError(t, st.DeleteToken(t.Context(), tokenOf("jane", 0).ID))
	requireMissing(t, st.DeleteToken(t.Context(), tokenOf("jane", 0).ID), "API token")
	_, err := st.Holder(t.Context(), tokenOf("jane", 0).ID)
	requireMissing(t, err, "API token")
	requireToken(t, st, tokenOf("jane", 1))
}

func tokenNotShared(t *testing.T, b Backend) {
	st, want := b.People(""), fullToken("jane")
	admit(t, st, "jane")
	spoil := func(token *userman.Token) {
		token.Extensions[0], token.Modules[0], token.Addresses[0] = "spoilt", "spoilt", netip.Prefix{}
		token.KeyHash[0]++
	}
	given := want.Clone()
	require.NoError(t, st.CreateToken(t.Context(), given))
	spoil(given)
	requireToken(t, st, want)
	list, err := st.ListTokens(t.Context(), "", store.Page{})
	require.NoError(t, err)
	holder, err := st.Holder(t.Context(), want.ID)
	require.NoError(t, err)
	for _, token := range append(list.Items, holder.Token) {
		spoil(token)
		requireToken(t, st, want)
	}
}
