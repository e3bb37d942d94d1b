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
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func tokenRules() []rule {
	return []rule{
		{"token_stored", tokenStored},
		{"token_unique", tokenUnique},
		{"token_requires_user", tokenRequiresUser},
		{"token_not_found", tokenNotFound},
		{"token_updated", tokenUpdated},
		{"token_owner_read", tokenOwnerRead},
		{"tokens_listed", tokensListed},
		{"token_deleted", tokenDeleted},
		{"token_not_shared", tokenNotShared},
	}
}

// newToken returns the i-th token of the user with that username.
func newToken(username string, i int) *apitoken.Token {
	return &apitoken.Token{
		ID: apitoken.ID(fmt.Sprintf("token %d of %s", i, username)), UserID: idOf(username), Extensions: []string{permission.Any}, KeyHash: []byte("hash"), CreatedAt: noon(),
	}
}

func fullToken(username string) *apitoken.Token {
	t := newToken(username, 1)
	t.Description, t.Disabled = "'; \"<b>Größe</b>\" \\", true
	t.Extensions, t.Modules = []string{"0100", "200"}, []string{"voicemail", "'\"", ""}
	t.RequestsPerHour, t.KeyHash, t.HourRequests, t.KeyCreator = -1, []byte("\x00hash\xff"), 42, hostileCreator("key")
	t.Addresses = []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128"), netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::ffff:192.0.2.1/128"),
	}
	for i, at := range timesOfToken(t) {
		*at = noon().Add(time.Duration(i)*time.Hour + time.Microsecond)
	}
	return t
}

func timesOfToken(t *apitoken.Token) []*time.Time {
	return []*time.Time{&t.ExpiresAt, &t.HourStartedAt, &t.CreatedAt, &t.UpdatedAt, &t.KeyCreatedAt, &t.LastUsedAt}
}

// requireSameToken compares every field. Empty and missing lists are the same.
func requireSameToken(t *testing.T, want, got *apitoken.Token) {
	t.Helper()
	want, got = want.Clone(), got.Clone()
	for _, token := range []*apitoken.Token{want, got} {
		token.Extensions = append([]string(nil), token.Extensions...)
		token.Modules = append([]string(nil), token.Modules...)
		token.Addresses = append([]netip.Prefix(nil), token.Addresses...)
		token.KeyHash = append([]byte(nil), token.KeyHash...)
	}
	require.Equal(t, want, got)
}

// requireToken requires that the stored token equals want.
func requireToken(t *testing.T, tokens apitoken.Store, want *apitoken.Token) {
	t.Helper()
	token, err := tokens.Token(t.Context(), want.ID)
	require.NoError(t, err)
	requireSameToken(t, want, token)
}

