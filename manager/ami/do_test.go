package ami_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

func TestClient_Do_matchesResponsesByActionID(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	const together = 20
	var held []*amitest.Request // by the one connection's goroutine
	server.Handle("Hold", func(c *amitest.Conn, r *amitest.Request) {
		held = append(held, r)
		if len(held) < together {
			return
		}
		for _, r := range slices.Backward(held) {
			c.Succeed(r, header("Number", r.Get("Number")))
		}
	})
	var callers sync.WaitGroup
	answers := make([]string, together)
	failures := make([]error, together)
	for i := range together {
		callers.Go(func() {
			answer, err := client.Do(testContext(t), action("Hold", "Number", strconv.Itoa(i)))
			answers[i], failures[i] = answer.Get("Number"), err
		})
	}
	callers.Wait()
	for i := range together {
		require.NoError(t, failures[i])
		require.Equal(t, strconv.Itoa(i), answers[i])
	}
}

func TestClient_Do_actionIDsAreUniqueAndShort(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	seen := map[string]bool{}
	server.Handle("Count", func(c *amitest.Conn, r *amitest.Request) {
		seen[r.Get("ActionID")] = true
		c.Succeed(r)
	})
	for range 100 {
		_, err := client.Do(testContext(t), action("Count"))
		require.NoError(t, err)
	}
	require.NoError(t, client.Close())
	require.Len(t, seen, 100)
	for id := range seen {
		require.LessOrEqual(t, len(id), 64)
		require.GreaterOrEqual(t, len(id), 16)
	}
}

func TestClient_Do_returnsActionError(t *testing.T) {
	t.Parallel()
	server := newServer(t, &amitest.Options{Accounts: []amitest.Account{{Name: "test", Secret: "secret", Write: []string{"call"}}}})
	client := dial(t, server, testOptions(t))
	server.Handle("Hangup", func(c *amitest.Conn, r *amitest.Request) { c.Fail(r, "No such channel\x1b[0m") }, "call")

	_, err := client.Do(testContext(t), action("Hangup", "Channel", "x"))
	var actionErr *ami.ActionError
	require.ErrorAs(t, err, &actionErr)
	require.Equal(t, "Hangup", actionErr.Action)
	require.Equal(t, "No such channel [0m", actionErr.Message)
	require.NotErrorIs(t, err, ami.ErrPermission)

	_, err = client.Do(testContext(t), action("CoreSettings"))
	require.ErrorIs(t, err, ami.ErrPermission)
	require.ErrorContains(t, err, "write privileges")

	_, err = client.Do(testContext(t), action("Nonsense"))
	require.ErrorContains(t, err, "Invalid/unknown command")
}

func TestClient_Do_rejectsInvalidAction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action      ami.Action
		field, code string
	}{
		"no action":                {action(""), "action", "required"},
		"line break in the action": {action("Ping\r\nAction: Logoff"), "action", "control_character"},
		"LF in a value":            {action("Set", "Variable", "x=1\nAction: Logoff"), "headers[0].value", "control_character"},
		"CR in a value":            {action("Set", "Variable", "x=1\rAction: Logoff"), "headers[0].value", "control_character"},
		"NUL in a value":           {action("Set", "A", "b", "Variable", "x\x00"), "headers[1].value", "control_character"},
		"DEL in a value":           {action("Set", "Variable", "x\x7f"), "headers[0].value", "control_character"},
		"tab in a value":           {action("Set", "Variable", "x\ty"), "headers[0].value", "control_character"},
		"line break in a name":     {action("Set", "A: b\r\nVariable", "x"), "headers[0].name", "control_character"},
		"colon in a name":          {action("Set", "A:b", "x"), "headers[0].name", "colon"},
		"empty name":               {action("Set", "", "x"), "headers[0].name", "required"},
		"space around a name":      {action("Set", "A ", "x"), "headers[0].name", "outer_space"},
		"leading space in a value": {action("Set", "A", " x"), "headers[0].value", "outer_space"},
		"a second action":          {action("Set", "ACTION", "Logoff"), "headers[0].name", "reserved"},
		"an ActionID":              {action("Set", "actionid", "1"), "headers[0].name", "reserved"},
		"a long line":              {action("Set", "A", strings.Repeat("x", 1024-4)), "headers[0].value", "max"},
		"many headers":             {ami.Action{Name: "Set", Headers: manyHeaders(127)}, "headers", "max"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := newServerAndClient(t)
			reached := make(chan struct{}, 1)
			server.Handle("Set", func(c *amitest.Conn, r *amitest.Request) {
				reached <- struct{}{}
				c.Succeed(r)
			})
			_, err := client.Do(testContext(t), c.action)
			var invalid *store.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Fields, 1)
			require.Equal(t, c.field, invalid.Fields[0].Field)
			require.Equal(t, c.code, invalid.Fields[0].Code)
			_, err = client.List(testContext(t), c.action)
			require.ErrorIs(t, err, store.ErrInvalid)
			_, err = client.Do(testContext(t), action("Ping"))
			require.NoError(t, err)
			require.Empty(t, reached)
		})
	}
}

