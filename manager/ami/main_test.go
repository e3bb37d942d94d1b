package ami_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testTimeout limits operations that should complete at once.
const testTimeout = 20 * time.Second

// testContext returns a context that ends a hanging test.
func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

// pingUntilConnected pings until a connection works. The client notices a lost
// connection only after it has sent an action.
func pingUntilConnected(ctx context.Context, client *ami.Client) error {
	for {
		_, err := client.Do(ctx, action("Ping"))
		if !errors.Is(err, ami.ErrDisconnected) {
			return err
		}
	}
}

func newServer(t testing.TB, opts *amitest.Options) *amitest.Server {
	t.Helper()
	server := amitest.NewServer(opts)
	t.Cleanup(server.Close)
	return server
}

// testOptions returns options for the fake's default account, with short
// backoffs.
func testOptions(t testing.TB) *ami.Options {
	t.Helper()
	return &ami.Options{
		Username: "test", Secret: store.NewSecret("secret"), Events: "on",
		Logger:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond,
	}
}

func dial(t testing.TB, server *amitest.Server, opts *ami.Options) *ami.Client {
	t.Helper()
	client, err := ami.Dial(testContext(t), server.Addr(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// newServerAndClient returns a server with one client.
func newServerAndClient(t testing.TB) (*amitest.Server, *ami.Client) {
	t.Helper()
	server := newServer(t, nil)
	return server, dial(t, server, testOptions(t))
}

func action(name string, headers ...string) ami.Action {
	a := ami.Action{Name: name}
	for i := 0; i < len(headers); i += 2 {
		a.Headers = append(a.Headers, header(headers[i], headers[i+1]))
	}
	return a
}

func header(name, value string) ami.Header { return ami.Header{Name: name, Value: value} }

// receive waits for a value and returns it.
func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(testTimeout):
		require.FailNow(t, "no value received")
		panic("unreachable")
	}
}
