package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func userRules() []rule {
	return []rule{
		{"users_found", usersFound},
		{"user_not_found", userNotFound},
		{"one_time_token_found", oneTimeTokenFound},
		{"deleted_found_by_id", deletedFoundByID},
		{"user_updated", userUpdated},
		{"user_update_aborted", userUpdateAborted},
		{"id_unchanged", idUnchanged},
		{"lookup_keys_updated", lookupKeysUpdated},
		{"no_lost_user_update", noLostUserUpdate},
		{"deleted_user_leaves_nothing", deletedUserLeavesNothing},
		{"user_not_shared", userNotShared},
		{"users_counted_by_directory", usersCountedByDirectory},
	}
}

func usersFound(t *testing.T, b Backend) {
	st := b.Users("")
	want := hostileUser("José.Müller")
	want.DeletedAt = time.Time{}
	createGroups(t, st, want.Groups...)
	require.NoError(t, st.CreateUser(t.Context(), want))
	createUsers(t, st, "王小明")
	requireUser(t, st, want)
	for _, username := range []string{"José.Müller", "JOSÉ.MÜLLER", "jose\u0301.mu\u0308ller"} {
		requireFound(t, st, userman.UserLookup{Username: username}, "José.Müller")
	}
	requireFound(t, st, userman.UserLookup{Username: "王小明"}, "王小明")
	for _, key := range []userman.UserLookup{
		{DefaultExtension: want.DefaultExtension}, {Directory: want.Directory, ExternalID: want.ExternalID},
		{InvitationHash: want.Credentials.Invitation.TokenHash}, {ActivationHash: want.Activation.TokenHash},
	} {
		u, err := st.FindUser(t.Context(), key)
		require.NoError(t, err)
		requireSameUser(t, want, u)
	}
}

func userNotFound(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	for _, id := range []store.UserID{"", "jane", idOf("JANE"), idOf("jan"), idOf("jane") + " ", "%"} {
		_, err := st.User(t.Context(), id)
		requireNotFound(t, err, "user")
		requireNotFound(t, st.DeleteUser(t.Context(), id), "user")
		requireNotFound(t, st.UpdateUser(t.Context(), id, func(*userman.User) error {
			require.Fail(t, "there is nothing to change")
			return nil
		}), "user")
	}
	for _, key := range []userman.UserLookup{
		{}, {Username: "jan"}, {Username: "%"}, {DefaultExtension: "1001"}, {Directory: "", ExternalID: "1"}, {Directory: "ldap"},
		{InvitationHash: []byte{}}, {InvitationHash: []byte("unknown")}, {ActivationHash: []byte{}}, {ActivationHash: []byte("unknown")},
	} {
		requireFound(t, st, key, "")
	}
	require.Equal(t, []string{"jane"}, allUsernames(t, st))
}

func oneTimeTokenFound(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "bob", "jane")
	for name, link := range map[string]struct {
		set func(u *userman.User, l *credential.OneTimeToken)
		key func(hash []byte) userman.UserLookup
	}{
		"invitation": {
			func(u *userman.User, l *credential.OneTimeToken) { u.Credentials.Invitation = l },
			func(hash []byte) userman.UserLookup { return userman.UserLookup{InvitationHash: hash} },
		},
		"activation": {
			func(u *userman.User, l *credential.OneTimeToken) { u.Activation = l },
			func(hash []byte) userman.UserLookup { return userman.UserLookup{ActivationHash: hash} },
		},
	} {
		setToken := func(username string, l *credential.OneTimeToken) {
			updateUser(t, st, username, func(u *userman.User) { link.set(u, l) })
		}
		first, second := newOneTimeToken(name+"first", time.Unix(0, 0)), newOneTimeToken(name+"second", time.Now().Add(time.Hour))
		setToken("jane", first)
		setToken("bob", second)
		requireFound(t, st, link.key(first.TokenHash), "jane")
		requireFound(t, st, link.key(second.TokenHash), "bob")
		setToken("jane", nil)
		requireFound(t, st, link.key(first.TokenHash), "")
		setToken("bob", first)
		requireFound(t, st, link.key(first.TokenHash), "bob")
		requireFound(t, st, link.key(second.TokenHash), "")
		for _, hash := range [][]byte{first.TokenHash[:31], []byte(strings.Repeat("x", 1000)), append(first.TokenHash, 0)} {
			requireFound(t, st, link.key(hash), "")
		}
		updateUser(t, st, "bob", softDelete)
		requireFound(t, st, link.key(first.TokenHash), "")
		updateUser(t, st, "bob", func(u *userman.User) { u.DeletedAt = time.Time{} })
	}
	requireFound(t, st, userman.UserLookup{InvitationHash: newOneTimeToken("activationfirst", noon()).TokenHash}, "")
}

