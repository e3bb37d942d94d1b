package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func teamRules() []rule {
	return []rule{
		{"team_returned", teamReturned},
		{"teams_with_same_records", teamsWithSameRecords},
		{"teams_isolated", teamsIsolated},
		{"teams_in_one_transaction", teamsInOneTransaction},
	}
}

// teamNames are names that could be confused.
func teamNames() []string { return []string{"", "acme", "ACME", "acme/", "%", "'; --", "北京"} }

func teamReturned(t *testing.T, b Backend) {
	for _, team := range teamNames() {
		require.Equal(t, team, b.Users(team).Team())
		require.Equal(t, team, b.Tokens(team).Team())
	}
}

// fillTeam creates records of all kinds in a team.
func fillTeam(ctx context.Context, t *testing.T, b Backend, team string) {
	t.Helper()
	st, tokens := b.Users(team), b.Tokens(team)
	want := hostileUser("jane")
	for _, name := range want.Groups {
		require.NoError(t, st.CreateGroup(ctx, newGroup(name)))
	}
	want.DeletedAt = time.Time{}
	want.Title = "of team " + team
	require.NoError(t, st.CreateUser(ctx, want))
	require.NoError(t, tokens.CreateToken(ctx, newToken("jane", 1)))
	require.NoError(t, st.PutPicture(ctx, want.ID, []byte("of team "+team)))
}

// requireTeamFilled requires that a team has the records of fillTeam.
func requireTeamFilled(t *testing.T, b Backend, team string) {
	t.Helper()
	st, tokens := b.Users(team), b.Tokens(team)
	want := hostileUser("jane")
	want.DeletedAt = time.Time{}
	want.Title = "of team " + team
	requireUserEverywhere(t, t, st, want)
	names, _ := listGroups(t, st)
	require.Len(t, names, len(want.Groups))
	members, err := st.CountMembers(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, members[want.Groups[0]])
	requireToken(t, tokens, newToken("jane", 1))
	list, err := tokens.ListTokens(t.Context(), "", store.PageRequest{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	requirePicture(t, st, "jane", "of team "+team)
}

func teamsWithSameRecords(t *testing.T, b Backend) {
	for _, team := range teamNames() {
		fillTeam(t.Context(), t, b, team)
	}
	for _, team := range teamNames() {
		requireTeamFilled(t, b, team)
	}
}

func teamsIsolated(t *testing.T, b Backend) {
	fillTeam(t.Context(), t, b, "acme")
	for _, team := range teamNames() {
		if team == "acme" {
			continue
		}
		st, tokens, jane := b.Users(team), b.Tokens(team), hostileUser("jane")
		require.Empty(t, allUsernames(t, st))
		for _, q := range []userman.Query{{}, {Search: "jane"}, {Group: jane.Groups[0]}, {Extension: jane.DefaultExtension}, {Email: jane.Email}} {
			require.Empty(t, listUsernames(t, st, q))
		}
		for _, key := range []userman.UserLookup{
			{Username: "jane"}, {DefaultExtension: jane.DefaultExtension}, {Directory: jane.Directory, ExternalID: jane.ExternalID},
			{InvitationHash: jane.Credentials.Invitation.TokenHash}, {ActivationHash: jane.Activation.TokenHash},
		} {
			requireFound(t, st, key, "")
		}
		unchanged := func(*userman.User) error { return nil }
		requireNotFound(t, st.UpdateUser(t.Context(), jane.ID, unchanged), "user")
		requireNotFound(t, st.DeleteUser(t.Context(), jane.ID), "user")
		requireNotFound(t, st.PutPicture(t.Context(), jane.ID, nil), "user")
		requirePicture(t, st, "jane", "")
		requireNotFound(t, st.DeleteGroup(t.Context(), jane.Groups[0]), "group")
		requireNotFound(t, tokens.DeleteToken(t.Context(), newToken("jane", 1).ID), "API token")
		_, err := tokens.TokenWithOwner(t.Context(), newToken("jane", 1).ID)
		requireNotFound(t, err, "API token")
		_, err = tokens.TakeRequest(t.Context(), newToken("jane", 1).ID, noon(), 0)
		requireNotFound(t, err, "API token")
		names, revision := listGroups(t, st)
		require.Empty(t, names)
		require.Zero(t, revision)
	}
	requireTeamFilled(t, b, "acme")
}

func teamsInOneTransaction(t *testing.T, b Backend) {
	require.Panics(t, func() {
		_ = b.RunInTx(t.Context(), func(ctx context.Context) error {
			fillTeam(ctx, t, b, "acme")
			panic("undo")
		})
	})
	require.Empty(t, allUsernames(t, b.Users("acme")))
	runInTx(t, b, func(ctx context.Context) error {
		for _, team := range teamNames() {
			fillTeam(ctx, t, b, team)
		}
		return nil
	})
	requireTeamFilled(t, b, "acme")
	requireTeamFilled(t, b, "")
}
