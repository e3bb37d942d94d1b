package userman_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestService_InternalDirectory_listsLocalUsers(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""))
	h.sync(t)
	h.createGroup(t, "Sales", nil)
	local := h.createUser(t, &userman.User{Username: "kept", Groups: []string{"Sales"}}, goodPassword)
	deleted := h.createUser(t, newUser("gone"), goodPassword)
	require.NoError(t, h.Delete(t.Context(), deleted.Username))
	require.Equal(t, []userman.Directory{d}, h.Directories())

	internal := h.InternalDirectory()
	require.Empty(t, internal.Name())
	caps := internal.Capabilities()
	require.True(t, caps.Authenticate && caps.ChangePassword && caps.CreateUsers && caps.UpdateUsers && caps.DeleteUsers && caps.Groups)
	require.False(t, caps.Sync)

	var entries []userman.DirectoryEntry
	require.NoError(t, internal.Each(t.Context(), func(e userman.DirectoryEntry) error {
		entries = append(entries, e)
		return nil
	}))
	require.Len(t, entries, 1, "neither those of other directories nor deleted people")
	require.Equal(t, "kept", entries[0].ExternalID)
	require.Equal(t, local, entries[0].User)
	require.Equal(t, []string{"Sales"}, entries[0].Groups)
	require.Contains(t, entries[0].ManagedFields, "linked_extensions")
	failure := errors.New("enough")
	require.ErrorIs(t, internal.Each(t.Context(), func(userman.DirectoryEntry) error { return failure }), failure)

	for _, test := range []struct {
		username, password string
		want               bool
	}{
		{"kept", goodPassword, true}, {"KEPT", goodPassword, true}, {"kept", anotherPassword, false}, {"kept", "", false},
		{"nobody", goodPassword, false}, {"", goodPassword, false}, {"jane", goodPassword, false}, {"gone", goodPassword, false},
		{strings.Repeat("x", 1<<16), goodPassword, false},
	} {
		ok, err := internal.Authenticate(t.Context(), test.username, secret(test.password))
		require.NoError(t, err)
		require.Equal(t, test.want, ok, test.username)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := internal.Authenticate(ended, "kept", secret(goodPassword))
	require.ErrorIs(t, err, context.Canceled)
}

func TestService_Authenticate_usesPasswordOfSyncedDirectory(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""))
	d.password = secret("their password there")
	h.sync(t)
	login, err := h.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: d.password, RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	require.NoError(t, err)
	require.Equal(t, "jane", login.User.Username)
	require.False(t, login.User.HasPassword, "it is not copied")
	require.Equal(t, []string{"id-1"}, d.authCalls)

	_, err = h.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: secret("wrong"), RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	loginErr, ok := errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, credential.InvalidCredentials, loginErr.Code)
	asked := len(d.authCalls)
	_, err = h.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	require.EqualError(t, err, loginErr.Message)
	require.Len(t, d.authCalls, asked, "nobody is asked for an empty password")

	d.setEntries()
	d.setEntries(newEntry("id-2", "other", ""))
	h.sync(t)
	_, err = h.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: d.password, RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	loginErr, ok = errors.AsType[*credential.LoginError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, credential.AccountDisabled, loginErr.Code, "who has left the directory is disabled here")
}