func manyHeaders(n int) []ami.Header {
	headers := make([]ami.Header, n)
	for i := range headers {
		headers[i] = header("Variable", "x")
	}
	return headers
}

func TestClient_Do_sendsLargestAction(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	longest := strings.Repeat("x", 1024-len("Variable: \r\n"))
	server.Handle("Set", func(c *amitest.Conn, r *amitest.Request) {
		values := r.Values("Variable")
		c.Succeed(r, header("Count", strconv.Itoa(len(values))), header("Length", strconv.Itoa(len(values[0]))))
	})
	a := ami.Action{Name: "Set", Headers: manyHeaders(126)}
	a.Headers[0].Value = longest
	answer, err := client.Do(testContext(t), a)
	require.NoError(t, err)
	require.Equal(t, "126", answer.Get("Count"))
	require.Equal(t, strconv.Itoa(len(longest)), answer.Get("Length"))
}

func TestClient_Do_roundTripsHeaders(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	var got []ami.Header // read after the answer has come
	server.Handle("Echo", func(c *amitest.Conn, r *amitest.Request) {
		got = nil
		for name, value := range r.All() {
			got = append(got, header(name, value))
		}
		c.Succeed(r)
	})
	names := rapid.StringMatching(`[A-Za-z][A-Za-z0-9_() -]{0,20}[A-Za-z0-9]`).
		Filter(func(s string) bool { return !strings.EqualFold(s, "Action") && !strings.EqualFold(s, "ActionID") })
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ami.Header {
			return header(names.Draw(t, "name"), rapid.String().Draw(t, "value"))
		}), 0, 10).Draw(t, "headers")
		_, err := client.Do(t.Context(), ami.Action{Name: "Echo", Headers: sent})
		if err != nil {
			require.ErrorIs(t, err, store.ErrInvalid)
			return
		}
		require.Equal(t, sent, got[2:], "after Action and ActionID")
	})
}

func TestClient_Do_dropsLateResponse(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	release, received := make(chan struct{}), make(chan struct{})
	server.Handle("Slow", func(c *amitest.Conn, r *amitest.Request) {
		close(received)
		<-release
		c.Succeed(r, header("Late", "yes"))
	})
	ctx, cancel := context.WithCancel(testContext(t))
	failed := make(chan error, 1)
	go func() {
		_, err := client.Do(ctx, action("Slow"))
		failed <- err
	}()
	receive(t, received)
	cancel()
	require.ErrorIs(t, receive(t, failed), context.Canceled)

	close(release)
	answer, err := client.Do(testContext(t), action("Ping"))
	require.NoError(t, err)
	require.Equal(t, "Pong", answer.Get("Ping"))
	require.Empty(t, answer.Get("Late"))
}

