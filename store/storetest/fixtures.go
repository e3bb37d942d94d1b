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
	"github.com/pbxusers/pbxusers/userman/permission"
)

// idOf returns the ID of the user with that username in these tests.
func idOf(username string) store.UserID { return store.UserID("id of " + username) }

// newUser returns a valid user with that username.
func newUser(username string) *userman.User {
	return &userman.User{ID: idOf(username), Username: username, DisplayName: "This is " + username, CreatedAt: noon()}
}

// createUsers stores valid users with these usernames.
func createUsers(t *testing.T, st userman.Store, usernames ...string) {
	t.Helper()
	for _, username := range usernames {
		require.NoError(t, st.CreateUser(t.Context(), newUser(username)))
	}
}

// allUsernames returns the usernames, also of deleted users, in the order of
// EachUser.
func allUsernames(t *testing.T, st userman.Store) []string {
	t.Helper()
	names := []string{}
	require.NoError(t, st.EachUser(t.Context(), func(u *userman.User) error {
		names = append(names, u.Username)
		return nil
	}))
	return names
}

// updateUser changes the user with that username.
func updateUser(t *testing.T, st userman.Store, username string, change func(u *userman.User)) {
	t.Helper()
	require.NoError(t, st.UpdateUser(t.Context(), idOf(username), func(u *userman.User) error {
		change(u)
		return nil
	}))
}

func softDelete(u *userman.User) { u.DeletedAt = noon() }

// requireUser requires that the stored user equals want.
func requireUser(t *testing.T, st userman.Store, want *userman.User) {
	t.Helper()
	u, err := st.User(t.Context(), want.ID)
	require.NoError(t, err)
	requireSameUser(t, want, u)
}

func requireNotFound(t *testing.T, err error, kind string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrNotFound)
	var notFound *store.NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, kind, notFound.Kind)
}

func requireAlreadyExists(t *testing.T, err error, kind, field string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	var exists *store.AlreadyExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.AlreadyExistsError{Kind: kind, Field: field}, exists)
}

// requireFound requires that the key finds the user with that username, or none.
func requireFound(t *testing.T, st userman.Store, key userman.UserLookup, username string) {
	t.Helper()
	u, err := st.FindUser(t.Context(), key)
	if username == "" {
		requireNotFound(t, err, "user")
		return
	}
	require.NoError(t, err)
	require.Equal(t, username, u.Username)
}

// newOneTimeToken returns a link with that token and expiry.
func newOneTimeToken(token string, ends time.Time) *credential.OneTimeToken {
	hash := sha256.Sum256([]byte(token))
	return &credential.OneTimeToken{TokenHash: hash[:], ExpiresAt: ends}
}

// mutateUser changes everything that u could share with a copy.
func mutateUser(u *userman.User) {
	u.Username = "mutated"
	for _, list := range [][]string{u.OtherEmails, u.LinkedExtensions, u.Groups} {
		for i := range list {
			list[i] = "mutated"
		}
	}
	u.Permissions["mutated"] = permission.On()
	mutateCredentials(&u.Credentials)
	u.Activation.TokenHash[0]++
	u.Activation.ExpiresAt = time.Time{}
}

// runInTx runs fn in a transaction that must commit.
func runInTx(t *testing.T, b Backend, fn func(ctx context.Context) error) {
	t.Helper()
	require.NoError(t, b.RunInTx(t.Context(), fn))
}

// nthExtension returns the i-th extension of these tests.
func nthExtension(i int) string { return fmt.Sprintf("1%03d", i) }
