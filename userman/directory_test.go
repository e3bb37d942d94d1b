package userman_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestThePeopleWhoAreKeptHereAreADirectoryToo(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""))
	h.sync(t)
	h.group(t, "Sales", nil)
	kept := h.add(t, &userman.User{Username: "kept", Groups: []string{"Sales"}}, goodPassword)
	gone := h.add(t, person("gone"), goodPassword)
	require.NoError(t, h.Delete(t.Context(), gone.Username))
	require.Equal(t, []userman.Directory{d}, h.Directories())

	internal := h.InternalDirectory()
	require.Empty(t, internal.Name())
	can := internal.Abilities()
	require.True(t, can.Authenticate && can.ChangePassword && can.CreateUsers && can.UpdateUsers && can.DeleteUsers && can.Groups)
	require.False(t, can.Sync)

	var entries []userman.Entry
	require.NoError(t, internal.Each(t.Context(), func(e userman.Entry) error {
		entries = append(entries, e)
		return nil
	}))
	require.Len(t, entries, 1, "neither those of other directories nor deleted people")
	require.Equal(t, "kept", entries[0].ExternalID)
	require.Equal(t, kept, entries[0].User)
	require.Equal(t, []string{"Sales"}, entries[0].Groups)
	require.Contains(t, entries[0].Owned, "linked_extensions")
	failure := errors.New("enough")
	require.ErrorIs(t, internal.Each(t.Context(), func(userman.Entry) error { return failure }), failure)

	for _, test := range []struct {
		username, password string
		want               bool
	}{
		{"kept", goodPassword, true}, {"KEPT", goodPassword, true}, {"kept", anotherPassword, false}, {"kept", "", false},
		{"nobody", goodPassword, false}, {"", goodPassword, false}, {"jane", goodPassword, false}, {"gone", goodPassword, false},
		{strings.Repeat("x", 1<<16), goodPassword, false},
	} {
		right, err := internal.Authenticate(t.Context(), test.username, secret(test.password))
		require.NoError(t, err)
		require.Equal(t, test.want, right, test.username)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := internal.Authenticate(ended, "kept", secret(goodPassword))
	require.ErrorIs(t, err, context.Canceled)
}

func TestPeopleOfADirectoryLogInWithTheirPasswordThere(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""))
	d.right = secret("their password there")
	h.sync(t)
	login, err := h.Authenticate(t.Context(), credential.Attempt{Username: "jane", Password: d.right, Source: "192.0.2.1"})
	require.NoError(t, err)
	require.Equal(t, "jane", login.User.Username)
	require.False(t, login.User.HasPassword, "it is not copied")
	require.Equal(t, []string{"id-1"}, d.asked)

	_, err = h.Authenticate(t.Context(), credential.Attempt{Username: "jane", Password: secret("wrong"), Source: "192.0.2.1"})
	refusal, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, credential.WrongPassword, refusal.Code)
	asked := len(d.asked)
	_, err = h.Authenticate(t.Context(), credential.Attempt{Username: "jane", Source: "192.0.2.1"})
	require.EqualError(t, err, refusal.Message)
	require.Len(t, d.asked, asked, "nobody is asked for an empty password")

	d.hold()
	d.hold(entry("id-2", "other", ""))
	h.sync(t)
	_, err = h.Authenticate(t.Context(), credential.Attempt{Username: "jane", Password: d.right, Source: "192.0.2.1"})
	refusal, ok = errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, credential.AccountDisabled, refusal.Code, "who has left the directory is disabled here")
}
