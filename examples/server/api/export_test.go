package api_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAPI_exportUsersAsJSONLines(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, username := range []string{"ann", "陳大文", "joe"} {
		h.createUser(t, userman.User{Username: username})
	}
	h.createUser(t, userman.User{Username: "gone"})
	require.NoError(t, h.Site.Users.Delete(t.Context(), "gone"))
	exported := h.logIn(t, "root").call(t, http.MethodPost, "/users/export", nil).requireStatus(t, http.StatusOK)
	require.Equal(t, "application/x-ndjson", exported.Header.Get("Content-Type"))
	var names []string
	for lines := bufio.NewScanner(strings.NewReader(exported.body)); lines.Scan(); {
		var u userman.User
		require.NoError(t, json.Unmarshal(lines.Bytes(), &u))
		names = append(names, u.Username)
	}
	require.ElementsMatch(t, []string{"ann", "陳大文", "joe"}, names)
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Action: "export"})
	require.NoError(t, err)
	require.Len(t, entries.Items, 1, "it takes everybody's data out")
	require.Equal(t, "root", entries.Items[0].Actor.Name)
	require.Equal(t, "user", entries.Items[0].Kind)
}

// slowClient is a client that reads nothing until it is let.
type slowClient struct {
	*httptest.ResponseRecorder

	started, release chan struct{}
}

func (c slowClient) Write(p []byte) (int, error) {
	c.started <- struct{}{}
	<-c.release
	return c.ResponseRecorder.Write(p)
}

func TestAPI_limitsConcurrentExports(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.createUser(t, userman.User{Username: "ann"})
	handler, token := h.handler(t, nil), h.logIn(t, "root").token
	export := func(w http.ResponseWriter) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/users/export", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		handler.ServeHTTP(w, request)
	}
	started, release, ended := make(chan struct{}), make(chan struct{}), make(chan int)
	for range 2 {
		go func() {
			client := slowClient{httptest.NewRecorder(), started, release}
			export(client)
			ended <- client.Code
		}()
	}
	<-started
	<-started
	recorder := httptest.NewRecorder()
	export(recorder)
	answered := (&apiResponse{recorder.Result(), recorder.Body.String()}).requireStatus(t, http.StatusServiceUnavailable)
	require.Equal(t, "busy", answered.problem(t).Code)
	require.NotEmpty(t, answered.Header.Get("Retry-After"))
	close(release)
	for range 2 {
		require.Equal(t, http.StatusOK, <-ended)
	}
	later := httptest.NewRecorder()
	export(later)
	require.Equal(t, http.StatusOK, later.Code)
	require.Contains(t, later.Body.String(), `"ann"`)
}
