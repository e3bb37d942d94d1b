package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Users in transactions over several resources: see writeAllStores.

func prepareUsers(t *testing.T, st userman.Store, tokens apitoken.Store) {
	t.Helper()
	createGroups(t, st, "old", "changed")
	createUsers(t, st, "old", "changed")
	for i := range 3 {
		require.NoError(t, tokens.CreateToken(t.Context(), newToken("changed", i)))
	}
	require.NoError(t, st.PutPicture(t.Context(), idOf("changed"), []byte("old")))
	require.NoError(t, st.PutMail(t.Context(), newMail("changed", usermail.Welcome)))
}

func writeUsers(ctx context.Context, st userman.Store, tokens apitoken.Store) error {
	_, err := tokens.TakeRequest(ctx, newToken("changed", 1).ID, noon(), 0)
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
		tokens.DeleteToken(ctx, newToken("changed", 0).ID),
		tokens.CreateToken(ctx, newToken("new", 0)),
		tokens.UpdateToken(ctx, newToken("changed", 2).ID, func(token *apitoken.Token) error { token.Disabled = true; return nil }),
		st.PutPicture(ctx, idOf("changed"), []byte("new")),
		st.DeleteMail(ctx, idOf("changed"), usermail.Welcome),
		st.PutMail(ctx, newMail("changed", usermail.Reset)),
	)
}

func requireUsersUnchanged(t *testing.T, st userman.Store, tokens apitoken.Store) {
	t.Helper()
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"changed", "old"}, names)
	requireGroup(t, st, newGroup("changed"))
	require.Equal(t, []string{"changed", "old"}, allUsernames(t, st))
	requireUser(t, st, newUser("changed"))
	requireFound(t, st, userman.UserLookup{DefaultExtension: "1001"}, "")
	require.Equal(t, []apitoken.ID{newToken("changed", 0).ID, newToken("changed", 1).ID, newToken("changed", 2).ID}, readTokenPages(t, tokens, "", 0))
	for i := range 3 {
		requireToken(t, tokens, newToken("changed", i))
	}
	requirePicture(t, st, "changed", "old")
	requireMails(t, st, "changed", newMail("changed", usermail.Welcome))
}

func requireUsersWritten(t *testing.T, st userman.Store, tokens apitoken.Store) {
	t.Helper()
	names, _ := listGroups(t, st)
	require.Equal(t, []string{"changed", "new"}, names)
	require.Equal(t, []string{"changed", "new"}, allUsernames(t, st))
	changed := newUser("changed")
	changed.DefaultExtension, changed.Groups = "1001", []string{"new"}
	requireUser(t, st, changed)
	require.Equal(t, []string{"changed"}, listUsernames(t, st, userman.Query{Extension: "1001", Group: "new"}))
	require.Equal(t, []apitoken.ID{newToken("new", 0).ID, newToken("changed", 1).ID, newToken("changed", 2).ID}, readTokenPages(t, tokens, "", 0))
	counted, disabled := newToken("changed", 1), newToken("changed", 2)
	counted.HourStartedAt, counted.HourRequests, counted.LastUsedAt = noon(), 1, noon()
	disabled.Disabled = true
	requireToken(t, tokens, counted)
	requireToken(t, tokens, disabled)
	requirePicture(t, st, "changed", "new")
	requireMails(t, st, "changed", newMail("changed", usermail.Reset))
}

// requireUserCallsCanceled requires that each call stops because ctx has ended.
func requireUserCallsCanceled(ctx context.Context, t *testing.T, st userman.Store, tokens apitoken.Store) {
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
		"CreateToken": tokens.CreateToken(ctx, newToken("old", 0)),
		"UpdateToken": tokens.UpdateToken(ctx, newToken("changed", 0).ID, func(*apitoken.Token) error { called = true; return nil }),
		"DeleteToken": tokens.DeleteToken(ctx, newToken("changed", 0).ID),
		"KeepPicture": st.PutPicture(ctx, id, nil),
		"PutMail":     st.PutMail(ctx, newMail("changed", usermail.Reset)),
		"DeleteMail":  st.DeleteMail(ctx, id, usermail.Welcome),
	}
	_, errs["User"] = st.User(ctx, id)
	_, errs["FindUser"] = st.FindUser(ctx, userman.UserLookup{Username: "changed"})
	_, errs["FindUser of no key"] = st.FindUser(ctx, userman.UserLookup{})
	_, errs["LoginFields"] = st.LoginFields(ctx)
	errs["SetLoginFields"] = st.SetLoginFields(ctx, userman.LoginFields{Email: true})
	_, errs["ListUsers"] = st.ListUsers(ctx, userman.Query{})
	_, errs["CountByDirectory"] = st.CountByDirectory(ctx)
	_, errs["Group"] = st.Group(ctx, "changed")
	_, _, errs["ListGroups"] = st.ListGroups(ctx)
	_, errs["GroupsRevision"] = st.GroupsRevision(ctx)
	_, errs["CountMembers"] = st.CountMembers(ctx)
	_, errs["Token"] = tokens.Token(ctx, newToken("changed", 0).ID)
	_, errs["Holder"] = tokens.TokenWithOwner(ctx, newToken("changed", 0).ID)
	_, errs["CountRequest"] = tokens.TakeRequest(ctx, newToken("changed", 0).ID, noon(), 1)
	_, errs["ListTokens"] = tokens.ListTokens(ctx, "", store.PageRequest{})
	_, errs["Picture"] = st.Picture(ctx, id)
	_, errs["Mails"] = st.Mails(ctx, id)
	_, errs["NextMail"] = st.NextMail(ctx)
	for name, err := range errs {
		require.ErrorIs(t, err, context.Canceled, name)
	}
	require.False(t, called)
}
