package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func loginNameRules() []rule {
	return []rule{
		{"login_names_off_by_default", loginNamesOffByDefault},
		{"login_names_share_one_namespace", loginNamesShareNamespace},
		{"own_login_names_may_be_equal", ownLoginNamesMayBeEqual},
		{"login_names_found", loginNamesFound},
		{"login_names_follow_their_user", loginNamesFollowUser},
		{"deleted_user_releases_login_names", deletedUserReleasesLoginNames},
		{"unique_values_come_before_login_names", uniqueValuesBeforeLoginNames},
		{"login_fields_reject_duplicates", loginFieldsRejectDuplicates},
		{"login_fields_switched", loginFieldsSwitched},
		{"login_fields_of_many_users", loginFieldsOfManyUsers},
		{"login_names_per_team", loginNamesPerTeam},
		{"login_names_in_transaction", loginNamesInTransaction},
		{"concurrent_login_names", concurrentLoginNames},
	}
}

// allLoginFields are all fields that can be login names.
func allLoginFields() userman.LoginFields {
	return userman.LoginFields{Email: true, DefaultExtension: true}
}

// openLoginNames returns a store where all fields are login names, with jane.
func openLoginNames(t *testing.T, b Backend) userman.Store {
	t.Helper()
	st := b.Users("")
	require.NoError(t, st.SetLoginFields(t.Context(), allLoginFields()))
	require.NoError(t, st.CreateUser(t.Context(), loginUser("jane")))
	return st
}

// loginUser returns a user with an email and an extension.
func loginUser(username string) *userman.User {
	u := newUser(username)
	u.Email, u.DefaultExtension = username+"@exämple.net", "1001"
	return u
}

func requireLoginNameExists(t *testing.T, err error, field string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	var exists *store.AlreadyExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.AlreadyExistsError{Kind: "user", Field: field, LoginName: true}, exists)
}

func requireLoginFields(t *testing.T, st userman.Store, want userman.LoginFields) {
	t.Helper()
	fields, err := st.LoginFields(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, fields)
}

// requireLogin requires that a login name, in any form, is that of a user, or of none.
func requireLogin(t *testing.T, st userman.Store, name, username string) {
	t.Helper()
	requireFound(t, st, userman.UserLookup{LoginName: userman.FoldLoginName(name)}, username)
}