func deletedFoundByID(t *testing.T, b Backend) {
	st := b.Users("")
	want := hostileUser("jane")
	createGroups(t, st, want.Groups...)
	require.NoError(t, st.CreateUser(t.Context(), want))
	updateUser(t, st, "jane", func(u *userman.User) { u.DeletedAt = time.Time{} })
	requireFound(t, st, userman.UserLookup{Username: "jane"}, "jane")
	updateUser(t, st, "jane", softDelete)
	want.DeletedAt = noon()
	requireUser(t, st, want)
	for _, key := range []userman.UserLookup{
		{Username: "jane"}, {DefaultExtension: want.DefaultExtension}, {Directory: want.Directory, ExternalID: want.ExternalID},
		{InvitationHash: want.Credentials.Invitation.TokenHash}, {ActivationHash: want.Activation.TokenHash},
	} {
		requireFound(t, st, key, "")
	}
	require.Equal(t, []string{"jane"}, allUsernames(t, st))
}

func userUpdated(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob")
	want := hostileUser("jane")
	createGroups(t, st, want.Groups...)
	updateUser(t, st, "jane", func(u *userman.User) {
		requireSameUser(t, newUser("jane"), u)
		*u = *want.Clone()
	})
	requireUser(t, st, want)
	requireUser(t, st, newUser("bob"))
	want.Credentials, want.Activation = credential.Credentials{}, nil
	want.Groups, want.Permissions, want.LinkedExtensions = want.Groups[:1], nil, want.LinkedExtensions[1:]
	updateUser(t, st, "jane", func(u *userman.User) { *u = *want.Clone() })
	requireUser(t, st, want)
}

func userUpdateAborted(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	errAbort := errors.New("aborted")
	require.Same(t, errAbort, st.UpdateUser(t.Context(), idOf("jane"), func(u *userman.User) error {
		u.Disabled, u.Username = true, "other"
		return errAbort
	}))
	requireUser(t, st, newUser("jane"))
	requireFound(t, st, userman.UserLookup{Username: "other"}, "")
}

func idUnchanged(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob")
	for _, id := range []store.UserID{"", idOf("bob"), "other"} {
		updateUser(t, st, "jane", func(u *userman.User) { u.ID = id })
		requireUser(t, st, newUser("jane"))
	}
	require.Equal(t, []string{"bob", "jane"}, allUsernames(t, st))
}

func lookupKeysUpdated(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	updateUser(t, st, "jane", func(u *userman.User) {
		u.DefaultExtension, u.Directory, u.ExternalID = "1001", "ldap", "42"
	})
	updateUser(t, st, "jane", func(u *userman.User) {
		u.Username, u.DefaultExtension, u.Directory, u.ExternalID = "Doe", "1002", "scim", "43"
	})
	for key, want := range map[*userman.UserLookup]string{
		{Username: "jane"}: "", {Username: "doe"}: "Doe", {DefaultExtension: "1001"}: "", {DefaultExtension: "1002"}: "Doe",
		{Directory: "ldap", ExternalID: "42"}: "", {Directory: "ldap", ExternalID: "43"}: "", {ExternalID: "43"}: "",
		{Directory: "scim", ExternalID: "43"}: "Doe",
	} {
		requireFound(t, st, *key, want)
	}
	createUsers(t, st, "bob")
	updateUser(t, st, "bob", func(u *userman.User) {
		u.Username, u.DefaultExtension, u.Directory, u.ExternalID = "jane", "1001", "ldap", "42"
	})
	requireFound(t, st, userman.UserLookup{Username: "JANE"}, "jane")
}

