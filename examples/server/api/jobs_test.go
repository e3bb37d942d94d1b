package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

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
