package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func userUniquenessRules() []rule {
	return []rule{
		{"user_username_unique", userUsernameUnique},
		{"default_extension_unique", defaultExtensionUnique},
		{"external_id_unique", externalIDUnique},
		{"user_id_unique", userIDUnique},
		{"soft_delete_releases_keys", softDeleteReleasesKeys},
		{"concurrent_extension", concurrentExtension},
		{"concurrent_user_username", concurrentUserUsername},
		{"duplicate_user_in_transaction", duplicateUserInTransaction},
		{"unique_values_swapped", uniqueValuesSwapped},
	}
}

func userUsernameUnique(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "José", "bob")
	for i, username := range []string{"José", "JOSÉ", "jose\u0301", "JOSE\u0301", "ｊｏｓé"} {
		duplicate := newUser(username)
		duplicate.ID = idOf(nthExtension(i))
		requireAlreadyExists(t, st.CreateUser(t.Context(), duplicate), "user", "username")
		requireAlreadyExists(t, st.UpdateUser(t.Context(), idOf("bob"), func(u *userman.User) error {
			u.Username, u.DisplayName = username, "changed"
			return nil
		}), "user", "username")
	}
	requireUser(t, st, newUser("José"))
	requireUser(t, st, newUser("bob"))
	updateUser(t, st, "José", func(u *userman.User) { u.Username = "JOSÉ" }) // one's own is free
	createUsers(t, st, "jose", "josé2")
}

func defaultExtensionUnique(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob", "eve") // all without one
	set := func(username, extension string) error {
		return st.UpdateUser(t.Context(), idOf(username), func(u *userman.User) error {
			u.DefaultExtension = extension
			return nil
		})
	}
	require.NoError(t, set("jane", "1001"))
	require.NoError(t, set("jane", "1001"))
	requireAlreadyExists(t, set("bob", "1001"), "user", "default_extension")
	require.NoError(t, set("bob", "01001"))
	duplicate := newUser("new")
	duplicate.DefaultExtension = "1001"
	requireAlreadyExists(t, st.CreateUser(t.Context(), duplicate), "user", "default_extension")
	updateUser(t, st, "eve", func(u *userman.User) { u.LinkedExtensions = []string{"1001", "01001"} }) // several may share them
	require.NoError(t, set("jane", ""))
	require.NoError(t, set("bob", "1001"))
}

func externalIDUnique(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob", "eve")
	set := func(username, directory, id string) error {
		return st.UpdateUser(t.Context(), idOf(username), func(u *userman.User) error {
			u.Directory, u.ExternalID = directory, id
			return nil
		})
	}
	require.NoError(t, set("jane", "ldap", "42"))
	require.NoError(t, set("bob", "", "42"))
	requireAlreadyExists(t, set("eve", "ldap", "42"), "user", "external_id")
	requireAlreadyExists(t, set("eve", "", "42"), "user", "external_id")
	require.NoError(t, set("eve", "ldap4", "2"))
	require.NoError(t, set("jane", "ldap", ""))
	require.NoError(t, set("bob", "ldap", "")) // none is no ID
	require.NoError(t, set("eve", "ldap", "42"))
}

func userIDUnique(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	other := newUser("other")
	other.ID = idOf("jane")
	requireAlreadyExists(t, st.CreateUser(t.Context(), other), "user", "id")
	updateUser(t, st, "jane", softDelete)
	requireAlreadyExists(t, st.CreateUser(t.Context(), other), "user", "id")
	require.Equal(t, []string{"jane"}, allUsernames(t, st))
}

func softDeleteReleasesKeys(t *testing.T, b Backend) {
	st := b.Users("")
	newClaimant := func(id store.UserID) *userman.User {
		u := newUser("jane")
		u.ID, u.DefaultExtension, u.Directory, u.ExternalID = id, "1001", "ldap", "42"
		return u
	}
	setDeletedAt := func(id store.UserID, deleted time.Time) error {
		return st.UpdateUser(t.Context(), id, func(u *userman.User) error {
			u.DeletedAt = deleted
			return nil
		})
	}
	for _, id := range []store.UserID{"first", "second", "third"} {
		require.NoError(t, st.CreateUser(t.Context(), newClaimant(id)))
		require.NoError(t, setDeletedAt(id, noon()))
	}
	require.Equal(t, []string{"jane", "jane", "jane"}, allUsernames(t, st))
	require.NoError(t, setDeletedAt("second", time.Time{}))
	requireAlreadyExists(t, setDeletedAt("first", time.Time{}), "user", "username")
	u, err := st.FindUser(t.Context(), userman.UserLookup{DefaultExtension: "1001"})
	require.NoError(t, err)
	requireSameUser(t, newClaimant("second"), u)
	for field, change := range map[string]func(u *userman.User){
		"default_extension": func(u *userman.User) { u.Username = "renamed" },
		"external_id":       func(u *userman.User) { u.Username, u.DefaultExtension = "renamed", "1002" },
	} {
		requireAlreadyExists(t, st.UpdateUser(t.Context(), "first", func(u *userman.User) error {
			u.DeletedAt = time.Time{}
			change(u)
			return nil
		}), "user", field)
	}
	require.NoError(t, st.DeleteUser(t.Context(), "second"))
	require.NoError(t, setDeletedAt("third", time.Time{}))
}

