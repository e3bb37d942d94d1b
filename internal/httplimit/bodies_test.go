package httplimit_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/httplimit"
	"github.com/pbxusers/pbxusers/store"
)

// env serves a handler that reads the whole body.
type env struct {
	budget  *httplimit.Budget
	handler http.Handler
	// results are the errors of reading. The handler ends when its result is received.
	results chan error
}

func setup(t *testing.T, maxBytes int64, budget *httplimit.Budget) *env {
	t.Helper()
	b := &env{budget: budget, results: make(chan error)}
	b.handler = httplimit.NewBodies(func(r *http.Request) httplimit.Rule {
		return httplimit.Rule{MaxBytes: maxBytes, Budget: budget, Client: netip.MustParseAddr(r.RemoteAddr)}
	}, nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		b.results <- err
	}))
	return b
}

// start sends a body from an address.
func (b *env) start(t *testing.T, from string, body io.Reader) (ended <-chan struct{}, answer *httptest.ResponseRecorder) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
	request.RemoteAddr = from
	done, answer := make(chan struct{}), httptest.NewRecorder()
	go func() {
		defer close(done)
		b.handler.ServeHTTP(answer, request)
	}()
	return done, answer
}

// chunked hides the length of a body.
func chunked(size int) io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", size))) }

func TestBodies_Handler_boundsSize(t *testing.T) {
	t.Parallel()
	b := setup(t, 100, httplimit.NewBudget(1000, 1000))
	for name, body := range map[string]io.Reader{
		"announced": strings.NewReader(strings.Repeat("x", 101)), "chunked": chunked(101),
	} {
		ended, answer := b.start(t, "192.0.2.1", body)
		require.ErrorAs(t, <-b.results, new(*http.MaxBytesError), name)
		<-ended
		require.Equal(t, "close", answer.Header().Get("Connection"), "the rest is not read")
		require.Zero(t, b.budget.Used())
	}
	for name, body := range map[string]io.Reader{
		"announced": strings.NewReader(strings.Repeat("x", 100)), "chunked": chunked(100), "none": nil,
	} {
		ended, _ := b.start(t, "192.0.2.1", body)
		require.NoError(t, <-b.results, name)
		<-ended
	}
}

func TestBodies_Handler_reservesUntilHandlerReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, 100, httplimit.NewBudget(150, 150))
		first, _ := b.start(t, "192.0.2.1", chunked(10))
		synctest.Wait()
		require.EqualValues(t, 100, b.budget.Used(), "it could be that large")
		second, _ := b.start(t, "192.0.2.2", strings.NewReader(strings.Repeat("x", 60)))
		third, _ := b.start(t, "192.0.2.3", strings.NewReader(strings.Repeat("x", 50)))
		synctest.Wait()
		require.EqualValues(t, 150, b.budget.Used(), "of the second, nothing is read")
		for range 3 {
			require.NoError(t, <-b.results)
		}
		for _, ended := range []<-chan struct{}{first, second, third} {
			<-ended
		}
		require.Zero(t, b.budget.Used())
	})
}

func TestBodies_Handler_rejectsAfterBoundedWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, 100, httplimit.NewBudget(100, 100))
		holder, _ := b.start(t, "192.0.2.1", chunked(1))
		synctest.Wait()
		begin := time.Now()
		unread := strings.NewReader("x")
		b.start(t, "192.0.2.2", unread)
		<-time.After(5 * time.Second)
		synctest.Wait()
		for range 2 {
			if err := <-b.results; err != nil {
				require.ErrorIs(t, err, store.ErrBusy)
			}
		}
		<-holder
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.Equal(t, 1, unread.Len())
		require.Zero(t, b.budget.Used())
	})
}

func TestBodies_Handler_oneClientLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, 60, httplimit.NewBudget(200, 100))
		var ended []<-chan struct{}
		for _, from := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"} {
			done, _ := b.start(t, from, chunked(1))
			ended = append(ended, done)
			synctest.Wait()
		}
		require.EqualValues(t, 120, b.budget.Used(), "addresses of one /64 are one client")
		for range ended {
			require.NoError(t, <-b.results)
		}
		for _, done := range ended {
			<-done
		}
		require.Zero(t, b.budget.Used())
	})
}

// addrListener accepts connections from the addresses of a test.
type addrListener struct {
	conns chan net.Conn
}

type addrConn struct {
	net.Conn

	from string
}

func (c addrConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.from), 1))
}

func (l *addrListener) Accept() (net.Conn, error) {
	conn, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l *addrListener) Close() error   { return nil }
func (l *addrListener) Addr() net.Addr { return &net.TCPAddr{} }

// connect opens a connection from an address.
func (l *addrListener) connect(from string) (client net.Conn) {
	client, server := net.Pipe()
	l.conns <- addrConn{server, from}
	return client
}

func TestNewListener_boundsConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := &addrListener{conns: make(chan net.Conn, 10)}
		listener := httplimit.NewListener(inner, httplimit.ListenerOptions{Max: 2, MaxPerClient: 2})
		for range 3 {
			inner.connect("127.0.0.1")
		}
		accepted := make(chan net.Conn)
		go func() {
			for range 3 {
				conn, err := listener.Accept()
				if err != nil {
					t.Error(err)
				}
				accepted <- conn
			}
		}()
		first := <-accepted
		<-accepted
		synctest.Wait()
		require.Len(t, inner.conns, 1, "the third waits")
		require.NoError(t, first.Close())
		<-accepted
	})
}

func TestNewListener_boundsConnectionsOfClient(t *testing.T) {
	t.Parallel()
	inner := &addrListener{conns: make(chan net.Conn, 10)}
	listener := httplimit.NewListener(inner, httplimit.ListenerOptions{
		Max: 20, MaxPerClient: 1, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	accept := func(from string) net.Conn {
		t.Helper()
		conn, err := listener.Accept()
		require.NoError(t, err)
		addr, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		require.NoError(t, err)
		require.Equal(t, from, addr.Addr().String())
		return conn
	}
	inner.connect("192.0.2.1")
	first := accept("192.0.2.1")
	second := inner.connect("192.0.2.1")
	for _, from := range []string{"192.0.2.2", "10.0.0.1", "10.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "::1"} {
		inner.connect(from)
		accept(from)
	}
	_, err := second.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "it was closed")

	require.NoError(t, first.Close())
	_ = first.Close()
	inner.connect("192.0.2.1")
	accept("192.0.2.1")
	close(inner.conns)
	_, err = listener.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}
