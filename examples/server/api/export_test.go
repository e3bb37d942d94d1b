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

func TestAnExportIsOnePersonOnEachLine(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, username := range []string{"ann", "陳大文", "joe"} {
		h.person(t, userman.User{Username: username})
	}
	h.person(t, userman.User{Username: "gone"})
	require.NoError(t, h.Site.People.Delete(t.Context(), "gone"))
	exported := h.as(t, "root").call(t, http.MethodGet, "/user-export", nil).is(t, http.StatusOK)
	require.Equal(t, "application/x-ndjson", exported.Header.Get("Content-Type"))
	var names []string
	for lines := bufio.NewScanner(strings.NewReader(exported.body)); lines.Scan(); {
		var u userman.User
		require.NoError(t, json.Unmarshal(lines.Bytes(), &u))
		names = append(names, u.Username)
	}
	require.ElementsMatch(t, []string{"ann", "陳大文", "joe"}, names)
	kept, err := h.Site.Trail.List(t.Context(), audit.Query{Action: "export"})
	require.NoError(t, err)
	require.Len(t, kept.Items, 1, "it takes everybody's data out")
	require.Equal(t, "root", kept.Items[0].Actor.Name)
	require.Equal(t, "person", kept.Items[0].Kind)
}

// slowClient is a client that reads nothing until it is let.
type slowClient struct {
	*httptest.ResponseRecorder

	begun, let chan struct{}
}

func (c slowClient) Write(p []byte) (int, error) {
	c.begun <- struct{}{}
	<-c.let
	return c.ResponseRecorder.Write(p)
}

func TestExportsThatAreReadSlowlyLeaveTheDatabaseToOthers(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.person(t, userman.User{Username: "ann"})
	handler, token := h.handler(t, nil), h.as(t, "root").token
	export := func(w http.ResponseWriter) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/user-export", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		handler.ServeHTTP(w, request)
	}
	begun, let, ended := make(chan struct{}), make(chan struct{}), make(chan int)
	for range 2 {
		go func() {
			client := slowClient{httptest.NewRecorder(), begun, let}
			export(client)
			ended <- client.Code
		}()
	}
	<-begun
	<-begun
	refused := httptest.NewRecorder()
	export(refused)
	answered := (&answer{refused.Result(), refused.Body.String()}).is(t, http.StatusServiceUnavailable)
	require.Equal(t, "busy", answered.problem(t).Code)
	require.NotEmpty(t, answered.Header.Get("Retry-After"))
	close(let)
	for range 2 {
		require.Equal(t, http.StatusOK, <-ended)
	}
	later := httptest.NewRecorder()
	export(later)
	require.Equal(t, http.StatusOK, later.Code)
	require.Contains(t, later.Body.String(), `"ann"`)
}
