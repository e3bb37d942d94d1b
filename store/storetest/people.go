package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func people() []rule {
	return []rule{
		{"people are found by ID and by each key", peopleFound},
		{"an unknown person is not found", noSuchPerson},
		{"a link finds its person, expired or not", linkFound},
		{"a deleted person is found by ID only", deletedFoundByID},
		{"an update of a person writes what changed", personUpdated},
		{"an update that is given up writes nothing", personUpdateGivenUp},
		{"an update keeps the ID", idKept},
		{"an update finds the person by new keys, and no more by old ones", keysFollow},
		{"updates of a person at once lose none", noLostPersonUpdate},
		{"whoever is removed leaves nothing", removedLeavesNothing},
		{"a person who goes in and out is not shared", personNotShared},
	}
}

func peopleFound(t *testing.T, b Backend) {
	st := b.People("")
	want := hostileUser("José.Müller")
	want.DeletedAt = time.Time{}
	makeGroups(t, st, want.Groups...)
	require.NoError(t, st.CreateUser(t.Context(), want))
	admit(t, st, "王小明")
	requireSomebody(t, st, want)
	for _, username := range []string{"José.Müller", "JOSÉ.MÜLLER", "jose\u0301.mu\u0308ller"} {
		requireFound(t, st, userman.UserKey{Username: username}, "José.Müller")
	}
	requireFound(t, st, userman.UserKey{Username: "王小明"}, "王小明")
	for _, key := range []userman.UserKey{
		{DefaultExtension: want.DefaultExtension}, {Directory: want.Directory, ExternalID: want.ExternalID},
		{InvitationHash: want.Credentials.Invitation.TokenHash}, {ActivationHash: want.Activation.TokenHash},
	} {
		u, err := st.FindUser(t.Context(), key)
		require.NoError(t, err)
		requireSameUser(t, want, u)
	}
}

func noSuchPerson(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	for _, id := range []string{"", "jane", idOf("JANE"), idOf("jan"), idOf("jane") + " ", "%"} {
		_, err := st.User(t.Context(), id)
		requireMissing(t, err, "person")
		requireMissing(t, st.DeleteUser(t.Context(), id), "person")
		requireMissing(t, st.UpdateUser(t.Context(), id, func(*userman.User) error {
			require.Fail(t, "there is nothing to change")
			return nil
		}), "person")
	}
	for _, key := range []userman.UserKey{
		{}, {Username: "jan"}, {Username: "%"}, {DefaultExtension: "1001"}, {Directory: "", ExternalID: "1"}, {Directory: "ldap"},
		{InvitationHash: []byte{}}, {InvitationHash: []byte("unknown")}, {ActivationHash: []byte{}}, {ActivationHash: []byte("unknown")},
	} {
		requireFound(t, st, key, "")
	}
	require.Equal(t, []string{"jane"}, admitted(t, st))
}

func linkFound(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "bob", "jane")
	for name, link := range map[string]struct {
		set func(u *userman.User, l *credential.Link)
		key func(hash []byte) userman.UserKey
	}{
		"invitation": {
			func(u *userman.User, l *credential.Link) { u.Credentials.Invitation = l },
			func(hash []byte) userman.UserKey { return userman.UserKey{InvitationHash: hash} },
		},
		"activation": {
			func(u *userman.User, l *credential.Link) { u.Activation = l },
			func(hash []byte) userman.UserKey { return userman.UserKey{ActivationHash: hash} },
		},
	} {
		give := func(username string, l *credential.Link) {
			amend(t, st, username, func(u *userman.User) { link.set(u, l) })
		}
		first, second := linked(name+"first", time.Unix(0, 0)), linked(name+"second", time.Now().Add(time.Hour))
		give("jane", first)
		give("bob", second)
		requireFound(t, st, link.key(first.TokenHash), "jane")
		requireFound(t, st, link.key(second.TokenHash), "bob")
		give("jane", nil)
		requireFound(t, st, link.key(first.TokenHash), "")
		give("bob", first)
		requireFound(t, st, link.key(first.TokenHash), "bob")
		requireFound(t, st, link.key(second.TokenHash), "")
		for _, hash := range [][]byte{first.TokenHash[:31], []byte(strings.Repeat("x", 1000)), append(first.TokenHash, 0)} {
			requireFound(t, st, link.key(hash), "")
		}
		amend(t, st, "bob", setAside)
		requireFound(t, st, link.key(first.TokenHash), "")
		amend(t, st, "bob", func(u *userman.User) { u.DeletedAt = time.Time{} })
	}
	requireFound(t, st, userman.UserKey{InvitationHash: linked("activationfirst", noon()).TokenHash}, "")
}

func deletedFoundByID(t *testing.T, b Backend) {
	st := b.People("")
	want := hostileUser("jane")
	makeGroups(t, st, want.Groups...)
	require.NoError(t, st.CreateUser(t.Context(), want))
	amend(t, st, "jane", func(u *userman.User) { u.DeletedAt = time.Time{} })
	requireFound(t, st, userman.UserKey{Username: "jane"}, "jane")
	amend(t, st, "jane", setAside)
	want.DeletedAt = noon()
	requireSomebody(t, st, want)
	for _, key := range []userman.UserKey{
		{Username: "jane"}, {DefaultExtension: want.DefaultExtension}, {Directory: want.Directory, ExternalID: want.ExternalID},
		{InvitationHash: want.Credentials.Invitation.TokenHash}, {ActivationHash: want.Activation.TokenHash},
	} {
		requireFound(t, st, key, "")
	}
	require.Equal(t, []string{"jane"}, admitted(t, st))
}

