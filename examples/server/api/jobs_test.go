package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/api"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAPI_syncDirectoryDryRunThenApply(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	path := "/directories/" + directoryName + "/sync"
	v.call(t, http.MethodGet, path, nil).requireStatus(t, http.StatusNotFound)
	v.call(t, http.MethodPost, "/directories/nowhere/sync", nil).requireStatus(t, http.StatusNotFound)

	planned := v.call(t, http.MethodPost, path, map[string]any{"dry_run": true}).requireStatus(t, http.StatusOK)
	require.Contains(t, planned.body, `"action":"create"`)
	v.call(t, http.MethodGet, "/users/ann", nil).requireStatus(t, http.StatusNotFound)
	done := v.call(t, http.MethodPost, path, nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Empty(t, done["problem"])
	require.Equal(t, "root", done["actor"])
	require.Equal(t, directoryName, v.call(t, http.MethodGet, "/users/ann", nil).requireStatus(t, http.StatusOK).decodeObject(t)["directory"])
	require.Equal(t, done, v.call(t, http.MethodGet, path, nil).requireStatus(t, http.StatusOK).decodeObject(t))
	require.Contains(t, v.call(t, http.MethodGet, "/directories", nil).requireStatus(t, http.StatusOK).body, `"users":2`)
}

func TestAPI_syncDirectoryLinksOneUser(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	path := "/directories/" + directoryName + "/sync"
	local := v.call(t, http.MethodPost, "/users", map[string]any{"username": "local"}).requireStatus(t, http.StatusCreated).decodeObject(t)
	var planned struct {
		Sync userman.SyncReport `json:"sync"`
	}
	require.NoError(t, json.Unmarshal([]byte(v.call(t, http.MethodPost, path, map[string]any{"dry_run": true}).body), &planned))
	entryID := planned.Sync.Steps[0].ExternalID
	adoption := map[string]any{"username": "local", "external_id": entryID}
	done := v.call(t, http.MethodPost, path, map[string]any{"adoption": adoption}).requireStatus(t, http.StatusOK)
	require.Contains(t, done.body, `"action":"adopt"`)
	require.NotContains(t, done.body, `"action":"create"`)
	var list struct {
		Items []map[string]any `json:"items"`
	}
	require.NoError(t, json.Unmarshal([]byte(v.call(t, http.MethodGet, "/users?directory="+directoryName, nil).body), &list))
	require.Len(t, list.Items, 1)
	require.Equal(t, local["id"], list.Items[0]["id"])
	require.Contains(t, v.call(t, http.MethodPost, path, map[string]any{"adoption": adoption}).requireStatus(t, http.StatusOK).body, "there is no such user")
}

// slowDirectory is a directory that waits to be released, or for the end.
type slowDirectory struct {
	fakeDirectory

	// started is closed when it is read, unless it is nil.
	started, released chan struct{}
}

func (o slowDirectory) Each(ctx context.Context, visit func(userman.DirectoryEntry) error) error {
	if o.started != nil {
		close(o.started)
	}
	select {
	case <-o.released:
		return o.fakeDirectory.Each(ctx, visit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestAPI_slowSyncReturnsAccepted(t *testing.T) {
	t.Parallel()
	slow := slowDirectory{released: make(chan struct{})}
	h := startWith(t, func(o *userman.Options) { o.Directories = append(o.Directories, slow) })
	v := h.withOptions(t, &api.Options{Wait: 10 * time.Millisecond}).logIn(t, "root")
	path := "/directories/" + directoryName + "/sync"
	job := v.call(t, http.MethodPost, path, nil).requireStatus(t, http.StatusAccepted).decodeObject(t)
	require.NotContains(t, job, "ended_at")
	require.Equal(t, "conflict", v.call(t, http.MethodPost, path, nil).requireStatus(t, http.StatusConflict).problem(t).Code)
	require.NotContains(t, v.call(t, http.MethodGet, path, nil).requireStatus(t, http.StatusOK).decodeObject(t), "ended_at")
	close(slow.released)
	require.Eventually(t, func() bool {
		return v.call(t, http.MethodGet, path, nil).decodeObject(t)["ended_at"] != nil
	}, 30*time.Second, 20*time.Millisecond)
	v.call(t, http.MethodGet, "/users/bob", nil).requireStatus(t, http.StatusOK)
}

func TestAPI_jobRequestReturnsOnShutdown(t *testing.T) {
	t.Parallel()
	slow := slowDirectory{started: make(chan struct{}), released: make(chan struct{})}
	h := startWith(t, func(o *userman.Options) { o.Directories = append(o.Directories, slow) })
	v := h.logIn(t, "root")
	stopped := make(chan struct{})
	go func() {
		<-slow.started
		h.Stop(t)
		close(stopped)
	}()
	job := v.call(t, http.MethodPost, "/directories/"+directoryName+"/sync", nil).requireStatus(t, http.StatusAccepted).decodeObject(t)
	require.NotContains(t, job, "ended_at")
	close(slow.released)
	<-stopped
}

func TestAPI_welcomeReportFollowsScope(t *testing.T) {
	t.Parallel()
	h := start(t)
	for username, extension := range map[string]string{"near": "100", "far": "200"} {
		_, err := h.Site.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: username, DefaultExtension: extension, Email: username + "@example.com"}})
		require.NoError(t, err)
	}
	v := h.logInScoped(t)
	const far = `"username":"far"`
	report := h.logIn(t, "root").call(t, http.MethodPost, "/welcome-mails", nil).requireStatus(t, http.StatusOK).body
	require.Contains(t, report, far)
	require.NotContains(t, v.call(t, http.MethodGet, "/welcome-mails", nil).requireStatus(t, http.StatusOK).body, far)
	require.NotContains(t, v.call(t, http.MethodPost, "/welcome-mails", nil).requireStatus(t, http.StatusOK).body, far)

	// The scope of the administrator who started the run counts as it is now.
	_, err := h.Site.Users.Update(t.Context(), "far", func(u *userman.User) error {
		u.DefaultExtension = "150"
		return nil
	})
	require.NoError(t, err)
	own := v.call(t, http.MethodPost, "/welcome-mails", nil).requireStatus(t, http.StatusOK).body
	require.Contains(t, own, far)
	_, err = h.Site.Users.Update(t.Context(), "far", func(u *userman.User) error {
		u.DefaultExtension = "200"
		return nil
	})
	require.NoError(t, err)
	own = v.call(t, http.MethodGet, "/welcome-mails", nil).requireStatus(t, http.StatusOK).body
	require.Contains(t, own, `"welcome":`)
	require.NotContains(t, own, far)
}
