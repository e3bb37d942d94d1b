package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func peopleUniqueness() []rule {
	return []rule{
		{"a username is unique in any case and spelling", personUsernameUnique},
		{"no two people have one default extension", defaultExtensionUnique},
		{"an external ID is unique in its directory", externalIDUnique},
		{"an ID is never used twice", personIDUnique},
		{"whoever was deleted leaves username and extension to others", deletedLeavesKeys},
		{"of 100 who want one default extension one gets it", racedExtension},
		{"of 100 who want one username one gets it", racedPersonUsername},
		{"a refused person leaves its transaction usable", refusedPersonInTransaction},
		{"two people may swap what is unique in two steps", swapped},
	}
}

func personUsernameUnique(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "José", "bob")
	for i, username := range []string{"José", "JOSÉ", "jose\u0301", "JOSE\u0301", "ｊｏｓé"} {
		taken := somebody(username)
		taken.ID = idOf(extension(i))
		requireTaken(t, st.CreateUser(t.Context(), taken), "person", "username")
		requireTaken(t, st.UpdateUser(t.Context(), idOf("bob"), func(u *userman.User) error {
			u.Username, u.DisplayName = username, "changed"
			return nil
		}), "person", "username")
	}
	requireSomebody(t, st, somebody("José"))
	requireSomebody(t, st, somebody("bob"))
	amend(t, st, "José", func(u *userman.User) { u.Username = "JOSÉ" }) // one's own is free
	admit(t, st, "jose", "josé2")
}

func defaultExtensionUnique(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob", "eve") // all without one
	set := func(username, extension string) error {
		return st.UpdateUser(t.Context(), idOf(username), func(u *userman.User) error {
			u.DefaultExtension = extension
			return nil
		})
	}
	require.NoError(t, set("jane", "1001"))
	require.NoError(t, set("jane", "1001"))
	requireTaken(t, set("bob", "1001"), "person", "default_extension")
	require.NoError(t, set("bob", "01001"))
	taken := somebody("new")
	taken.DefaultExtension = "1001"
	requireTaken(t, st.CreateUser(t.Context(), taken), "person", "default_extension")
	amend(t, st, "eve", func(u *userman.User) { u.LinkedExtensions = []string{"1001", "01001"} }) // several may share them
	require.NoError(t, set("jane", ""))
	require.NoError(t, set("bob", "1001"))
}

func externalIDUnique(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob", "eve")
	set := func(username, directory, id string) error {
		return st.UpdateUser(t.Context(), idOf(username), func(u *userman.User) error {
			u.Directory, u.ExternalID = directory, id
			return nil
		})
	}
	require.NoError(t, set("jane", "ldap", "42"))
	require.NoError(t, set("bob", "", "42"))
	requireTaken(t, set("eve", "ldap", "42"), "person", "external_id")
	requireTaken(t, set("eve", "", "42"), "person", "external_id")
	require.NoError(t, set("eve", "ldap4", "2"))
	require.NoError(t, set("jane", "ldap", ""))
	require.NoError(t, set("bob", "ldap", "")) // none is no ID
	require.NoError(t, set("eve", "ldap", "42"))
}

func personIDUnique(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	other := somebody("other")
	other.ID = idOf("jane")
	requireTaken(t, st.CreateUser(t.Context(), other), "person", "id")
	amend(t, st, "jane", setAside)
	requireTaken(t, st.CreateUser(t.Context(), other), "person", "id")
	require.Equal(t, []string{"jane"}, admitted(t, st))
}

