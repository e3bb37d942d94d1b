package serving

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/httplimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// pipeListener accepts connections in memory, so that tests have a clock of their own.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.done)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// addrConn is a connection from an address.
type addrConn struct {
	net.Conn

	from netip.Addr
}

func (c addrConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.from, 1024))
}

// dial connects to the server. What a connection sends is counted when the server has
// read it.
func (l *pipeListener) dial(from string) net.Conn {
	client, server := net.Pipe()
	l.conns <- addrConn{server, netip.MustParseAddr(from)}
	return client
}

// memoryServer is a server with its real pages and API, in a bubble.
type memoryServer struct {
	*pipeListener

	// token is that of an administrator.
	token string
}

const rootPassword = "walnut-harbour-tulip-93"

func serveInMemory(t *testing.T) *memoryServer {
	t.Helper()
	b := setup(t, localBaseURL)
	_, err := b.site.Administrators.Create(t.Context(), &ampusers.Administrator{Username: "root", Access: ampusers.Full}, store.NewSecret(rootPassword))
	require.NoError(t, err)
	b.Server, err = New(b.site, &Options{BaseURL: localBaseURL})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	s := &memoryServer{pipeListener: newPipeListener()}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx, s.pipeListener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	status, body := s.send(t, "192.0.2.1", head("POST", "/api/v1/sessions", "", -1), loginJSON)
	require.Equal(t, http.StatusCreated, status, body)
	var session struct {
		Token string `json:"token"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &session))
	s.token = session.Token
	return s
}

const loginJSON = `{"username":"root","password":"` + rootPassword + `"}`

// head returns the head of a request; a length below 0 is that of a login.
func head(method, path, token string, length int) string {
	contentType := "application/json"
	switch {
	case strings.HasSuffix(path, "/picture"):
		contentType = "image/png"
	case !strings.HasPrefix(path, "/api/"):
		contentType = "application/x-www-form-urlencoded"
	}
	if length < 0 {
		length = len(loginJSON)
	}
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n",
		method, path, contentType, token, length)
}

// send sends a request and returns the response.
func (s *memoryServer) send(t *testing.T, from, head, body string) (status int, response string) {
	t.Helper()
	sent := s.start(t, from, head, body)
	got := <-sent.status
	return got, sent.body
}

// started is a request that may not be complete.
type started struct {
	conn net.Conn
	// read counts the bytes that the server has read.
	read   atomic.Int64
	status chan int
	body   string
}

// start sends a request, and receives its status when the server answers. It is 0 if
// the server closes the connection.
func (s *memoryServer) start(t *testing.T, from, head, body string) *started {
	t.Helper()
	r := &started{conn: s.dial(from), status: make(chan int, 1)}
	go func() {
		for _, rest := range []string{head, body} { // without a copy of the body
			for rest != "" {
				n, err := io.WriteString(r.conn, rest[:min(len(rest), 4<<10)])
				r.read.Add(int64(n))
				if err != nil {
					return
				}
				rest = rest[n:]
			}
		}
	}()
	go func() {
		defer func() { _ = r.conn.Close() }()
		answer, err := http.ReadResponse(bufio.NewReader(r.conn), nil)
		if err != nil {
			r.status <- 0
			return
		}
		text, _ := io.ReadAll(answer.Body)
		r.body = string(text)
		r.status <- answer.StatusCode
	}()
	return r
}

// heapInUse returns the bytes of reachable objects.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // empties pools, too
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

//nolint:paralleltest // it measures the memory of the process
func TestServer_Serve_stalledLoginsTakeBoundedMemory(t *testing.T) {
	const clients, mebibyte = 1000, 1 << 20
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		before, begin := heapInUse(), time.Now()
		announced := make([]*started, clients)
		for i := range announced {
			announced[i] = s.start(t, "192.0.2.66", head("POST", "/login", "", mebibyte), strings.Repeat("x", 64<<10))
		}
		for _, r := range announced {
			require.Equal(t, http.StatusRequestEntityTooLarge, <-r.status)
			require.LessOrEqual(t, r.read.Load(), int64(8<<10), "nothing but the buffer of the connection")
		}
		stalled := make([]*started, clients)
		for i := range stalled {
			path := []string{"/login", "/api/v1/sessions", "/forgot-password"}[i%3]
			stalled[i] = s.start(t, "192.0.2.66", head("POST", path, "", httplimit.MaxAnonymousBytes), strings.Repeat("x", httplimit.MaxAnonymousBytes-1))
		}
		synctest.Wait()
		require.Less(t, heapInUse()-before, int64(80*mebibyte), "with the clients, which are in this process")

		for _, from := range []string{"192.0.2.1", "192.0.2.66"} {
			status, body := s.send(t, from, head("POST", "/api/v1/sessions", "", -1), loginJSON)
			require.Equal(t, http.StatusCreated, status, body)
		}
		require.Zero(t, time.Since(begin), "nobody has waited")
		for _, r := range stalled {
			require.Equal(t, http.StatusRequestTimeout, <-r.status)
		}
		require.Equal(t, 10*time.Second, time.Since(begin))
	})
}

//nolint:paralleltest // it measures the memory of the process
func TestServer_Serve_picturesWaitUnread(t *testing.T) {
	const pictures, size = 100, 4_900_000
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		status, body := s.send(t, "192.0.2.1", head("POST", "/api/v1/users", s.token, len(`{"username":"jane"}`)), `{"username":"jane"}`)
		require.Equal(t, http.StatusCreated, status, body)
		put, file := head("PUT", "/api/v1/users/jane/picture", s.token, size), strings.Repeat("x", size)
		before := heapInUse()
		holder := s.start(t, "192.0.2.1", put, file[:size/2])
		synctest.Wait()
		require.EqualValues(t, len(put)+size/2, holder.read.Load())

		waiting := make([]*started, pictures-1)
		for i := range waiting {
			waiting[i] = s.start(t, "192.0.2.1", put, file)
		}
		synctest.Wait()
		for _, r := range waiting {
			require.LessOrEqual(t, r.read.Load(), int64(8<<10), "nothing but the buffer of the connection")
		}
		require.Less(t, heapInUse()-before, int64(32<<20), "with the clients, which are in this process")

		// The turn of the others comes when the holder has paused for too long.
		require.Equal(t, http.StatusRequestTimeout, <-holder.status)
		for _, r := range waiting[1:] {
			_ = r.conn.Close()
		}
		require.Equal(t, http.StatusUnprocessableEntity, <-waiting[0].status, "it is no picture")
	})
}

func TestServer_Serve_picturesWaitForBoundedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		status, body := s.send(t, "192.0.2.1", head("POST", "/api/v1/users", s.token, len(`{"username":"jane"}`)), `{"username":"jane"}`)
		require.Equal(t, http.StatusCreated, status, body)
		put := head("PUT", "/api/v1/users/jane/picture", s.token, 64)
		holder := s.start(t, "192.0.2.1", put, "x")
		trickled := trickle(holder.conn)
		synctest.Wait()
		status, body = s.send(t, "192.0.2.1", put, strings.Repeat("x", 64))
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, `"code":"busy"`)
		require.Equal(t, http.StatusRequestTimeout, <-holder.status)
		<-trickled
	})
}

// trickle sends a byte each second until the other end closes the connection.
func trickle(conn net.Conn) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(conn, " "); err != nil {
				return
			}
		}
	}()
	return done
}

func TestServer_Serve_timesOutSlowBodies(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/login", "/api/v1/sessions"} {
		synctest.Test(t, func(t *testing.T) {
			s := serveInMemory(t)
			begin := time.Now()
			slow := s.start(t, "192.0.2.1", head("POST", path, "", 8000), "x")
			trickled := trickle(slow.conn)
			require.Equal(t, http.StatusRequestTimeout, <-slow.status)
			require.Equal(t, 30*time.Second, time.Since(begin))
			if strings.HasPrefix(path, "/api/") {
				require.Contains(t, slow.body, `"code":"timeout"`)
			}
			<-trickled
		})
	}
}

func TestServer_Serve_timesOutSlowHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		begin := time.Now()
		slow := s.start(t, "192.0.2.1", "POST /login HTTP/1.1\r\nHost: localhost\r\nX-Slow:", "")
		trickled := trickle(slow.conn)
		require.Zero(t, <-slow.status)
		require.Equal(t, 5*time.Second, time.Since(begin))
		<-trickled
	})
}

// blockedBody is a body of which nothing arrives.
type blockedBody struct{ release <-chan struct{} }

func (b blockedBody) Read([]byte) (int, error) {
	<-b.release
	return 0, io.EOF
}

func TestServer_Handler_anonymousBodiesLeaveRoomForAdministrators(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, localBaseURL)
		root, err := b.site.Administrators.Create(t.Context(), &ampusers.Administrator{Username: "root", Access: ampusers.Full}, store.NewSecret(rootPassword))
		require.NoError(t, err)
		results := make(chan error, 1<<12)
		b.mux.HandleFunc("POST /act", func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			results <- err
		})
		token := ""
		b.mux.HandleFunc("POST /enter", func(_ http.ResponseWriter, r *http.Request) {
			_, err := b.sessions.LogIn(r.Context(), credential.LoginAttempt{Username: root.Username, Password: store.NewSecret(rootPassword)})
			token = b.sessions.Token(r.Context()).Reveal()
			results <- err
		})
		send := func(client int, body io.Reader, headers ...string) {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, localBaseURL+"/act", body)
			request.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", client)
			for i := 0; i < len(headers); i += 2 {
				request.Header.Set(headers[i], headers[i+1])
			}
			b.Handler().ServeHTTP(httptest.NewRecorder(), request)
		}
		b.do(t, http.MethodPost, localBaseURL+"/enter")
		require.NoError(t, <-results)

		release := make(chan struct{})
		for i := range 16 << 20 / httplimit.MaxAnonymousBytes {
			go send(i%2, blockedBody{release})
		}
		synctest.Wait()
		begin := time.Now()
		send(3, strings.NewReader("x"))
		require.ErrorIs(t, <-results, store.ErrBusy)
		require.Equal(t, 5*time.Second, time.Since(begin))
		send(3, strings.NewReader(strings.Repeat("x", maxBodyBytes)), "Authorization", "Bearer "+token)
		require.NoError(t, <-results)
		require.Equal(t, 5*time.Second, time.Since(begin))

		close(release)
		synctest.Wait()
		for range len(results) {
			require.NoError(t, <-results)
		}
		send(3, strings.NewReader("x"))
		require.NoError(t, <-results)
	})
}

func TestServer_Handler_http2HoldsLittleOfUnreadBodies(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	require.LessOrEqual(t, b.http.HTTP2.MaxReceiveBufferPerConnection, 64<<10)
	require.LessOrEqual(t, b.http.HTTP2.MaxReceiveBufferPerStream, 64<<10)
}
