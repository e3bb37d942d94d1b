package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// People in transactions over several resources: see writeAllStores.

func prepareUsers(t *testing.T, st userman.Store) {
	t.Helper()
	createGroups(t, st, "old", "changed")
	createUsers(t, st, "old", "changed")
	for i := range 3 {
		require.NoError(t, st.CreateToken(t.Context(), newToken("changed", i)))
	}
	require.NoError(t, st.PutPicture(t.Context(), idOf("changed"), []byte("old")))
}

func writeUsers(ctx context.Context, st userman.Store) error {
	_, err := st.TakeRequest(ctx, newToken("changed", 1).ID, noon(), 0)
	return errors.Join(
		err,
		st.DeleteGroup(ctx, "old"),
		st.CreateGroup(ctx, newGroup("new")),
		st.UpdateGroup(ctx, "changed", func(g *userman.Group) error { g.Default = true; return nil }),
		st.DeleteUser(ctx, idOf("old")),
		st.CreateUser(ctx, newUser("new")),
		st.UpdateUser(ctx, idOf("changed"), func(u *userman.User) error {
			u.DefaultExtension, u.Groups = "1001", []string{"new"}
			return nil
		}),
		st.DeleteToken(ctx, newToken("changed", 0).ID),
		st.CreateToken(ctx, newToken("new", 0)),
		st.UpdateToken(ctx, newToken("changed", 2).ID, func(token *userman.Token) error { token.Disabled = true; return nil }),
		st.PutPicture(ctx, idOf("changed"), []byte("new")),
	)
}

func requireUsersUnchanged(t *testing.T, st userman.Store) {
	t.Helper()
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"changed", "old"}, names)
	requireGroup(t, st, newGroup("changed"))
	require.Equal(t, []string{"changed", "old"}, allUsernames(t, st))
	requireUser(t, st, newUser("changed"))
	requireFound(t, st, userman.UserLookup{DefaultExtension: "1001"}, "")
	require.Equal(t, []string{newToken("changed", 0).ID, newToken("changed", 1).ID, newToken("changed", 2).ID}, readTokenPages(t, st, "", 0))
	for i := range 3 {
		requireToken(t, st, newToken("changed", i))
	}
	requirePicture(t, st, "changed", "old")
}

func requireUsersWritten(t *testing.T, st userman.Store) {
	t.Helper()
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"changed", "new"}, names)
	require.Equal(t, []string{"changed", "new"}, allUsernames(t, st))
	changed := newUser("changed")
	changed.DefaultExtension, changed.Groups = "1001", []string{"new"}
	requireUser(t, st, changed)
	require.Equal(t, []string{"changed"}, listUsernames(t, st, userman.Query{Extension: "1001", Group: "new"}))
	require.Equal(t, []string{newToken("new", 0).ID, newToken("changed", 1).ID, newToken("changed", 2).ID}, readTokenPages(t, st, "", 0))
	counted, disabled := newToken("changed", 1), newToken("changed", 2)
	counted.HourStartedAt, counted.HourRequests, counted.LastUsedAt = noon(), 1, noon()
	disabled.Disabled = true
	requireToken(t, st, counted)
	requireToken(t, st, disabled)
	requirePicture(t, st, "changed", "new")
}

// requireUserCallsCanceled requires that each call stops because ctx has ended.
func requireUserCallsCanceled(ctx context.Context, t *testing.T, st userman.Store) {
	t.Helper()
	id, called := idOf("changed"), false
	errs := map[string]error{
		"CreateUser":  st.CreateUser(ctx, newUser("new")),
		"UpdateUser":  st.UpdateUser(ctx, id, func(*userman.User) error { called = true; return nil }),
		"DeleteUser":  st.DeleteUser(ctx, id),
		"EachUser":    st.EachUser(ctx, func(*userman.User) error { called = true; return nil }),
		"CreateGroup": st.CreateGroup(ctx, newGroup("new")),
		"UpdateGroup": st.UpdateGroup(ctx, "changed", func(*userman.Group) error { called = true; return nil }),
		"DeleteGroup": st.DeleteGroup(ctx, "old"),
		"CreateToken": st.CreateToken(ctx, newToken("old", 0)),
		"UpdateToken": st.UpdateToken(ctx, newToken("changed", 0).ID, func(*userman.Token) error { called = true; return nil }),
		"DeleteToken": st.DeleteToken(ctx, newToken("changed", 0).ID),
		"KeepPicture": st.PutPicture(ctx, id, nil),
	}
	_, errs["User"] = st.User(ctx, id)
	_, errs["FindUser"] = st.FindUser(ctx, userman.UserLookup{Username: "changed"})
	_, errs["FindUser of no key"] = st.FindUser(ctx, userman.UserLookup{})
	_, errs["ListUsers"] = st.ListUsers(ctx, userman.Query{})
	_, errs["Group"] = st.Group(ctx, "changed")
	_, _, errs["ListGroups"] = st.ListGroups(ctx)
	_, errs["GroupsRevision"] = st.GroupsRevision(ctx)
	_, errs["CountMembers"] = st.CountMembers(ctx)
	_, errs["Token"] = st.Token(ctx, newToken("changed", 0).ID)
	_, errs["Holder"] = st.TokenWithOwner(ctx, newToken("changed", 0).ID)
	_, errs["CountRequest"] = st.TakeRequest(ctx, newToken("changed", 0).ID, noon(), 1)
	_, errs["ListTokens"] = st.ListTokens(ctx, "", store.PageRequest{})
	_, errs["Picture"] = st.Picture(ctx, id)
	for name, err := range errs {
		require.ErrorIs(t, err, context.Canceled, name)
	}
	require.False(t, called)
}