func deletedLeavesKeys(t *testing.T, b Backend) {
	st := b.People("")
	claim := func(id string) *userman.User {
		u := somebody("jane")
		u.ID, u.DefaultExtension, u.Directory, u.ExternalID = id, "1001", "ldap", "42"
		return u
	}
	bring := func(id string, deleted time.Time) error {
		return st.UpdateUser(t.Context(), id, func(u *userman.User) error {
			u.DeletedAt = deleted
			return nil
		})
	}
	for _, id := range []string{"first", "second", "third"} {
		require.NoError(t, st.CreateUser(t.Context(), claim(id)))
		require.NoError(t, bring(id, noon()))
	}
	require.Equal(t, []string{"jane", "jane", "jane"}, admitted(t, st))
	require.NoError(t, bring("second", time.Time{}))
	requireTaken(t, bring("first", time.Time{}), "person", "username")
	u, err := st.FindUser(t.Context(), userman.UserKey{DefaultExtension: "1001"})
	require.NoError(t, err)
	requireSameUser(t, claim("second"), u)
	for field, change := range map[string]func(u *userman.User){
		"default_extension": func(u *userman.User) { u.Username = "renamed" },
		"external_id":       func(u *userman.User) { u.Username, u.DefaultExtension = "renamed", "1002" },
	} {
		requireTaken(t, st.UpdateUser(t.Context(), "first", func(u *userman.User) error {
			u.DeletedAt = time.Time{}
			change(u)
			return nil
		}), "person", field)
	}
	require.NoError(t, st.DeleteUser(t.Context(), "second"))
	require.NoError(t, bring("third", time.Time{}))
}

// requireOneOf requires that one of the calls went well, and the others were
// refused because of that field.
func requireOneOf(t *testing.T, errs []error, field string) {
	t.Helper()
	went := 0
	for _, err := range errs {
		if err == nil {
			went++
			continue
		}
		requireTaken(t, err, "person", field)
	}
	require.Equal(t, 1, went)
}

func racedExtension(t *testing.T, b Backend) {
	st := b.People("")
	const n = 100
	inTransaction(t, b, func(ctx context.Context) error {
		for _, username := range numbered(n / 2) {
			if err := st.CreateUser(ctx, somebody(username)); err != nil {
				return err
			}
		}
		return nil
	})
	errs := make([]error, n)
	atOnce(n, func(i int) {
		if i < n/2 {
			errs[i] = st.UpdateUser(t.Context(), idOf(nth(i)), func(u *userman.User) error {
				u.DefaultExtension = "1001"
				return nil
			})
			return
		}
		u := somebody(nth(i))
		u.DefaultExtension = "1001"
		errs[i] = st.CreateUser(t.Context(), u)
	})
	requireOneOf(t, errs, "default_extension")
	require.Len(t, listed(t, st, userman.Query{Extension: "1001"}), 1)
}

func racedPersonUsername(t *testing.T, b Backend) {
	st := b.People("")
	errs := make([]error, 100)
	atOnce(len(errs), func(i int) {
		u := somebody([]string{"jané", "JANÉ", "jane\u0301"}[i%3])
		u.ID = idOf(nth(i))
		errs[i] = st.CreateUser(t.Context(), u)
	})
	requireOneOf(t, errs, "username")
	require.Len(t, admitted(t, st), 1)
}

func refusedPersonInTransaction(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "eve")
	makeGroups(t, st, "Sales")
	inTransaction(t, b, func(ctx context.Context) error {
		taken := somebody("JANE")
		requireTaken(t, st.CreateUser(ctx, taken), "person", "username")
		lost := somebody("lost")
		lost.Groups = []string{"Sales", "unknown"}
		requireMissing(t, st.CreateUser(ctx, lost), "group")
		requireMissing(t, st.DeleteUser(ctx, "unknown"), "person")
		requireTaken(t, st.UpdateUser(ctx, idOf("eve"), func(u *userman.User) error {
			u.Username, u.LinkedExtensions, u.Groups = "jane", []string{"2000"}, []string{"Sales"}
			return nil
		}), "person", "username")
		return st.CreateUser(ctx, somebody("bob"))
	})
	require.Equal(t, []string{"bob", "eve", "jane"}, admitted(t, st))
	requireSomebody(t, st, somebody("eve"))
	require.Empty(t, listed(t, st, userman.Query{Extension: "2000"}))
	require.Empty(t, listed(t, st, userman.Query{Group: "Sales"}))
}

func swapped(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob")
	amend(t, st, "jane", func(u *userman.User) { u.DefaultExtension = "1001" })
	amend(t, st, "bob", func(u *userman.User) { u.DefaultExtension = "1002" })
	inTransaction(t, b, func(ctx context.Context) error {
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
	requireFound(t, st, userman.UserKey{DefaultExtension: "1001"}, "bob")
	requireFound(t, st, userman.UserKey{DefaultExtension: "1002"}, "jane")
}