func noLostUserUpdate(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	errs := make([]error, updaters)
	runConcurrently(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], st.UpdateUser(t.Context(), idOf("jane"), func(u *userman.User) error {
				u.SessionEpoch++
				return nil
			}))
		}
	})
	require.NoError(t, errors.Join(errs...))
	want := newUser("jane")
	want.SessionEpoch = updaters * updates
	requireUser(t, st, want)
}

func deletedUserLeavesNothing(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	createGroups(t, st, "Sales")
	for _, username := range []string{"jane", "bob"} {
		u := newUser(username)
		u.Groups, u.LinkedExtensions = []string{"Sales"}, []string{"2000"}
		require.NoError(t, st.CreateUser(t.Context(), u))
		require.NoError(t, tokens.CreateToken(t.Context(), newToken(username, 1)))
		require.NoError(t, st.PutPicture(t.Context(), idOf(username), []byte(username)))
	}
	require.NoError(t, st.DeleteUser(t.Context(), idOf("jane")))
	requireNotFound(t, st.DeleteUser(t.Context(), idOf("jane")), "user")
	require.Equal(t, []string{"bob"}, allUsernames(t, st))
	for _, q := range []userman.Query{{}, {Group: "Sales"}, {Extension: "2000"}, {Search: "jane"}} {
		require.Equal(t, q.Search == "", len(listUsernames(t, st, q)) == 1, "%+v", q)
	}
	members, err := st.CountMembers(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, members["Sales"])
	_, err = tokens.Token(t.Context(), newToken("jane", 1).ID)
	requireNotFound(t, err, "API token")
	_, err = st.Picture(t.Context(), idOf("jane"))
	requireNotFound(t, err, "picture")
	requirePicture(t, st, "bob", "bob")
	createUsers(t, st, "jane") // anew, with nothing of before
	requireUser(t, st, newUser("jane"))
	_, err = st.Picture(t.Context(), idOf("jane"))
	requireNotFound(t, err, "picture")
	require.Equal(t, []string{"bob"}, listUsernames(t, st, userman.Query{Group: "Sales"}))
}

func usersCountedByDirectory(t *testing.T, b Backend) {
	st := b.Users("")
	counts, err := st.CountByDirectory(t.Context())
	require.NoError(t, err)
	require.Empty(t, counts)
	for i, username := range sequentialNames(7) {
		u := newUser(username)
		u.Directory, u.ExternalID = []string{"head-office", "branch", ""}[i%3], username
		if i%3 == 2 {
			u.ExternalID = ""
		}
		require.NoError(t, st.CreateUser(t.Context(), u))
	}
	createUsers(t, b.Users("acme"), "jane")
	updateUser(t, st, nthName(0), softDelete)
	updateUser(t, st, nthName(3), func(u *userman.User) { u.Disabled = true })
	counts, err = st.CountByDirectory(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"head-office": 2, "branch": 2}, counts)
}

func userNotShared(t *testing.T, b Backend) {
	st, tokens := b.Users(""), b.Tokens("")
	want := hostileUser("jane")
	want.DeletedAt = time.Time{}
	createGroups(t, st, want.Groups...)
	given := want.Clone()
	require.NoError(t, st.CreateUser(t.Context(), given))
	mutateUser(given)
	requireUser(t, st, want)
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
	list, err := st.ListUsers(t.Context(), userman.Query{})
	require.NoError(t, err)
	found, err := st.FindUser(t.Context(), userman.UserLookup{Username: "jane"})
	require.NoError(t, err)
	owner, err := tokens.TokenWithOwner(t.Context(), newToken("jane", 1).ID)
	require.NoError(t, err)
	for _, u := range append(list.Items, found, owner.User) {
		mutateUser(u)
		requireUser(t, st, want)
	}
	require.NoError(t, st.EachUser(t.Context(), func(u *userman.User) error {
		mutateUser(u)
		return nil
	}))
	var retained *userman.User
	updateUser(t, st, "jane", func(u *userman.User) { retained = u })
	mutateUser(retained)
	requireUser(t, st, want)
}