func TestClient_Do_skipsActionOfCanceledContext(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	reached := make(chan struct{}, 1)
	server.Handle("Act", func(c *amitest.Conn, r *amitest.Request) {
		reached <- struct{}{}
		c.Succeed(r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Do(ctx, action("Act"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = client.Do(testContext(t), action("Ping"))
	require.NoError(t, err)
	require.Empty(t, reached)
}

func TestClient_Do_connectionLostWithinResponse(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Handle("Cut", func(c *amitest.Conn, _ *amitest.Request) {
		c.Write("Response: Success\r\nAction")
		c.Close()
	})
	_, err := client.Do(testContext(t), action("Cut"))
	var lost *ami.DisconnectedError
	require.ErrorAs(t, err, &lost)
	require.ErrorIs(t, err, ami.ErrDisconnected)
	require.Equal(t, "Cut", lost.Action)
	require.True(t, lost.Sent)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestClient_Do_rejectsOversizedResponse(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	opts := testOptions(t)
	opts.MaxMessage = 10_000
	client := dial(t, server, opts)
	server.Handle("Fit", func(c *amitest.Conn, r *amitest.Request) { c.Succeed(r, header("X", strings.Repeat("x", 9_000))) })
	server.Handle("Flood", func(c *amitest.Conn, _ *amitest.Request) {
		for range 2_000 {
			c.Write("Filler: xxxxxxxxxx\r\n")
		}
	})
	_, err := client.Do(testContext(t), action("Fit"))
	require.NoError(t, err)
	_, err = client.Do(testContext(t), action("Flood"))
	require.ErrorIs(t, err, ami.ErrTooLarge)
	require.ErrorIs(t, err, ami.ErrDisconnected)
	require.ErrorContains(t, err, "MaxMessage")
	require.NoError(t, pingUntilConnected(testContext(t), client), "it is connected again")
}

func TestClient_Do_toleratesIrregularMessages(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	long := strings.Repeat("y", 200_000)
	server.Handle("Untidy", func(c *amitest.Conn, r *amitest.Request) {
		c.Write("\r\n\r\nno header at all\r\n\r\n" +
			"response: success\nactionid: " + r.Get("ActionID") + "\n" +
			"Empty:\r\nNo categories found\r\nTwice: 1\r\nTWICE: 2\r\n" +
			"ChanVariable(PJSIP/[::1]:5060): a=b\r\n" +
			"Outer:  x \r\nLone: a\rb\r\nLong: " + long + "\r\n\n")
	})
	answer, err := client.Do(testContext(t), action("Untidy"))
	require.NoError(t, err)
	empty, found := answer.Lookup("Empty")
	require.True(t, found)
	require.Empty(t, empty)
	_, found = answer.Lookup("Absent")
	require.False(t, found)
	require.Equal(t, "No categories found", answer.Get(""))
	require.Equal(t, []string{"1", "2"}, answer.Values("Twice"))
	require.Equal(t, "1", answer.Get("twice"))
	require.Equal(t, "a=b", answer.Get("ChanVariable(PJSIP/[::1]:5060)"))
	require.Equal(t, " x ", answer.Get("Outer"))
	require.Equal(t, "a\rb", answer.Get("Lone"))
	require.Equal(t, long, answer.Get("Long"))
}

func TestClient_Do_concurrentCallers(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Handle("Echo", func(c *amitest.Conn, r *amitest.Request) { c.Succeed(r, header("X", r.Get("X"))) })
	var callers sync.WaitGroup
	failures := make(chan error, 32)
	for caller := range 32 {
		callers.Go(func() {
			for i := range 50 {
				want := fmt.Sprint(caller, "-", i)
				answer, err := client.Do(testContext(t), action("Echo", "X", want))
				if err != nil || answer.Get("X") != want {
					failures <- fmt.Errorf("wanted %s, got %s, %w", want, answer.Get("X"), err)
					return
				}
			}
		})
	}
	callers.Wait()
	require.Empty(t, failures)
}

func TestMessage_Format_hidesContent(t *testing.T) {
	t.Parallel()
	server, client := newServerAndClient(t)
	server.Handle("GetConfig", func(c *amitest.Conn, r *amitest.Request) {
		c.Succeed(r, header("Line-000000-000000", "secret=hunter2"))
	})
	a := action("GetConfig", "Filename", "hunter2")
	answer, err := client.Do(testContext(t), a)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb, answer), "hunter2")
		require.NotContains(t, fmt.Sprintf(verb, a), "hunter2")
	}
	require.Equal(t, "AMI message (Response Success)", fmt.Sprint(answer))
	require.Equal(t, "AMI action GetConfig", fmt.Sprint(a))

	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("asked", "action", a, "answer", answer)
	require.Contains(t, logged.String(), `"action":"AMI action GetConfig"`)
	require.NotContains(t, logged.String(), "hunter2")
}
