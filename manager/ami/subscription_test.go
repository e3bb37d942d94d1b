package ami_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
)

// requireEvents reads events with these names, in this order. It ignores
// FullyBooted, which may arrive before or after a subscription.
func requireEvents(t testing.TB, sub *ami.Subscription, names ...string) {
	t.Helper()
	for _, want := range names {
		require.Equal(t, want, nextEvent(t, sub).Name())
	}
}

func nextEvent(t testing.TB, sub *ami.Subscription) ami.Event {
	t.Helper()
	for {
		e, err := sub.Next(testContext(t))
		require.NoError(t, err)
		if e.Name() != "FullyBooted" {
			return e
		}
	}
}

func TestSubscription_Next_keepsOrder(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	sub, err := client.Subscribe(nil)
	require.NoError(t, err)
	server.Event("Newchannel", header("Channel", "PJSIP/1"))
	server.Event("OriginateResponse", header("Response", "Failure"), header("ActionID", "x"))
	server.Event("Hangup")

	e := nextEvent(t, sub)
	require.Equal(t, "Newchannel", e.Name())
	require.Equal(t, "PJSIP/1", e.Get("channel"))
	require.Nil(t, e.Gap)
	requireEvents(t, sub, "OriginateResponse", "Hangup")
}

func TestClient_Subscribe_filtersByName(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	some, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"hangup", "Newstate"}})
	require.NoError(t, err)
	all, err := client.Subscribe(&ami.SubscribeOptions{})
	require.NoError(t, err)
	for _, name := range []string{"Newchannel", "Newstate", "VarSet", "Hangup"} {
		server.Event(name)
	}
	requireEvents(t, some, "Newstate", "Hangup")
	requireEvents(t, all, "Newchannel", "Newstate", "VarSet", "Hangup")
}

func TestSubscription_Next_reportsDroppedEvents(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	slow, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"Tick"}, Buffer: 2_000})
	require.NoError(t, err)
	const total = 1_000
	for i := range total {
		server.Event("Tick", header("Number", strconv.Itoa(i)), header("Filler", strings.Repeat("x", 100)))
	}
	_, err = client.Do(testContext(t), action("Ping"))
	require.NoError(t, err, "a slow reader must not block others")

	received := 0
	e := nextEvent(t, slow)
	for ; e.Gap == nil; e = nextEvent(t, slow) {
		require.Equal(t, strconv.Itoa(received), e.Get("Number"))
		received++
	}
	require.Positive(t, received)
	require.Equal(t, ami.Gap{Dropped: total - received}, *e.Gap)
	require.Empty(t, e.Name())

	server.Event("Tick", header("Number", "after"))
	require.Equal(t, "after", nextEvent(t, slow).Get("Number"))
}

func TestSubscription_Next_reportsReconnectAsGap(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	sub, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"Before", "After"}})
	require.NoError(t, err)
	server.Event("Before")
	_, err = client.Do(testContext(t), action("Ping"))
	require.NoError(t, err)
	server.Disconnect()
	requireEvents(t, sub, "Before")
	e := nextEvent(t, sub)
	require.Equal(t, &ami.Gap{Reconnected: true}, e.Gap)
	require.NoError(t, pingUntilConnected(testContext(t), client))
	server.Event("After")
	requireEvents(t, sub, "After")
}

// TestSubscription_Next_earlyEventsAreMissingOnlyAtGap sends more early events
// before the second login answer than the client keeps.
func TestSubscription_Next_earlyEventsAreMissingOnlyAtGap(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	sub, err := client.Subscribe(nil)
	require.NoError(t, err)
	const early = 100
	server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
		c.Authenticate(amitest.Account{Name: "test"}, r)
		for i := range early {
			c.Send(header("Event", "Early"), header("Number", strconv.Itoa(i)))
		}
		c.Succeed(r)
	})
	server.Disconnect()
	require.NotNil(t, nextEvent(t, sub).Gap)
	number, err := strconv.Atoi(nextEvent(t, sub).Get("Number"))
	require.NoError(t, err)
	for number++; number < early; number++ {
		require.Equal(t, strconv.Itoa(number), nextEvent(t, sub).Get("Number"))
	}
	require.NoError(t, pingUntilConnected(testContext(t), client))
	server.Event("Later")
	requireEvents(t, sub, "Later")
}

func TestSubscription_Next_honorsContext(t *testing.T) {
	t.Parallel()
	_, client := newServerAndClient(t)
	sub, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"Never"}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = sub.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestSubscription_Close(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	names := &ami.SubscribeOptions{Events: []string{"Tick"}}
	closed, err := client.Subscribe(names)
	require.NoError(t, err)
	open, err := client.Subscribe(names)
	require.NoError(t, err)
	server.Event("Tick")
	_, err = client.Do(testContext(t), action("Ping"))
	require.NoError(t, err)

	closed.Close()
	server.Event("Tick")
	_, err = client.Do(testContext(t), action("Ping"))
	require.NoError(t, err)
	require.NoError(t, client.Close())

	for sub, left := range map[*ami.Subscription]int{closed: 1, open: 2} {
		for range left {
			requireEvents(t, sub, "Tick")
		}
		for range 2 {
			_, err = sub.Next(testContext(t))
			require.ErrorIs(t, err, ami.ErrClosed)
		}
	}
	_, err = client.Subscribe(nil)
	require.ErrorIs(t, err, ami.ErrClosed)
}

func TestClient_Subscribe_requiresEvents(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	asked := make(chan string, 1)
	server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
		asked <- r.Get("Events")
		c.Authenticate(amitest.Account{Name: "test"}, r)
		c.Succeed(r)
	})
	opts := testOptions(t)
	opts.Events = ""
	client := dial(t, server, opts)
	require.Equal(t, "off", receive(t, asked))
	_, err := client.Subscribe(nil)
	require.ErrorIs(t, err, ami.ErrNoEvents)
}

func TestSubscription_Next_concurrentReaders(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	sub, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"Tick"}})
	require.NoError(t, err)
	const total = 200
	got := make(chan ami.Event, total)
	for range 4 {
		go func() {
			for {
				e, err := sub.Next(context.Background())
				if err != nil {
					return
				}
				got <- e
			}
		}()
	}
	for range total {
		server.Event("Tick")
	}
	for range total {
		require.Equal(t, "Tick", receive(t, got).Name())
	}
}