// requireOneSuccess requires that one of the calls succeeds, and that the others
// fail because of that field.
func requireOneSuccess(t *testing.T, errs []error, field string) {
	t.Helper()
	succeeded := 0
	for _, err := range errs {
		if err == nil {
			succeeded++
			continue
		}
		requireAlreadyExists(t, err, "user", field)
	}
	require.Equal(t, 1, succeeded)
}

func concurrentExtension(t *testing.T, b Backend) {
	st := b.Users("")
	const n = 100
	runInTx(t, b, func(ctx context.Context) error {
		for _, username := range sequentialNames(n / 2) {
			if err := st.CreateUser(ctx, newUser(username)); err != nil {
				return err
			}
		}
		return nil
	})
	errs := make([]error, n)
	runConcurrently(n, func(i int) {
		if i < n/2 {
			errs[i] = st.UpdateUser(t.Context(), idOf(nthName(i)), func(u *userman.User) error {
				u.DefaultExtension = "1001"
				return nil
			})
			return
		}
		u := newUser(nthName(i))
		u.DefaultExtension = "1001"
		errs[i] = st.CreateUser(t.Context(), u)
	})
	requireOneSuccess(t, errs, "default_extension")
	require.Len(t, listUsernames(t, st, userman.Query{Extension: "1001"}), 1)
}

func concurrentUserUsername(t *testing.T, b Backend) {
	st := b.Users("")
	errs := make([]error, 100)
	runConcurrently(len(errs), func(i int) {
		u := newUser([]string{"jané", "JANÉ", "jane\u0301"}[i%3])
		u.ID = idOf(nthName(i))
		errs[i] = st.CreateUser(t.Context(), u)
	})
	requireOneSuccess(t, errs, "username")
	require.Len(t, allUsernames(t, st), 1)
}

func duplicateUserInTransaction(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "eve")
	createGroups(t, st, "Sales")
	runInTx(t, b, func(ctx context.Context) error {
		duplicate := newUser("JANE")
		requireAlreadyExists(t, st.CreateUser(ctx, duplicate), "user", "username")
		lost := newUser("lost")
		lost.Groups = []string{"Sales", "unknown"}
		requireNotFound(t, st.CreateUser(ctx, lost), "group")
		requireNotFound(t, st.DeleteUser(ctx, "unknown"), "user")
		requireAlreadyExists(t, st.UpdateUser(ctx, idOf("eve"), func(u *userman.User) error {
			u.Username, u.LinkedExtensions, u.Groups = "jane", []string{"2000"}, []string{"Sales"}
			return nil
		}), "user", "username")
		return st.CreateUser(ctx, newUser("bob"))
	})
	require.Equal(t, []string{"bob", "eve", "jane"}, allUsernames(t, st))
	requireUser(t, st, newUser("eve"))
	require.Empty(t, listUsernames(t, st, userman.Query{Extension: "2000"}))
	require.Empty(t, listUsernames(t, st, userman.Query{Group: "Sales"}))
}

func uniqueValuesSwapped(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob")
	updateUser(t, st, "jane", func(u *userman.User) { u.DefaultExtension = "1001" })
	updateUser(t, st, "bob", func(u *userman.User) { u.DefaultExtension = "1002" })
	runInTx(t, b, func(ctx context.Context) error {
		for _, step := range []struct{ username, extension string }{{"jane", ""}, {"bob", "1001"}, {"jane", "1002"}} {
			if err := st.UpdateUser(ctx, idOf(step.username), func(u *userman.User) error {
				u.DefaultExtension = step.extension
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	requireFound(t, st, userman.UserLookup{DefaultExtension: "1001"}, "bob")
	requireFound(t, st, userman.UserLookup{DefaultExtension: "1002"}, "jane")
}