func loginNamesOffByDefault(t *testing.T, b Backend) {
	st := b.Users("")
	requireLoginFields(t, st, userman.LoginFields{})
	require.NoError(t, st.CreateUser(t.Context(), loginUser("jane")))
	for _, username := range []string{"joan", "jane@exämple.net", "1001"} { // families share an email
		u := newUser(username)
		u.Email = "jane@exämple.net"
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	for _, name := range []string{"jane", "jane@exämple.net", "1001"} {
		requireLogin(t, st, name, "")
	}
}

func loginNamesShareNamespace(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	createUsers(t, st, "bob")
	for _, test := range []struct {
		field string
		set   func(u *userman.User)
	}{
		{"username", func(u *userman.User) { u.Username = "JANE@exämple.net" }},
		{"username", func(u *userman.User) { u.Username = "jane@xn--exmple-cua.net" }},
		{"username", func(u *userman.User) { u.Username = "1001" }},
		{"email", func(u *userman.User) { u.Email = "jane@exämple.net" }},
		{"email", func(u *userman.User) { u.Email = "Jane@xn--exmple-cua.net" }},
		{"email", func(u *userman.User) { u.Email = "jane" }},
		{"default_extension", func(u *userman.User) { u.DefaultExtension = "2002" }},
	} {
		if test.field == "default_extension" { // an extension cannot be written in two ways
			require.NoError(t, st.CreateUser(t.Context(), newUser("2002")))
		}
		u := newUser("new")
		test.set(u)
		requireLoginNameExists(t, st.CreateUser(t.Context(), u), test.field)
		requireNotFound(t, st.DeleteUser(t.Context(), u.ID), "user")
		requireLoginNameExists(t, st.UpdateUser(t.Context(), idOf("bob"), func(u *userman.User) error {
			test.set(u)
			u.Title = "changed"
			return nil
		}), test.field)
	}
	requireUser(t, st, newUser("bob"))
	updateUser(t, st, "bob", func(u *userman.User) { u.Email = "jane+pbx@exämple.net" }) // a subaddress is another name
	requireLogin(t, st, "jane@exämple.net", "jane")
}

func ownLoginNamesMayBeEqual(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	updateUser(t, st, "jane", func(u *userman.User) { u.Username = "Jane@exämple.net" })
	requireLogin(t, st, "jane@xn--exmple-cua.net", "Jane@exämple.net")
	u := newUser("2002")
	u.DefaultExtension = "2002"
	require.NoError(t, st.CreateUser(t.Context(), u))
	updateUser(t, st, "2002", func(u *userman.User) { u.Title = "changed" })
	requireLogin(t, st, "2002", "2002")
}

func loginNamesFound(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	updateUser(t, st, "jane", func(u *userman.User) {
		u.OtherEmails, u.LinkedExtensions = []string{"other@example.com"}, []string{"1002"}
	})
	for _, name := range []string{"JANE", "jane@exämple.net", "JANE@XN--EXMPLE-CUA.NET", "1001"} {
		requireLogin(t, st, name, "jane")
	}
	for _, name := range []string{"other@example.com", "1002", "01001", "jan", "exämple.net"} {
		requireLogin(t, st, name, "")
	}
}

func loginNamesFollowUser(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	updateUser(t, st, "jane", func(u *userman.User) {
		u.Username, u.Email, u.DefaultExtension = "doe", "doe@example.com", "1002"
	})
	for name, want := range map[string]string{"doe": "doe", "doe@example.com": "doe", "1002": "doe", "jane": "", "jane@exämple.net": "", "1001": ""} {
		requireLogin(t, st, name, want)
	}
	bob := loginUser("jane")
	bob.ID = idOf("bob")
	require.NoError(t, st.CreateUser(t.Context(), bob))
	require.NoError(t, st.DeleteUser(t.Context(), bob.ID))
	requireLogin(t, st, "jane", "")
	updateUser(t, st, "jane", func(u *userman.User) { u.Email, u.DefaultExtension = "", "" })
	requireLogin(t, st, "doe@example.com", "")
	requireLogin(t, st, "", "")
}

func deletedUserReleasesLoginNames(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	updateUser(t, st, "jane", softDelete)
	for _, name := range []string{"jane", "jane@exämple.net", "1001"} {
		requireLogin(t, st, name, "")
	}
	bob := newUser("bob")
	bob.Email = "jane@xn--exmple-cua.net"
	require.NoError(t, st.CreateUser(t.Context(), bob))
	restore := func(u *userman.User) error {
		u.DeletedAt = time.Time{}
		return nil
	}
	requireLoginNameExists(t, st.UpdateUser(t.Context(), idOf("jane"), restore), "email")
	require.NoError(t, st.DeleteUser(t.Context(), bob.ID))
	require.NoError(t, st.UpdateUser(t.Context(), idOf("jane"), restore))
	requireLogin(t, st, "jane@exämple.net", "jane")
}

func uniqueValuesBeforeLoginNames(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	u := newUser("new")
	u.Email, u.DefaultExtension = "jane@exämple.net", "1001"
	requireAlreadyExists(t, st.CreateUser(t.Context(), u), "user", "default_extension")
	u.Username = "JANE"
	requireAlreadyExists(t, st.CreateUser(t.Context(), u), "user", "username")
	u.ID = idOf("jane")
	requireAlreadyExists(t, st.CreateUser(t.Context(), u), "user", "id")
}

func loginFieldsRejectDuplicates(t *testing.T, b Backend) {
	st := b.Users("")
	for _, username := range []string{"jane", "joan"} {
		u := newUser(username)
		u.Email = "sales@example.com"
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	runInTx(t, b, func(ctx context.Context) error {
		requireLoginNameExists(t, st.SetLoginFields(ctx, userman.LoginFields{Email: true}), "email")
		return nil
	})
	requireLoginFields(t, st, userman.LoginFields{})
	requireLogin(t, st, "sales@example.com", "")
	require.NoError(t, st.SetLoginFields(t.Context(), userman.LoginFields{DefaultExtension: true}))
	requireLoginNameExists(t, st.SetLoginFields(t.Context(), allLoginFields()), "email")
	requireLoginFields(t, st, userman.LoginFields{DefaultExtension: true})
	requireLogin(t, st, "jane", "jane")
	updateUser(t, st, "joan", softDelete)
	require.NoError(t, st.SetLoginFields(t.Context(), userman.LoginFields{Email: true}))
	requireLogin(t, st, "sales@example.com", "jane")
}

func loginFieldsSwitched(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	for _, fields := range []userman.LoginFields{allLoginFields(), {Email: true}, {DefaultExtension: true}, {}, allLoginFields()} {
		require.NoError(t, st.SetLoginFields(t.Context(), fields))
		requireLoginFields(t, st, fields)
		for name, found := range map[string]bool{"jane": !fields.IsZero(), "jane@exämple.net": fields.Email, "1001": fields.DefaultExtension} {
			requireLogin(t, st, name, map[bool]string{true: "jane"}[found])
		}
		// A name that is no login name is free.
		free := newUser("free")
		free.Email = "jane@exämple.net"
		if fields.Email {
			requireLoginNameExists(t, st.CreateUser(t.Context(), free), "email")
			continue
		}
		require.NoError(t, st.CreateUser(t.Context(), free))
		require.NoError(t, st.DeleteUser(t.Context(), free.ID))
	}
}

func loginFieldsOfManyUsers(t *testing.T, b Backend) {
	st := b.Users("")
	names := sequentialNames(700)
	runInTx(t, b, func(ctx context.Context) error {
		for _, name := range names {
			u := newUser(name)
			u.Email = name + "@example.com"
			if err := st.CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, st.SetLoginFields(t.Context(), userman.LoginFields{Email: true}))
	for _, name := range names {
		requireLogin(t, st, name, name)
		requireLogin(t, st, name+"@example.com", name)
	}
}

func loginNamesPerTeam(t *testing.T, b Backend) {
	openLoginNames(t, b)
	other := b.Users("acme")
	requireLoginFields(t, other, userman.LoginFields{})
	createUsers(t, other, "jane", "1001", "jane@exämple.net")
	requireLogin(t, other, "jane", "")
	require.NoError(t, other.SetLoginFields(t.Context(), allLoginFields()))
	requireLogin(t, other, "1001", "1001")
	requireLogin(t, b.Users(""), "1001", "jane")
	require.NoError(t, other.SetLoginFields(t.Context(), userman.LoginFields{}))
	requireLoginFields(t, b.Users(""), allLoginFields())
	requireLogin(t, b.Users(""), "1001", "jane")
}

func loginNamesInTransaction(t *testing.T, b Backend) {
	st := openLoginNames(t, b)
	errUndo := errors.New("undo")
	bob := newUser("bob")
	bob.Email = "bob@example.com"
	swap := func(ctx context.Context) error {
		if err := st.CreateUser(ctx, bob); err != nil {
			return err
		}
		taken := newUser("taken")
		taken.Email = bob.Email
		requireLoginNameExists(t, st.CreateUser(ctx, taken), "email")
		for _, step := range []struct{ username, email string }{{"jane", ""}, {"bob", "jane@exämple.net"}, {"jane", "bob@example.com"}} {
			if err := st.UpdateUser(ctx, idOf(step.username), func(u *userman.User) error {
				u.Email = step.email
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}
	require.ErrorIs(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(swap(ctx), st.SetLoginFields(ctx, userman.LoginFields{}), errUndo)
	}), errUndo)
	requireLoginFields(t, st, allLoginFields())
	requireLogin(t, st, "jane@exämple.net", "jane")
	requireLogin(t, st, "bob@example.com", "")
	runInTx(t, b, swap)
	requireLogin(t, st, "jane@exämple.net", "bob")
	requireLogin(t, st, "bob@example.com", "jane")
}

func concurrentLoginNames(t *testing.T, b Backend) {
	st := b.Users("")
	require.NoError(t, st.SetLoginFields(t.Context(), allLoginFields()))
	errs := make([]error, 60)
	runConcurrently(len(errs), func(i int) {
		u := newUser(nthName(i))
		if i%2 == 0 {
			u.Email = "shared@example.com"
		} else {
			u.Username = []string{"shared@example.com", "SHARED@example.com"}[i/2%2]
		}
		errs[i] = st.CreateUser(t.Context(), u)
	})
	succeeded := 0
	for _, err := range errs {
		if err == nil {
			succeeded++
			continue
		}
		require.ErrorIs(t, err, store.ErrAlreadyExists)
	}
	require.Equal(t, 1, succeeded)
}
