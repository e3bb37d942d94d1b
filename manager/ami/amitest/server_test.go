package amitest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func login(name, secret string) *ami.Options {
	return &ami.Options{Username: name, Secret: store.NewSecret(secret), NoReconnect: true, Events: "on"}
}

func TestServer_Handle_requiresClass(t *testing.T) {
	t.Parallel()
	server := amitest.NewServer(&amitest.Options{Accounts: []amitest.Account{
		{Name: "all", Secret: "a"},
		{Name: "some", Secret: "b", Write: []string{"call", "config"}},
		{Name: "none", Secret: "c", Write: []string{}},
	}})
	defer server.Close()
	for name, c := range map[string]struct {
		secret          string
		reload, command bool
	}{"all": {"a", true, true}, "some": {"b", true, false}, "none": {"c", false, false}} {
		client, err := ami.Dial(t.Context(), server.Addr(), login(name, c.secret))
		require.NoError(t, err)
		_, err = client.Do(t.Context(), ami.Action{Name: "Ping"})
		require.NoError(t, err)
		err = client.Reload(t.Context(), "manager")
		require.Equal(t, c.reload, err == nil, name)
		_, err = client.Command(t.Context(), "x")
		require.Equal(t, !c.command, errors.Is(err, ami.ErrPermission), name)
		require.NoError(t, client.Close())
	}
}

func TestServer_Start_reusesAddress(t *testing.T) {
	t.Parallel()
	server := amitest.NewServer(nil)
	defer server.Close()
	client, err := ami.Dial(t.Context(), server.Addr(), login("test", "secret"))
	require.NoError(t, err)
	require.Equal(t, []string{"test"}, server.Sessions())
	server.Stop()
	<-client.Done()
	require.Empty(t, server.Sessions())
	_, err = ami.CheckLogin(t.Context(), server.Addr(), login("test", "secret"))
	require.ErrorIs(t, err, ami.ErrUnreachable)
	server.Start()
	_, err = ami.CheckLogin(t.Context(), server.Addr(), login("test", "secret"))
	require.NoError(t, err)
}

func TestServer_SetAccounts_affectsNextLogin(t *testing.T) {
	t.Parallel()
	server := amitest.NewServer(nil)
	defer server.Close()
	client, err := ami.Dial(t.Context(), server.Addr(), login("test", "secret"))
	require.NoError(t, err)
	server.SetAccounts(amitest.Account{Name: "other", Secret: "secret"})
	_, err = client.Do(t.Context(), ami.Action{Name: "Ping"})
	require.NoError(t, err)
	require.NoError(t, client.Close())
	_, err = ami.CheckLogin(t.Context(), server.Addr(), login("test", "secret"))
	require.ErrorIs(t, err, ami.ErrAuthentication)
}

func ExampleNewServer() {
	server := amitest.NewServer(&amitest.Options{
		Accounts: []amitest.Account{{Name: "crm", Secret: "for-tests-only", Write: []string{"originate"}}},
	})
	defer server.Close()
	server.Handle("Originate", func(c *amitest.Conn, r *amitest.Request) {
		c.Fail(r, "Extension does not exist.")
	}, "originate")

	ctx := context.Background()
	client, err := ami.Dial(ctx, server.Addr(), &ami.Options{Username: "crm", Secret: store.NewSecret("for-tests-only")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	_, err = client.Do(ctx, ami.Action{Name: "Originate"})
	fmt.Println(err)
	// Output: ami: Asterisk rejected action Originate: Extension does not exist.
}
