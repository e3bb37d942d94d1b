package userman_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
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

func TestDirectories_Default_returnsOnlyDirectory(t *testing.T) {
	t.Parallel()
	one := &fakeDirectory{}
	found, err := userman.Directories{one}.Default()
	require.NoError(t, err)
	require.Same(t, one, found)
	_, err = userman.Directories{}.Default()
	require.Equal(t, &store.NotFoundError{Kind: userman.KindDirectory}, err)
	_, err = userman.Directories{one, testedDirectory{name: "head-office"}}.Default()
	require.Equal(t, store.NewInvalidError(store.FieldError{
		Field: "directory", Code: store.CodeRequired, Message: "there are several directories; name one",
	}), err)
}

// testedDirectory is a directory with a connection test.
type testedDirectory struct {
	userman.Directory

	name  string
	users int
	err   error
}

func (d testedDirectory) Name() string                      { return d.name }
func (d testedDirectory) Test(context.Context) (int, error) { return d.users, d.err }

func TestDirectories_Test_reportsUnreadableAndEmptyDirectories(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route to host")
	ds := userman.Directories{
		&fakeDirectory{}, testedDirectory{name: "whole", users: 1}, testedDirectory{name: "empty"}, testedDirectory{name: "broken", err: broken},
	}
	require.NoError(t, ds.Test(t.Context(), branchDirectory), "it has no test")
	require.NoError(t, ds.Test(t.Context(), "whole"))
	require.ErrorIs(t, ds.Test(t.Context(), "elsewhere"), store.ErrNotFound)
	for name, cause := range map[string]error{"empty": userman.ErrNoUsers, "broken": broken} {
		err := ds.Test(t.Context(), name)
		failure, ok := errors.AsType[*userman.DirectoryError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, &userman.DirectoryError{Directory: name, Err: cause}, failure)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, ds.Test(ended, "broken"), "this is no failure of the directory")
}

func TestDirectories_Preview_returnsFirstEntries(t *testing.T) {
	t.Parallel()
	d := &fakeDirectory{}
	d.setEntries(newEntry("id-1", "jane", ""), newEntry("id-2", "joan", ""), newEntry("id-3", "june", ""))
	ds := userman.Directories{d}
	for n, want := range map[int]int{2: 2, 3: 3, 10: 3} {
		entries, err := ds.Preview(t.Context(), branchDirectory, n)
		require.NoError(t, err)
		require.Len(t, entries, want)
		require.Equal(t, "jane", entries[0].User.Username)
	}
	_, err := ds.Preview(t.Context(), "elsewhere", 2)
	require.ErrorIs(t, err, store.ErrNotFound)
	d.eachErr = errors.New("no route to host")
	_, err = ds.Preview(t.Context(), branchDirectory, 10)
	require.ErrorAs(t, err, new(*userman.DirectoryError))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ds.Preview(ended, branchDirectory, 10)
	require.Equal(t, context.Canceled, err)
}

func TestService_CountByDirectory_countsUsersInDirectories(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "joan", ""), newEntry("id-3", "june", ""))
	h.createUser(t, newUser("local"), "")
	h.sync(t)
	h.deleteUser(t, "june")
	counts, err := h.CountByDirectory(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{d.Name(): 2}, counts)
	limited := h.scoped(func(context.Context) (scope.Scope, error) { return scope.Scope{}, nil })
	_, err = limited.CountByDirectory(t.Context())
	require.ErrorIs(t, err, store.ErrForbidden)
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
