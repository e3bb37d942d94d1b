package ami_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
)

func TestClient_List_readsAllEvents(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Handle("CoreShowChannels", func(c *amitest.Conn, r *amitest.Request) {
		c.List(r, "CoreShowChannel", []ami.Header{header("Channel", "PJSIP/1")}, []ami.Header{header("Channel", "PJSIP/2")})
	})
	list, err := client.List(testContext(t), action("CoreShowChannels"))
	require.NoError(t, err)
	require.Equal(t, "start", list.Response.Get("EventList"))
	require.Len(t, list.Events, 2)
	require.Equal(t, "PJSIP/2", list.Events[1].Get("Channel"))
	require.Equal(t, "2", list.Complete.Get("ListItems"))
}

func TestClient_List_interleavedLists(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	const together = 10
	var held []*amitest.Request
	server.Handle("Interleave", func(c *amitest.Conn, r *amitest.Request) {
		held = append(held, r)
		if len(held) < together {
			return
		}
		for _, r := range held {
			c.Succeed(r, header("EventList", "Start"))
		}
		for range 5 {
			for _, r := range held {
				c.Entry(r, "Entry", header("Number", r.Get("Number")))
			}
			server.Event("Noise")
		}
		for _, r := range held {
			c.Entry(r, "InterleaveComplete", header("EventList", "Complete"))
		}
	})
	var callers sync.WaitGroup
	lists := make([]*ami.List, together)
	failures := make([]error, together)
	for i := range together {
		callers.Go(func() {
			lists[i], failures[i] = client.List(testContext(t), action("Interleave", "Number", strconv.Itoa(i)))
		})
	}
	callers.Wait()
	for i := range together {
		require.NoError(t, failures[i])
		require.Len(t, lists[i].Events, 5)
		for _, e := range lists[i].Events {
			require.Equal(t, strconv.Itoa(i), e.Get("Number"))
		}
	}
}

func TestClient_List_failures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle amitest.Handler
		want   error
		text   string
	}{
		"rejected": {func(c *amitest.Conn, r *amitest.Request) {
			// Asterisk ends some of its errors with an extra line break.
			c.Fail(r, "Unable to retrieve endpoint x\n")
		}, nil, "Unable to retrieve endpoint x"},
		"denied": {func(c *amitest.Conn, r *amitest.Request) { c.Fail(r, "Permission denied") }, ami.ErrPermission, "Show"},
		"cancelled": {func(c *amitest.Conn, r *amitest.Request) {
			c.Succeed(r, header("EventList", "start"))
			c.Entry(r, "Entry")
			c.Entry(r, "ShowComplete", header("EventList", "cancelled"), header("Message", "too busy"))
		}, ami.ErrListCanceled, "too busy"},
		"too large": {func(c *amitest.Conn, r *amitest.Request) {
			c.Succeed(r, header("EventList", "start"))
			for range 100 {
				c.Entry(r, "Entry", header("X", strings.Repeat("x", 900)))
			}
			c.Entry(r, "ShowComplete", header("EventList", "Complete"))
		}, ami.ErrTooLarge, "MaxMessage"},
		"cut": {func(c *amitest.Conn, r *amitest.Request) {
			c.Succeed(r, header("EventList", "start"))
			c.Entry(r, "Entry")
			c.Close()
		}, ami.ErrDisconnected, "Show"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, nil)
			opts := testOptions(t)
			opts.MaxMessage = 10_000
			client := dial(t, server, opts)
			server.Handle("Show", c.handle)
			_, err := client.List(testContext(t), action("Show"))
			require.ErrorContains(t, err, c.text)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.NoError(t, pingUntilConnected(testContext(t), client), "the client still works")
		})
	}
}

func TestClient_List_responseWithoutList(t *testing.T) {
	t.Parallel()
	_, client := newServerAndClient(t)
	list, err := client.List(testContext(t), action("Ping"))
	require.NoError(t, err)
	require.Empty(t, list.Events)
	require.Equal(t, "Pong", list.Response.Get("Ping"))
}

func TestClient_List_dropsEventsOfAbandonedList(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	sub, err := client.Subscribe(nil)
	require.NoError(t, err)
	begun, release := make(chan struct{}), make(chan struct{})
	server.Handle("Show", func(c *amitest.Conn, r *amitest.Request) {
		c.Succeed(r, header("EventList", "start"))
		c.Entry(r, "Entry")
		close(begun)
		<-release
		c.Entry(r, "Entry")
		c.Entry(r, "ShowComplete", header("EventList", "Complete"))
		server.Event("After")
	})
	ctx, cancel := context.WithCancel(testContext(t))
	failed := make(chan error, 1)
	go func() {
		_, err := client.List(ctx, action("Show"))
		failed <- err
	}()
	receive(t, begun)
	cancel()
	require.ErrorIs(t, receive(t, failed), context.Canceled)
	close(release)
	requireEvents(t, sub, "After")
}

func TestClient_List_userEventCannotCompleteList(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Handle("Show", func(c *amitest.Conn, r *amitest.Request) {
		c.Succeed(r, header("EventList", "start"))
		// A message of another account always arrives as an event.
		server.Event("UserEvent", header("Response", "Success"), header("ActionID", "1"), header("EventList", "Complete"))
		c.Entry(r, "Entry", header("Response", "Error"))
		c.Entry(r, "ShowComplete", header("EventList", "Complete"))
	})
	list, err := client.List(testContext(t), action("Show"))
	require.NoError(t, err)
	require.Len(t, list.Events, 1)
}