func personUpdated(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob")
	want := hostileUser("jane")
	makeGroups(t, st, want.Groups...)
	amend(t, st, "jane", func(u *userman.User) {
		requireSameUser(t, somebody("jane"), u)
		*u = *want.Clone()
	})
	requireSomebody(t, st, want)
	requireSomebody(t, st, somebody("bob"))
	want.Credentials, want.Activation = credential.Set{}, nil
	want.Groups, want.Permissions, want.LinkedExtensions = want.Groups[:1], nil, want.LinkedExtensions[1:]
	amend(t, st, "jane", func(u *userman.User) { *u = *want.Clone() })
	requireSomebody(t, st, want)
}

func personUpdateGivenUp(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	refusal := errors.New("refused")
	require.Same(t, refusal, st.UpdateUser(t.Context(), idOf("jane"), func(u *userman.User) error {
		u.Disabled, u.Username = true, "other"
		return refusal
	}))
	requireSomebody(t, st, somebody("jane"))
	requireFound(t, st, userman.UserKey{Username: "other"}, "")
}

func idKept(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane", "bob")
	for _, id := range []string{"", idOf("bob"), "other"} {
		amend(t, st, "jane", func(u *userman.User) { u.ID = id })
		requireSomebody(t, st, somebody("jane"))
	}
	require.Equal(t, []string{"bob", "jane"}, admitted(t, st))
}

func keysFollow(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	amend(t, st, "jane", func(u *userman.User) {
		u.DefaultExtension, u.Directory, u.ExternalID = "1001", "ldap", "42"
	})
	amend(t, st, "jane", func(u *userman.User) {
		u.Username, u.DefaultExtension, u.Directory, u.ExternalID = "Doe", "1002", "scim", "43"
	})
	for key, want := range map[*userman.UserKey]string{
		{Username: "jane"}: "", {Username: "doe"}: "Doe", {DefaultExtension: "1001"}: "", {DefaultExtension: "1002"}: "Doe",
		{Directory: "ldap", ExternalID: "42"}: "", {Directory: "ldap", ExternalID: "43"}: "", {ExternalID: "43"}: "",
		{Directory: "scim", ExternalID: "43"}: "Doe",
	} {
		requireFound(t, st, *key, want)
	}
	admit(t, st, "bob")
	amend(t, st, "bob", func(u *userman.User) {
		u.Username, u.DefaultExtension, u.Directory, u.ExternalID = "jane", "1001", "ldap", "42"
	})
	requireFound(t, st, userman.UserKey{Username: "JANE"}, "jane")
}

func noLostPersonUpdate(t *testing.T, b Backend) {
	st := b.People("")
	admit(t, st, "jane")
	errs := make([]error, updaters)
	atOnce(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], st.UpdateUser(t.Context(), idOf("jane"), func(u *userman.User) error {
				u.SessionGeneration++
				return nil
			}))
		}
	})
	require.NoError(t, errors.Join(errs...))
	want := somebody("jane")
	want.SessionGeneration = updaters * updates
	requireSomebody(t, st, want)
}

func removedLeavesNothing(t *testing.T, b Backend) {
	st := b.People("")
	makeGroups(t, st, "Sales")
	for _, username := range []string{"jane", "bob"} {
		u := somebody(username)
		u.Groups, u.LinkedExtensions = []string{"Sales"}, []string{"2000"}
		require.NoError(t, st.CreateUser(t.Context(), u))
		require.NoError(t, st.CreateToken(t.Context(), tokenOf(username, 1)))
		require.NoError(t, st.KeepPicture(t.Context(), idOf(username), []byte(username)))
	}
	require.NoError(t, st.DeleteUser(t.Context(), idOf("jane")))
	requireMissing(t, st.DeleteUser(t.Context(), idOf("jane")), "person")
	require.Equal(t, []string{"bob"}, admitted(t, st))
	for _, q := range []userman.Query{{}, {Group: "Sales"}, {Extension: "2000"}, {Search: "jane"}} {
		require.Equal(t, q.Search == "", len(listed(t, st, q)) == 1, "%+v", q)
	}
	members, err := st.CountMembers(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, members["Sales"])
	_, err = st.Token(t.Context(), tokenOf("jane", 1).ID)
	requireMissing(t, err, "API token")
	_, err = st.Picture(t.Context(), idOf("jane"))
	requireMissing(t, err, "picture")
	requirePicture(t, st, "bob", "bob")
	admit(t, st, "jane") // anew, with nothing of before
	requireSomebody(t, st, somebody("jane"))
	_, err = st.Picture(t.Context(), idOf("jane"))
	requireMissing(t, err, "picture")
	require.Equal(t, []string{"bob"}, listed(t, st, userman.Query{Group: "Sales"}))
}

func personNotShared(t *testing.T, b Backend) {
	st := b.People("")
	want := hostileUser("jane")
	want.DeletedAt = time.Time{}
	makeGroups(t, st, want.Groups...)
	given := want.Clone()
	require.NoError(t, st.CreateUser(t.Context(), given))
	spoilUser(given)
	requireSomebody(t, st, want)
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
	list, err := st.ListUsers(t.Context(), userman.Query{})
	require.NoError(t, err)
	found, err := st.FindUser(t.Context(), userman.UserKey{Username: "jane"})
	require.NoError(t, err)
	holder, err := st.Holder(t.Context(), tokenOf("jane", 1).ID)
	require.NoError(t, err)
	for _, u := range append(list.Items, found, holder.User) {
		spoilUser(u)
		requireSomebody(t, st, want)
	}
	require.NoError(t, st.EachUser(t.Context(), func(u *userman.User) error {
		spoilUser(u)
		return nil
	}))
	var kept *userman.User
	amend(t, st, "jane", func(u *userman.User) { kept = u })
	spoilUser(kept)
	requireSomebody(t, st, want)
}
