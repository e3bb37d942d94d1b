package ami_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
)

func TestClient_reconnectsAfterRestart(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Stop()
	waiting := make(chan error, 1)
	ctx := testContext(t)
	go func() { waiting <- pingUntilConnected(ctx, client) }()
	server.Start()
	require.NoError(t, receive(t, waiting), "an action waits for the connection")
	require.NoError(t, client.Err())
}

func TestClient_Do_honorsContextWhileDisconnected(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Stop()
	defer server.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := pingUntilConnected(ctx, client)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "Ping")
}

func TestClient_Do_failsOnLostConnection(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	received := make(chan struct{})
	server.Handle("Never", func(*amitest.Conn, *amitest.Request) { close(received) })
	failed := make(chan error, 1)
	ctx := testContext(t)
	go func() {
		_, err := client.Do(ctx, action("Never"))
		failed <- err
	}()
	receive(t, received)
	server.Disconnect()
	err := receive(t, failed)
	var lost *ami.DisconnectedError
	require.ErrorAs(t, err, &lost)
	require.True(t, lost.Sent)
	require.NoError(t, pingUntilConnected(testContext(t), client))
}

func TestClient_endsWhenLoginIsDenied(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	sub, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"Tick"}})
	require.NoError(t, err)
	server.SetAccounts(amitest.Account{Name: "test", Secret: "rotated"})
	server.Disconnect()
	receive(t, client.Done())
	require.ErrorIs(t, client.Err(), ami.ErrAuthentication)
	_, err = client.Do(testContext(t), action("Ping"))
	require.ErrorIs(t, err, ami.ErrAuthentication)
	_, err = sub.Next(testContext(t))
	require.ErrorIs(t, err, ami.ErrAuthentication)
}

func TestClient_retriesWhenAlreadyLoggedIn(t *testing.T) {
	t.Parallel()
	account := amitest.Account{Name: "test", Secret: "secret", OneSession: true}
	server := newServer(t, &amitest.Options{Accounts: []amitest.Account{account}})
	client := dial(t, server, testOptions(t))
	denials := 0
	server.Handle("Challenge", func(c *amitest.Conn, r *amitest.Request) {
		if denials++; denials < 3 {
			c.Fail(r, "Login Already In Use")
			c.Close()
			return
		}
		c.Succeed(r, header("Challenge", "1"))
	})
	server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
		c.Authenticate(account, r)
		c.Succeed(r)
	})
	server.Disconnect()
	require.NoError(t, pingUntilConnected(testContext(t), client))
}

// TestClient_reconnectsAfterShutdown covers a shutdown, during which Asterisk
// rejects the login with its own message.
func TestClient_reconnectsAfterShutdown(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	server.Handle("Challenge", func(c *amitest.Conn, r *amitest.Request) { c.Fail(r, "Asterisk is shutting down") })
	_, err := ami.Dial(testContext(t), server.Addr(), testOptions(t))
	require.ErrorIs(t, err, ami.ErrUnreachable)
	require.ErrorContains(t, err, "shutting down")
}

func TestClient_endsWithNoReconnect(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	opts := testOptions(t)
	opts.NoReconnect = true
	client := dial(t, server, opts)
	require.NoError(t, client.Err())
	server.Disconnect()
	receive(t, client.Done())
	require.ErrorIs(t, client.Err(), ami.ErrDisconnected)
	_, err := client.Do(testContext(t), action("Ping"))
	require.ErrorIs(t, err, ami.ErrDisconnected)
}

func TestClient_reconnectsAfterPingTimeout(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	pings := make(chan struct{}, 100)
	server.Handle("Ping", func(*amitest.Conn, *amitest.Request) { pings <- struct{}{} })
	opts := testOptions(t)
	opts.NoReconnect = true
	// The server has that long to read the ping before the client disconnects.
	opts.KeepAlive = 2 * time.Second
	client := dial(t, server, opts)
	receive(t, pings)
	receive(t, client.Done())
	require.ErrorIs(t, client.Err(), ami.ErrDisconnected)
	require.ErrorContains(t, client.Err(), "ping")
}

func TestClient_sendsNoPingDuringAction(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	opts := testOptions(t)
	opts.NoReconnect = true
	opts.KeepAlive = 300 * time.Millisecond
	client := dial(t, server, opts)
	server.Handle("Long", func(c *amitest.Conn, r *amitest.Request) {
		<-time.After(4 * opts.KeepAlive)
		c.Succeed(r)
	})
	_, err := client.Do(testContext(t), action("Long"))
	require.NoError(t, err)
}

func TestClient_keepsRespondingConnection(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	pings := make(chan struct{}, 100)
	server.Handle("Ping", func(c *amitest.Conn, r *amitest.Request) {
		pings <- struct{}{}
		c.Succeed(r)
	})
	opts := testOptions(t)
	opts.NoReconnect = true
	opts.KeepAlive = 2 * time.Second // an answer may take that long on a busy machine
	client := dial(t, server, opts)
	for range 2 {
		receive(t, pings)
	}
	require.NoError(t, client.Err())
}

func TestClient_Close_logsOff(t *testing.T) {
	t.Parallel()
	server := newServer(t, &amitest.Options{Accounts: []amitest.Account{{Name: "test", Secret: "secret", OneSession: true}}})
	for range 20 {
		client := dial(t, server, testOptions(t))
		require.NoError(t, client.Close())
		require.ErrorIs(t, client.Err(), ami.ErrClosed)
		_, err := client.Do(testContext(t), action("Ping"))
		require.ErrorIs(t, err, ami.ErrClosed)
		require.NoError(t, client.Close(), "again")
	}
}

func TestClient_Close_doesNotWaitForBusyAsterisk(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	received, release := make(chan struct{}), make(chan struct{})
	server.Handle("Long", func(*amitest.Conn, *amitest.Request) {
		close(received)
		<-release
	})
	defer close(release)
	failed := make(chan error, 1)
	ctx := testContext(t)
	go func() {
		_, err := client.Do(ctx, action("Long"))
		failed <- err
	}()
	receive(t, received)
	require.NoError(t, client.Close())
	require.ErrorIs(t, receive(t, failed), ami.ErrDisconnected)
}

func TestClient_Close_whileDisconnected(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Stop()
	defer server.Start()
	require.NoError(t, client.Close())
	require.ErrorIs(t, client.Err(), ami.ErrClosed)
}
