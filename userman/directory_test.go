package userman_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestService_Directories_returnsThoseOfOptions(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""))
	require.Equal(t, userman.Directories{d}, h.Directories())
	found, err := h.Directories().Get(d.Name())
	require.NoError(t, err)
	require.Equal(t, d, found)
	_, err = h.Directories().Get("elsewhere")
	require.ErrorIs(t, err, store.ErrNotFound)
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
