package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/api"
	"github.com/pbxusers/pbxusers/userman"
)

func TestASyncIsPlannedAndThenDone(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	at := "/directories/" + branch + "/sync"
	v.call(t, http.MethodGet, at, nil).is(t, http.StatusNotFound)
	v.call(t, http.MethodPost, "/directories/nowhere/sync", nil).is(t, http.StatusNotFound)

	planned := v.call(t, http.MethodPost, at, map[string]any{"dry_run": true}).is(t, http.StatusOK)
	require.Contains(t, planned.body, `"action":"create"`)
	v.call(t, http.MethodGet, "/users/ann", nil).is(t, http.StatusNotFound)
	done := v.call(t, http.MethodPost, at, nil).is(t, http.StatusOK).object(t)
	require.Empty(t, done["problem"])
	require.Equal(t, "root", done["actor"])
	require.Equal(t, branch, v.call(t, http.MethodGet, "/users/ann", nil).is(t, http.StatusOK).object(t)["directory"])
	require.Equal(t, done, v.call(t, http.MethodGet, at, nil).is(t, http.StatusOK).object(t))
	require.Contains(t, v.call(t, http.MethodGet, "/directories", nil).is(t, http.StatusOK).body, `"people":2`)
}

// slowOffice is a directory that waits to be released, or for the end.
type slowOffice struct {
	branchOffice

	// begun is closed when it is read, unless it is nil.
	begun, released chan struct{}
}

func (o slowOffice) Each(ctx context.Context, visit func(userman.Entry) error) error {
	if o.begun != nil {
		close(o.begun)
	}
	select {
	case <-o.released:
		return o.branchOffice.Each(ctx, visit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestASyncThatTakesLongGoesOn(t *testing.T) {
	t.Parallel()
	slow := slowOffice{released: make(chan struct{})}
	h := startWith(t, func(o *userman.Options) { o.Directories = append(o.Directories, slow) })
	v := h.alone(t, &api.Options{Wait: 10 * time.Millisecond}).as(t, "root")
	at := "/directories/" + branch + "/sync"
	begun := v.call(t, http.MethodPost, at, nil).is(t, http.StatusAccepted).object(t)
	require.NotContains(t, begun, "ended_at")
	require.Equal(t, "conflict", v.call(t, http.MethodPost, at, nil).is(t, http.StatusConflict).problem(t).Code)
	require.NotContains(t, v.call(t, http.MethodGet, at, nil).is(t, http.StatusOK).object(t), "ended_at")
	close(slow.released)
	require.Eventually(t, func() bool {
		return v.call(t, http.MethodGet, at, nil).object(t)["ended_at"] != nil
	}, 30*time.Second, 20*time.Millisecond)
	v.call(t, http.MethodGet, "/users/bob", nil).is(t, http.StatusOK)
}

func TestWhoWaitsForAJobIsAnsweredWhenTheServerStops(t *testing.T) {
	t.Parallel()
	slow := slowOffice{begun: make(chan struct{}), released: make(chan struct{})}
	h := startWith(t, func(o *userman.Options) { o.Directories = append(o.Directories, slow) })
	v := h.as(t, "root")
	stopped := make(chan struct{})
	go func() {
		<-slow.begun
		h.Stop(t)
		close(stopped)
	}()
	begun := v.call(t, http.MethodPost, "/directories/"+branch+"/sync", nil).is(t, http.StatusAccepted).object(t)
	require.NotContains(t, begun, "ended_at")
	close(slow.released)
	<-stopped
}

func TestWhoReachesSomeIsToldOfMailsToOthersNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	for username, extension := range map[string]string{"near": "100", "far": "200"} {
		_, err := h.Site.People.Create(t.Context(), userman.NewUser{User: &userman.User{Username: username, DefaultExtension: extension, Email: username + "@example.com"}})
		require.NoError(t, err)
	}
	all := h.as(t, "root").call(t, http.MethodPost, "/welcome-mails", nil).is(t, http.StatusOK)
	require.Contains(t, all.body, `"welcome":`)
	v := h.narrowed(t)
	require.NotContains(t, v.call(t, http.MethodGet, "/welcome-mails", nil).is(t, http.StatusOK).body, `"welcome":`)
	own := v.call(t, http.MethodPost, "/welcome-mails", nil).is(t, http.StatusOK)
	require.Contains(t, own.body, `"welcome":`)
	require.NotContains(t, own.body, `"far"`)
}
