package serving

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// startServing serves b until stop, and returns its address.
func (b *env) startServing(t *testing.T) (url string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- b.Serve(ctx, listener) }()
	t.Cleanup(stop)
	return "http://" + listener.Addr().String(), stop, result
}

// A mail that waits is sent by the running server, also after a restart.
func TestServer_Serve_sendsWaitingMails(t *testing.T) {
	t.Parallel()
	db, sent := memstore.New(), make(chan string, 1)
	deferred := mailerFunc(func(*usermail.Mail) error { return &userman.MailDeferredError{Reason: "451"} })
	options := userman.Options{Mailer: deferred, BaseURL: &url.URL{Scheme: "https", Host: "pbx.example.com"}}
	options.Clock = func() time.Time { return time.Now().Add(-time.Minute) }
	before := userman.New(db.Users(""), &options)
	_, err := before.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "jane", Email: "jane@example.com"}})
	require.NoError(t, err)
	delivery, err := before.Mails().Send(t.Context(), usermail.Welcome, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliveryDeferred, delivery.Status)

	b := setup(t, localBaseURL)
	options.Clock = nil
	options.Mailer = mailerFunc(func(m *usermail.Mail) error { sent <- m.To; return nil })
	b.site.Users = userman.New(db.Users(""), &options)
	_, stop, ended := b.startServing(t)
	require.Equal(t, "jane@example.com", <-sent)
	stop()
	require.NoError(t, <-ended)
}

// mailerFunc is a mail server.
type mailerFunc func(m *usermail.Mail) error

func (f mailerFunc) Send(_ context.Context, m *usermail.Mail) error { return f(m) }

func TestServer_Serve_finishesRequestsBeforeShutdown(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	entered, release := make(chan struct{}), make(chan struct{})
	b.mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "whole")
	})
	url, stop, ended := b.startServing(t)
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
	<-entered
	stop()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, 5*time.Millisecond, "the listener is closed")
	close(release)
	require.Equal(t, "whole", <-body)
	require.NoError(t, <-ended)
}

func TestServer_Serve_cutsOffSlowRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	b.shutdownTimeout = 10 * time.Millisecond
	entered, release := make(chan struct{}), make(chan struct{})
	b.mux.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	})
	url, stop, ended := b.startServing(t)
	failed := make(chan error, 1)
	go func() {
		response, err := http.Get(url + "/slow")
		if err == nil {
			_ = response.Body.Close()
		}
		failed <- err
	}()
	<-entered
	stop()
	require.NoError(t, <-ended)
	require.Error(t, <-failed)
	require.Contains(t, b.log.String(), "cut off")
	close(release)
}

func TestServer_Handler_supportsResponseController(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	failed := make(chan error, 1)
	b.mux.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		controller := http.NewResponseController(w)
		failed <- errors.Join(controller.SetReadDeadline(time.Now().Add(time.Minute)), controller.SetWriteDeadline(time.Now().Add(time.Minute)), controller.Flush())
	})
	url, stop, ended := b.startServing(t)
	response, err := http.Get(url + "/page")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.NoError(t, <-failed)
	stop()
	require.NoError(t, <-ended)
}

func TestServer_Serve_deletesExpiredSessions(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	long := time.Now().Add(-time.Hour)
	require.NoError(t, b.site.TTLStore.Put(t.Context(), "session", "old", []byte("x"), long))
	_, stop, ended := b.startServing(t)
	require.Eventually(t, func() bool {
		_, err := b.site.TTLStore.Get(t.Context(), "session", "old", long.Add(-time.Hour))
		return errors.Is(err, store.ErrNotFound)
	}, 10*time.Second, time.Millisecond)
	stop()
	require.NoError(t, <-ended)
}

func TestServer_Serve_returnsListenerError(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorIs(t, b.Serve(t.Context(), listener), net.ErrClosed)
}

func TestServer_Serve_finishesRequestsAfterListenerError(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	entered, release := make(chan struct{}), make(chan struct{})
	var whole atomic.Bool
	b.mux.HandleFunc("GET /slow", func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
		whole.Store(true)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() {
		result <- b.Serve(t.Context(), listener)
		if !whole.Load() {
			t.Error("a request was still running")
		}
	}()
	go func() {
		if response, err := http.Get("http://" + listener.Addr().String() + "/slow"); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-entered
	b.http.RegisterOnShutdown(func() { close(release) })
	require.NoError(t, listener.Close())
	require.ErrorIs(t, <-result, net.ErrClosed)
}
