package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// People in transactions over several resources: see writeTogether.

func preparePeople(t *testing.T, st userman.Store) {
	t.Helper()
	makeGroups(t, st, "old", "changed")
	admit(t, st, "old", "changed")
	for i := range 3 {
		require.NoError(t, st.CreateToken(t.Context(), tokenOf("changed", i)))
	}
	require.NoError(t, st.KeepPicture(t.Context(), idOf("changed"), []byte("old")))
}

func writePeople(ctx context.Context, st userman.Store) error {
	_, err := st.CountRequest(ctx, tokenOf("changed", 1).ID, noon(), 0)
	return errors.Join(
		err,
		st.DeleteGroup(ctx, "old"),
		st.CreateGroup(ctx, groupOf("new")),
		st.UpdateGroup(ctx, "changed", func(g *userman.Group) error { g.Default = true; return nil }),
		st.DeleteUser(ctx, idOf("old")),
		st.CreateUser(ctx, somebody("new")),
		st.UpdateUser(ctx, idOf("changed"), func(u *userman.User) error {
			u.DefaultExtension, u.Groups = "1001", []string{"new"}
			return nil
		}),
		st.DeleteToken(ctx, tokenOf("changed", 0).ID),
		st.CreateToken(ctx, tokenOf("new", 0)),
		st.UpdateToken(ctx, tokenOf("changed", 2).ID, func(token *userman.Token) error { token.Disabled = true; return nil }),
		st.KeepPicture(ctx, idOf("changed"), []byte("new")),
	)
}

func requirePeopleUnwritten(t *testing.T, st userman.Store) {
	t.Helper()
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"changed", "old"}, names)
	requireGroup(t, st, groupOf("changed"))
	require.Equal(t, []string{"changed", "old"}, admitted(t, st))
	requireSomebody(t, st, somebody("changed"))
	requireFound(t, st, userman.UserKey{DefaultExtension: "1001"}, "")
	require.Equal(t, []string{tokenOf("changed", 0).ID, tokenOf("changed", 1).ID, tokenOf("changed", 2).ID}, walkTokens(t, st, "", 0))
	for i := range 3 {
		requireToken(t, st, tokenOf("changed", i))
	}
	requirePicture(t, st, "changed", "old")
}

func requirePeopleWritten(t *testing.T, st userman.Store) {
	t.Helper()
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"changed", "new"}, names)
	require.Equal(t, []string{"changed", "new"}, admitted(t, st))
	changed := somebody("changed")
	changed.DefaultExtension, changed.Groups = "1001", []string{"new"}
	requireSomebody(t, st, changed)
	require.Equal(t, []string{"changed"}, listed(t, st, userman.Query{Extension: "1001", Group: "new"}))
	require.Equal(t, []string{tokenOf("new", 0).ID, tokenOf("changed", 1).ID, tokenOf("changed", 2).ID}, walkTokens(t, st, "", 0))
	counted, disabled := tokenOf("changed", 1), tokenOf("changed", 2)
	counted.HourStartedAt, counted.HourRequests, counted.LastUsedAt = noon(), 1, noon()
	disabled.Disabled = true
	requireToken(t, st, counted)
	requireToken(t, st, disabled)
	requirePicture(t, st, "changed", "new")
}

// requirePeopleEnded requires that each call stops because ctx has ended.
func requirePeopleEnded(ctx context.Context, t *testing.T, st userman.Store) {
	t.Helper()
	id, called := idOf("changed"), false
	errs := map[string]error{
		"CreateUser":  st.CreateUser(ctx, somebody("new")),
		"UpdateUser":  st.UpdateUser(ctx, id, func(*userman.User) error { called = true; return nil }),
		"DeleteUser":  st.DeleteUser(ctx, id),
		"EachUser":    st.EachUser(ctx, func(*userman.User) error { called = true; return nil }),
		"CreateGroup": st.CreateGroup(ctx, groupOf("new")),
		"UpdateGroup": st.UpdateGroup(ctx, "changed", func(*userman.Group) error { called = true; return nil }),
		"DeleteGroup": st.DeleteGroup(ctx, "old"),
		"CreateToken": st.CreateToken(ctx, tokenOf("old", 0)),
		"UpdateToken": st.UpdateToken(ctx, tokenOf("changed", 0).ID, func(*userman.Token) error { called = true; return nil }),
		"DeleteToken": st.DeleteToken(ctx, tokenOf("changed", 0).ID),
		"KeepPicture": st.KeepPicture(ctx, id, nil),
	}
	_, errs["User"] = st.User(ctx, id)
	_, errs["FindUser"] = st.FindUser(ctx, userman.UserKey{Username: "changed"})
	_, errs["FindUser of no key"] = st.FindUser(ctx, userman.UserKey{})
	_, errs["ListUsers"] = st.ListUsers(ctx, userman.Query{})
	_, errs["Group"] = st.Group(ctx, "changed")
	_, _, errs["ListGroups"] = st.ListGroups(ctx)
	_, errs["CountMembers"] = st.CountMembers(ctx)
	_, errs["Token"] = st.Token(ctx, tokenOf("changed", 0).ID)
	_, errs["Holder"] = st.Holder(ctx, tokenOf("changed", 0).ID)
	_, errs["CountRequest"] = st.CountRequest(ctx, tokenOf("changed", 0).ID, noon(), 1)
	_, errs["ListTokens"] = st.ListTokens(ctx, "", store.Page{})
	_, errs["Picture"] = st.Picture(ctx, id)
	for name, err := range errs {
		require.ErrorIs(t, err, context.Canceled, name)
	}
	require.False(t, called)
}