func tokenStored(t *testing.T, b Backend) {
	st, tokens, want := b.Users(""), b.Tokens(""), fullToken("jane")
	requireFilled(t, reflect.ValueOf(*want))
	createUsers(t, st, "jane")
	given := want.Clone()
	for _, at := range timesOfToken(given) {
		*at = at.Add(500 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	}
	require.NoError(t, tokens.CreateToken(t.Context(), given))
	requireToken(t, tokens, want)
	list, err := tokens.ListTokens(t.Context(), "", store.PageRequest{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	requireSameToken(t, want, list.Items[0])
	owner, err := tokens.TokenWithOwner(t.Context(), want.ID)
	require.NoError(t, err)
	requireSameToken(t, want, owner.Token)
	empty := &apitoken.Token{ID: "empty", UserID: idOf("jane")}
	require.NoError(t, tokens.CreateToken(t.Context(), empty))
	requireToken(t, tokens, empty)
}

func tokenUnique(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	createUsers(t, st, "jane", "bob")
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
	other := newToken("bob", 1)
	other.ID = newToken("jane", 1).ID
	requireAlreadyExists(t, tokens.CreateToken(t.Context(), other), "API token", "id")
	requireToken(t, tokens, newToken("jane", 1))
}

func tokenRequiresUser(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	requireNotFound(t, tokens.CreateToken(t.Context(), newToken("jane", 1)), "user")
	createUsers(t, b.Users("acme"), "jane")
	requireNotFound(t, tokens.CreateToken(t.Context(), newToken("jane", 1)), "user")
	createUsers(t, st, "jane")
	updateUser(t, st, "jane", softDelete)
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
}

func tokenNotFound(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	createUsers(t, st, "jane")
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
	for _, id := range []apitoken.ID{"", "jane", "%", newToken("jane", 2).ID} {
		_, err := tokens.Token(t.Context(), id)
		requireNotFound(t, err, "API token")
		_, err = tokens.TokenWithOwner(t.Context(), id)
		requireNotFound(t, err, "API token")
		_, err = tokens.TakeRequest(t.Context(), id, noon(), 0)
		requireNotFound(t, err, "API token")
		requireNotFound(t, tokens.DeleteToken(t.Context(), id), "API token")
		requireNotFound(t, tokens.UpdateToken(t.Context(), id, func(*apitoken.Token) error {
			require.Fail(t, "there is nothing to change")
			return nil
		}), "API token")
	}
}

func tokenUpdated(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	createUsers(t, st, "jane", "bob")
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
	_, err := tokens.TakeRequest(t.Context(), newToken("jane", 1).ID, noon(), 0)
	require.NoError(t, err)
	want := fullToken("jane")
	require.NoError(t, tokens.UpdateToken(t.Context(), want.ID, func(token *apitoken.Token) error {
		*token = *fullToken("bob")
		return nil
	}))
	want.HourStartedAt, want.HourRequests, want.LastUsedAt = noon(), 1, noon()
	requireToken(t, tokens, want)
	errAbort := errors.New("aborted")
	require.Same(t, errAbort, tokens.UpdateToken(t.Context(), want.ID, func(token *apitoken.Token) error {
		token.Disabled = false
		return errAbort
	}))
	requireToken(t, tokens, want)
}

func tokenOwnerRead(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	want := hostileUser("jane")
	createGroups(t, st, want.Groups...)
	require.NoError(t, st.CreateUser(t.Context(), want))
	createUsers(t, st, "bob")
	for _, token := range []*apitoken.Token{newToken("bob", 1), newToken("jane", 1), newToken("jane", 2)} {
		require.NoError(t, tokens.CreateToken(t.Context(), token))
	}
	owner, err := tokens.TokenWithOwner(t.Context(), newToken("jane", 2).ID)
	require.NoError(t, err)
	requireSameToken(t, newToken("jane", 2), owner.Token)
	requireSameUser(t, want, owner.User) // deleted or not
	_, revision := listGroups(t, st)
	require.Equal(t, revision, owner.GroupsRevision)
	require.NotZero(t, revision)
	createUsers(t, b.Users("acme"), "jane")
	require.NoError(t, b.Tokens("acme").CreateToken(t.Context(), newToken("jane", 2)))
	owner, err = b.Tokens("acme").TokenWithOwner(t.Context(), newToken("jane", 2).ID)
	require.NoError(t, err)
	require.Zero(t, owner.GroupsRevision)
	requireSameUser(t, newUser("jane"), owner.User)
}

func tokensListed(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	list, err := tokens.ListTokens(t.Context(), "", store.PageRequest{})
	require.NoError(t, err)
	require.NotNil(t, list.Items, "JSON shows an empty list, not null")
	require.Empty(t, list.Items)
	createUsers(t, st, "bob", "jane", "none")
	for _, username := range []string{"jane", "bob"} {
		for i := range 5 {
			token := newToken(username, i)
			token.ID = nthID(i, username)
			require.NoError(t, tokens.CreateToken(t.Context(), token))
		}
	}
	both := []apitoken.ID{}
	for i := range 5 {
		both = append(both, nthID(i, "bob"), nthID(i, "jane"))
	}
	for userID, want := range map[store.UserID][]apitoken.ID{
		"": both, idOf("jane"): {"0 of jane", "1 of jane", "2 of jane", "3 of jane", "4 of jane"}, idOf("none"): {}, "jane": {},
	} {
		for _, limit := range []int{1, 2, 5, 10, 0} {
			require.Equal(t, want, readTokenPages(t, tokens, userID, limit), "%q, limit %d", userID, limit)
		}
	}
}

func nthID(i int, username string) apitoken.ID {
	return apitoken.ID(fmt.Sprintf("%d of %s", i, username))
}

// readTokenPages reads all pages and returns the IDs.
func readTokenPages(t *testing.T, tokens apitoken.Store, userID store.UserID, limit int) []apitoken.ID {
	t.Helper()
	read := []apitoken.ID{}
	for page := (store.PageRequest{Limit: limit}); ; {
		list, err := tokens.ListTokens(t.Context(), userID, page)
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
	st, tokens := b.Users(""), b.Tokens("")
	createUsers(t, st, "jane")
	for i := range 2 {
		require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", i)))
	}
	require.NoError(t, tokens.DeleteToken(t.Context(), newToken("jane", 0).ID))
	requireNotFound(t, tokens.DeleteToken(t.Context(), newToken("jane", 0).ID), "API token")
	_, err := tokens.TokenWithOwner(t.Context(), newToken("jane", 0).ID)
	requireNotFound(t, err, "API token")
	requireToken(t, tokens, newToken("jane", 1))
}

func tokenNotShared(t *testing.T, b Backend) {
	st, tokens, want := b.Users(""), b.Tokens(""), fullToken("jane")
	createUsers(t, st, "jane")
	mutate := func(token *apitoken.Token) {
		token.Extensions[0], token.Modules[0], token.Addresses[0] = "mutated", "mutated", netip.Prefix{}
		token.KeyHash[0]++
	}
	given := want.Clone()
	require.NoError(t, tokens.CreateToken(t.Context(), given))
	mutate(given)
	requireToken(t, tokens, want)
	list, err := tokens.ListTokens(t.Context(), "", store.PageRequest{})
	require.NoError(t, err)
	owner, err := tokens.TokenWithOwner(t.Context(), want.ID)
	require.NoError(t, err)
	for _, token := range append(list.Items, owner.Token) {
		mutate(token)
		requireToken(t, tokens, want)
	}
}
