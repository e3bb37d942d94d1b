package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// idOf returns the ID of the person of that username in these tests.
func idOf(username string) string { return "id of " + username }

// somebody returns a valid person of that username.
func somebody(username string) *userman.User {
	return &userman.User{ID: idOf(username), Username: username, DisplayName: "This is " + username, CreatedAt: noon()}
}

// admit stores valid people of these usernames.
func admit(t *testing.T, st userman.Store, usernames ...string) {
	t.Helper()
	for _, username := range usernames {
		require.NoError(t, st.CreateUser(t.Context(), somebody(username)))
	}
}

// admitted returns the usernames, deleted people's too, in the order of
// EachUser.
func admitted(t *testing.T, st userman.Store) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, st.EachUser(t.Context(), func(u *userman.User) error {
		names = append(names, u.Username)
		return nil
	}))
	return names
}

// amend changes the person of that username.
func amend(t *testing.T, st userman.Store, username string, change func(u *userman.User)) {
	t.Helper()
	require.NoError(t, st.UpdateUser(t.Context(), idOf(username), func(u *userman.User) error {
		change(u)
		return nil
	}))
}

func setAside(u *userman.User) { u.DeletedAt = noon() }

// requireSomebody requires that the person is stored as want.
func requireSomebody(t *testing.T, st userman.Store, want *userman.User) {
	t.Helper()
	u, err := st.User(t.Context(), want.ID)
	require.NoError(t, err)
	requireSameUser(t, want, u)
}

func requireMissing(t *testing.T, err error, kind string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrNotFound)
	var notFound *store.NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, kind, notFound.Kind)
}

func requireTaken(t *testing.T, err error, kind, field string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrExists)
	var exists *store.ExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.ExistsError{Kind: kind, Field: field}, exists)
}

// requireFound requires that the key finds the person of that username, or
// nobody.
func requireFound(t *testing.T, st userman.Store, key userman.UserKey, username string) {
	t.Helper()
	u, err := st.FindUser(t.Context(), key)
	if username == "" {
		requireMissing(t, err, "person")
		return
	}
	require.NoError(t, err)
	require.Equal(t, username, u.Username)
}

// linked returns a link of that token which ends at that time.
func linked(token string, ends time.Time) *credential.Link {
	hash := sha256.Sum256([]byte(token))
	return &credential.Link{TokenHash: hash[:], ExpiresAt: ends}
}

// spoilUser changes all that u could share with another.
func spoilUser(u *userman.User) {
	u.Username = "spoilt"
	for _, list := range [][]string{u.FurtherEmails, u.LinkedExtensions, u.Groups} {
		for i := range list {
			list[i] = "spoilt"
		}
	}
	u.Permissions["spoilt"] = userman.On()
	spoilCredentials(&u.Credentials)
	u.Activation.TokenHash[0]++
	u.Activation.ExpiresAt = time.Time{}
}

// inTransaction runs fn in a transaction that must commit.
func inTransaction(t *testing.T, b Backend, fn func(ctx context.Context) error) {
	t.Helper()
	require.NoError(t, b.Atomically(t.Context(), fn))
}

// extension returns the i-th extension of these tests.
func extension(i int) string { return fmt.Sprintf("1%03d", i) }
