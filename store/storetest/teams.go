package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func teams() []rule {
	return []rule{
		{"a store says which team it belongs to", teamTold},
		{"teams may have the same people, groups and tokens", teamsAlike},
		{"what is another team's is never shown or changed", teamsApart},
		{"a transaction may write to several teams", teamsTogether},
	}
}

// someTeams are names that must not meet.
func someTeams() []string { return []string{"", "acme", "ACME", "acme/", "%", "'; --", "北京"} }

func teamTold(t *testing.T, b Backend) {
	for _, team := range someTeams() {
		require.Equal(t, team, b.People(team).Team())
	}
}

// settle gives a team all that there is.
func settle(ctx context.Context, t *testing.T, st userman.Store) {
	t.Helper()
	want := hostileUser("jane")
	for _, name := range want.Groups {
		require.NoError(t, st.CreateGroup(ctx, groupOf(name)))
	}
	want.DeletedAt = time.Time{}
	want.Title = "of team " + st.Team()
	require.NoError(t, st.CreateUser(ctx, want))
	require.NoError(t, st.CreateToken(ctx, tokenOf("jane", 1)))
	require.NoError(t, st.KeepPicture(ctx, want.ID, []byte("of team "+st.Team())))
}

// requireSettled requires that a team has what settle gave it.
func requireSettled(t *testing.T, st userman.Store) {
	t.Helper()
	want := hostileUser("jane")
	want.DeletedAt = time.Time{}
	want.Title = "of team " + st.Team()
	requireUserEverywhere(t, t, st, want)
	names, _ := listGroups(t, st)
	require.Len(t, names, len(want.Groups))
	members, err := st.CountMembers(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, members[want.Groups[0]])
	requireToken(t, st, tokenOf("jane", 1))
	list, err := st.ListTokens(t.Context(), "", store.Page{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	requirePicture(t, st, "jane", "of team "+st.Team())
}

func teamsAlike(t *testing.T, b Backend) {
	for _, team := range someTeams() {
		settle(t.Context(), t, b.People(team))
	}
	for _, team := range someTeams() {
		requireSettled(t, b.People(team))
	}
}

func teamsApart(t *testing.T, b Backend) {
	settle(t.Context(), t, b.People("acme"))
	for _, team := range someTeams() {
		if team == "acme" {
			continue
		}
		st, jane := b.People(team), hostileUser("jane")
		require.Empty(t, admitted(t, st))
		for _, q := range []userman.Query{{}, {Search: "jane"}, {Group: jane.Groups[0]}, {Extension: jane.DefaultExtension}, {Email: jane.Email}} {
			require.Empty(t, listed(t, st, q))
		}
		for _, key := range []userman.UserKey{
			{Username: "jane"}, {DefaultExtension: jane.DefaultExtension}, {Directory: jane.Directory, ExternalID: jane.ExternalID},
			{InvitationHash: jane.Credentials.Invitation.TokenHash}, {ActivationHash: jane.Activation.TokenHash},
		} {
			requireFound(t, st, key, "")
		}
		unchanged := func(*userman.User) error { return nil }
		requireMissing(t, st.UpdateUser(t.Context(), jane.ID, unchanged), "person")
		requireMissing(t, st.DeleteUser(t.Context(), jane.ID), "person")
		requireMissing(t, st.KeepPicture(t.Context(), jane.ID, nil), "person")
		requirePicture(t, st, "jane", "")
		requireMissing(t, st.DeleteGroup(t.Context(), jane.Groups[0]), "group")
		requireMissing(t, st.DeleteToken(t.Context(), tokenOf("jane", 1).ID), "API token")
		_, err := st.Holder(t.Context(), tokenOf("jane", 1).ID)
		requireMissing(t, err, "API token")
		_, err = st.CountRequest(t.Context(), tokenOf("jane", 1).ID, noon(), 0)
		requireMissing(t, err, "API token")
		names, revision := listGroups(t, st)
		require.Empty(t, names)
		require.Zero(t, revision)
	}
	requireSettled(t, b.People("acme"))
}

func teamsTogether(t *testing.T, b Backend) {
	require.Panics(t, func() {
		_ = b.Atomically(t.Context(), func(ctx context.Context) error {
			settle(ctx, t, b.People("acme"))
			panic("undo")
		})
	})
	require.Empty(t, admitted(t, b.People("acme")))
	inTransaction(t, b, func(ctx context.Context) error {
		for _, team := range someTeams() {
			settle(ctx, t, b.People(team))
		}
		return nil
	})
	requireSettled(t, b.People("acme"))
	requireSettled(t, b.People(""))
}
