package ami_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager/ami"
)

// stallAfterLogin lets a client log in, reads nothing more, and hangs up when
// hangUp closes.
func stallAfterLogin(t testing.TB, hangUp <-chan struct{}) string {
	t.Helper()
	return serveRaw(t, func(c net.Conn) {
		_, _ = c.Write([]byte("Asterisk Call Manager/11.0.0\r\n"))
		_, _ = ami.NewReader(c, 0).Next()
		_, _ = c.Write([]byte("Response: Success\r\n\r\n"))
		<-hangUp
	})
}

// flood starts more large actions than the kernel buffers, and returns their
// errors.
func flood(ctx context.Context, client *ami.Client) <-chan error {
	const together = 300
	failures := make(chan error, together)
	for range together {
		go func() {
			a := ami.Action{Name: "Flood", Headers: manyHeaders(126)}
			for i := range a.Headers {
				a.Headers[i].Value = strings.Repeat("x", 1000)
			}
			_, err := client.Do(ctx, a)
			failures <- err
		}()
	}
	return failures
}

func TestClient_Do_stalledPeerBlocksNoCaller(t *testing.T) {
	t.Parallel()
	hangUp := make(chan struct{})
	opts := testOptions(t)
	opts.Login, opts.NoReconnect = ami.PlainText, true
	client, err := ami.Dial(testContext(t), stallAfterLogin(t, hangUp), opts)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(testContext(t))
	failures := flood(ctx, client)
	cancel()
	for range cap(failures) {
		require.ErrorIs(t, receive(t, failures), context.Canceled)
	}

	failures = flood(testContext(t), client)
	// None can have an answer: some wait for one, others wait to be sent. The
	// last one was certainly not sent.
	failed := make(chan error, 1)
	late, cancelLate := context.WithCancel(testContext(t))
	go func() {
		_, err := client.Do(late, action("Late"))
		failed <- err
	}()
	cancelLate()
	require.ErrorIs(t, receive(t, failed), context.Canceled)

	close(hangUp)
	unsent := 0
	for range cap(failures) {
		var lost *ami.DisconnectedError
		err := receive(t, failures)
		if errors.As(err, &lost) && !lost.Sent {
			unsent++
		}
		require.ErrorIs(t, err, ami.ErrDisconnected)
	}
	require.Positive(t, unsent)
	require.NoError(t, client.Close())
}
