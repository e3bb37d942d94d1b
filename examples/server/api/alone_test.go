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

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/examples/server/api"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
)

// alone serves the API of a server with options of its own.
func alone(t *testing.T, opts *api.Options) *harness {
	t.Helper()
	return start(t).alone(t, opts)
}

func (h *harness) alone(t *testing.T, opts *api.Options) *harness {
	t.Helper()
	server := httptest.NewServer(h.handler(t, opts))
	t.Cleanup(server.Close)
	return &harness{Server: &servertest.Server{URL: server.URL, Site: h.Site, DataDir: h.DataDir}}
}

// handler is the API of a server with options of its own.
func (h *harness) handler(t *testing.T, opts *api.Options) http.Handler {
	t.Helper()
	gate, runner, work := access.New(h.Site, nil), applying.New(h.Site, nil), jobs.New(h.Site, nil)
	t.Cleanup(func() {
		require.NoError(t, work.Close(context.WithoutCancel(t.Context())))
		runner.Close()
	})
	return gate.Handler(api.New(h.Site, gate, runner, work, opts))
}

func TestAnAnswerIsKeptForADay(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	v := alone(t, &api.Options{Clock: func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }}).as(t, "root")
	body := map[string]any{"name": "crm"}
	made := v.call(t, http.MethodPost, "/managers", body, "Idempotency-Key", "k").is(t, http.StatusCreated).body
	passed.Store(int64(23 * time.Hour))
	require.Equal(t, made, v.call(t, http.MethodPost, "/managers", body, "Idempotency-Key", "k").is(t, http.StatusCreated).body)
	passed.Store(int64(25 * time.Hour))
	v.call(t, http.MethodPost, "/managers", body, "Idempotency-Key", "k").is(t, http.StatusConflict)
}

func TestAnApplyThatTakesLongGoesOn(t *testing.T) {
	t.Parallel()
	// It takes connections, and never greets.
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := alone(t, &api.Options{Wait: 50 * time.Millisecond})
	v := h.as(t, "root")
	_, err = h.Site.Install(t.Context())
	require.NoError(t, err)
	h.Site.Settings.AMI = silent.Addr().String()

	accepted := v.call(t, http.MethodPost, "/config/apply", nil).is(t, http.StatusAccepted).object(t)
	require.Equal(t, false, accepted["done"])
	v.call(t, http.MethodPost, "/config/apply", nil).is(t, http.StatusConflict)
	require.Equal(t, "root", v.call(t, http.MethodGet, "/config/run", nil).is(t, http.StatusOK).object(t)["started_by"])
	require.NoError(t, silent.Close())
	require.Eventually(t, func() bool {
		return v.call(t, http.MethodGet, "/config/run", nil).object(t)["done"] == true
	}, 30*time.Second, 50*time.Millisecond)
	require.Contains(t, v.call(t, http.MethodGet, "/config/run", nil).object(t)["failure"], "nothing was changed")
}

func TestWhoWaitsForAnApplyIsAnsweredWhenTheServerStops(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	stopping, stop := context.WithCancel(t.Context())
	defer stop()
	h := alone(t, &api.Options{Wait: time.Hour, Stopping: stopping})
	v := h.as(t, "root")
	_, err = h.Site.Install(t.Context())
	require.NoError(t, err)
	h.Site.Settings.AMI = silent.Addr().String()
	go func() {
		if conn, err := silent.Accept(); err == nil {
			defer func() { _ = conn.Close() }()
			stop()
			<-t.Context().Done()
		}
	}()
	accepted := v.call(t, http.MethodPost, "/config/apply", nil).is(t, http.StatusAccepted).object(t)
	require.Equal(t, false, accepted["done"])
	require.NoError(t, silent.Close())
}

func TestABodyThatDoesNotTellItsLengthIsBoundedToo(t *testing.T) {
	t.Parallel()
	v := alone(t, nil).as(t, "root")
	endless := io.MultiReader(strings.NewReader(`{"name":"`), strings.NewReader(strings.Repeat("a", 2<<20)))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.server.URL+"/api/v1/managers", endless)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+v.token)
	request.Header.Set("Content-Type", "application/json")
	response, body := servertest.Do(t, v.client, request)
	require.Equal(t, "too_large", (&answer{response, body}).is(t, http.StatusRequestEntityTooLarge).problem(t).Code)
}
