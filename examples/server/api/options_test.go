package api_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/api"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/jobs"
)

// startWithOptions serves the API of a server with options of its own.
func startWithOptions(t *testing.T, opts *api.Options) *harness {
	t.Helper()
	return start(t).withOptions(t, opts)
}

func (h *harness) withOptions(t *testing.T, opts *api.Options) *harness {
	t.Helper()
	server := httptest.NewServer(h.handler(t, opts))
	t.Cleanup(server.Close)
	return &harness{Server: &servertest.Server{URL: server.URL, Site: h.Site, DataDir: h.DataDir}}
}

// handler is the API of a server with options of its own.
func (h *harness) handler(t *testing.T, opts *api.Options) http.Handler {
	t.Helper()
	sessions, jobRunner := websession.New(h.Site.Administrators, h.Site.TTLStore, &websession.Options{Audit: h.Site.AuditLog}), jobs.New(&jobs.Options{Host: h.Site.Host, Users: h.Site.Users, Audit: h.Site.AuditLog, Hint: app.Hint})
	t.Cleanup(func() { require.NoError(t, jobRunner.Close(context.WithoutCancel(t.Context()))) })
	return sessions.Handler(api.New(h.Site, sessions, jobRunner, opts))
}

func TestAPI_idempotencyKeyExpiresAfterOneDay(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	v := startWithOptions(t, &api.Options{Clock: func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }}).logIn(t, "root")
	body := map[string]any{"name": "crm"}
	call := func() *apiResponse { return v.call(t, http.MethodPost, "/ami-accounts", body, "Idempotency-Key", "k") }
	created := call().requireStatus(t, http.StatusCreated).decodeObject(t)
	require.NotEmpty(t, created["secret"])
	passed.Store(int64(59 * time.Second))
	require.Equal(t, created, call().requireStatus(t, http.StatusCreated).decodeObject(t))
	delete(created, "secret")
	passed.Store(int64(23 * time.Hour))
	require.Equal(t, created, call().requireStatus(t, http.StatusCreated).decodeObject(t), "the secret is given again for a minute only")
	passed.Store(int64(25 * time.Hour))
	v.call(t, http.MethodPost, "/ami-accounts", body, "Idempotency-Key", "k").requireStatus(t, http.StatusConflict)
}

func TestAPI_slowApplyReturnsAccepted(t *testing.T) {
	t.Parallel()
	// It takes connections, and never greets.
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := startWithOptions(t, &api.Options{Wait: 50 * time.Millisecond})
	v := h.logIn(t, "root")
	_, err = h.Site.Host().Install(t.Context())
	require.NoError(t, err)
	h.saveAMI(t, silent.Addr().String())

	accepted := v.call(t, http.MethodPost, "/config/apply", nil).requireStatus(t, http.StatusAccepted).decodeObject(t)
	require.Equal(t, false, accepted["done"])
	v.call(t, http.MethodPost, "/config/apply", nil).requireStatus(t, http.StatusConflict)
	require.Equal(t, "root", v.call(t, http.MethodGet, "/config/run", nil).requireStatus(t, http.StatusOK).decodeObject(t)["started_by"])
	require.NoError(t, silent.Close())
	require.Eventually(t, func() bool {
		return v.call(t, http.MethodGet, "/config/run", nil).decodeObject(t)["done"] == true
	}, 30*time.Second, 50*time.Millisecond)
	require.Contains(t, v.call(t, http.MethodGet, "/config/run", nil).decodeObject(t)["failure"], "nothing was changed")
}

func TestAPI_applyRequestReturnsOnShutdown(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	stopping, stop := context.WithCancel(t.Context())
	defer stop()
	h := startWithOptions(t, &api.Options{Wait: time.Hour, Stopping: stopping})
	v := h.logIn(t, "root")
	_, err = h.Site.Host().Install(t.Context())
	require.NoError(t, err)
	h.saveAMI(t, silent.Addr().String())
	go func() {
		if conn, err := silent.Accept(); err == nil {
			defer func() { _ = conn.Close() }()
			stop()
			<-t.Context().Done()
		}
	}()
	accepted := v.call(t, http.MethodPost, "/config/apply", nil).requireStatus(t, http.StatusAccepted).decodeObject(t)
	require.Equal(t, false, accepted["done"])
	require.NoError(t, silent.Close())
}

func TestAPI_limitsChunkedBody(t *testing.T) {
	t.Parallel()
	v := startWithOptions(t, nil).logIn(t, "root")
	endless := io.MultiReader(strings.NewReader(`{"name":"`), strings.NewReader(strings.Repeat("a", 2<<20)))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.server.URL+"/api/v1/ami-accounts", endless)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+v.token)
	request.Header.Set("Content-Type", "application/json")
	response, body := servertest.Do(t, v.client, request)
	require.Equal(t, "too_large", (&apiResponse{response, body}).requireStatus(t, http.StatusRequestEntityTooLarge).problem(t).Code)
}
