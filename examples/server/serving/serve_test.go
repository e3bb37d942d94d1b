package serving

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// serve serves b until stop, and returns where.
func (b *bundle) serve(t *testing.T) (url string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- b.Serve(ctx, listener) }()
	t.Cleanup(stop)
	return "http://" + listener.Addr().String(), stop, result
}

func TestRequestsEndBeforeTheServerDoes(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	begun, goOn := make(chan struct{}), make(chan struct{})
	b.pages.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-goOn
		_, _ = io.WriteString(w, "whole")
	})
	url, stop, ended := b.serve(t)
	body := make(chan string, 1)
	go func() {
		response, err := http.Get(url + "/slow")
		if err != nil {
			body <- err.Error()
			return
		}
		read, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		body <- string(read)
	}()
	<-begun
	stop()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, 5*time.Millisecond, "nobody is let in any more")
	close(goOn)
	require.Equal(t, "whole", <-body)
	require.NoError(t, <-ended)
}

func TestRequestsThatDoNotEndAreCutOff(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	b.grace = 10 * time.Millisecond
	begun, goOn := make(chan struct{}), make(chan struct{})
	b.pages.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-goOn
	})
	url, stop, ended := b.serve(t)
	failed := make(chan error, 1)
	go func() {
		response, err := http.Get(url + "/slow")
		if err == nil {
			_ = response.Body.Close()
		}
		failed <- err
	}()
	<-begun
	stop()
	require.NoError(t, <-ended)
	require.Error(t, <-failed)
	require.Contains(t, b.log.String(), "cut off")
	close(goOn)
}

func TestHandlersControlTheirAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	failed := make(chan error, 1)
	b.pages.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		controller := http.NewResponseController(w)
		failed <- errors.Join(controller.SetReadDeadline(time.Now().Add(time.Minute)), controller.SetWriteDeadline(time.Now().Add(time.Minute)), controller.Flush())
	})
	url, stop, ended := b.serve(t)
	response, err := http.Get(url + "/page")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.NoError(t, <-failed)
	stop()
	require.NoError(t, <-ended)
}

func TestBodiesThatTrickleAreCutOff(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	var err error
	b.Server, err = New(b.site, &Options{BaseURL: here}) // with its real pages and API
	require.NoError(t, err)
	t.Cleanup(b.Close)
	b.http.ReadTimeout = 100 * time.Millisecond
	url, stop, ended := b.serve(t)
	for path, contentType := range map[string]string{"/api/v1/sessions": "application/json", "/login": "application/x-www-form-urlencoded"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Type: "+contentType+"\r\nContent-Length: 100000\r\n\r\n")
		require.NoError(t, err)
		hungUp := make(chan struct{})
		go trickle(conn, hungUp)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Contains(t, []int{http.StatusRequestTimeout, http.StatusBadRequest}, answer.StatusCode, path)
		if strings.HasPrefix(path, "/api/") {
			require.Contains(t, string(body), `"code":"timeout"`)
		}
		<-hungUp
		require.NoError(t, answer.Body.Close())
		require.NoError(t, conn.Close())
	}
	stop()
	require.NoError(t, <-ended)
}

// trickle writes to a connection, slowly, until its other end has hung up.
func trickle(conn net.Conn, hungUp chan<- struct{}) {
	defer close(hungUp)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := io.WriteString(conn, " "); err != nil {
			return
		}
	}
}

func TestWhatHasExpiredIsRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	long := time.Now().Add(-time.Hour)
	require.NoError(t, b.site.Vault.Keep(t.Context(), "session", "old", []byte("x"), long))
	_, stop, ended := b.serve(t)
	require.Eventually(t, func() bool {
		_, err := b.site.Vault.Kept(t.Context(), "session", "old", long.Add(-time.Hour))
		return errors.Is(err, store.ErrNotFound)
	}, 10*time.Second, time.Millisecond)
	stop()
	require.NoError(t, <-ended)
}

func TestAListenerThatFailsEndsTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorIs(t, b.Serve(t.Context(), listener), net.ErrClosed)
}

func TestRequestsEndBeforeAServerWhoseListenerFailed(t *testing.T) {
	t.Parallel()
	b := setup(t, here)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var whole atomic.Bool
	b.pages.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-goOn
		whole.Store(true)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() {
		result <- b.Serve(t.Context(), listener)
		if !whole.Load() {
			t.Error("a request was at work")
		}
	}()
	go func() {
		if response, err := http.Get("http://" + listener.Addr().String() + "/slow"); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-begun
	b.http.RegisterOnShutdown(func() { close(goOn) })
	require.NoError(t, listener.Close())
	require.ErrorIs(t, <-result, net.ErrClosed)
}
