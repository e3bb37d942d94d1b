package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func TestPages_hostileUserURLsGetErrorPage(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	for path, status := range map[string]int{
		"/users/%00":                          http.StatusNotFound,
		"/users/%ff%0d%0a":                    http.StatusNotFound,
		"/users/a%2f..%2fb":                   http.StatusNotFound,
		"/users/" + strings.Repeat("x", 9999): http.StatusNotFound,
		"/users?search=%00%ff&group=%00%ff":   http.StatusOK,
		"/users?not_welcomed=%00%ff":          http.StatusOK,
		"/users?status=%3Cscript%3E":          http.StatusBadRequest,
		"/users?sort=%3Cscript%3E":            http.StatusBadRequest,
		"/users?sort=-last_name&after=x":      http.StatusBadRequest,
		"/users/new?extension=%3Cscript%3E":   http.StatusOK,
		"/users/jane.roe/tokens/%00":          http.StatusNotFound,
		"/users/jane.roe/tokens?after=%00%ff": http.StatusOK,
		"/users/jane.roe/mail/%00":            http.StatusNotFound,
		"/users/jane.roe/nothing":             http.StatusNotFound,
		"/users?status=deleted&search=%00%ff": http.StatusOK,
		"/users?status=deleted&sort=nonsense": http.StatusBadRequest,
		"/deleted-users/%00/restore":          http.StatusNotFound,
		"/deleted-users/x/purge":              http.StatusNotFound,
	} {
		response, page := b.server.Get(t, b.client, path)
		require.Equal(t, status, response.StatusCode, path)
		require.NotContains(t, page, "<script>", path)
		require.Equal(t, "no-store", response.Header.Get("Cache-Control"), path)
	}
}

func TestPages_userFormIgnoresUnknownFields(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	before := b.createUser(userman.User{Username: "jane.roe"})
	form := url.Values{"username": {"jane.roe"}, "version": {b.hiddenValue(b.get("/users/jane.roe", http.StatusOK), "version")}}
	for _, name := range []string{"id", "disabled", "directory", "external_id", "has_password", "permissions", "permissions.nonsense", "session_generation", "must_change_password"} {
		form.Set(name, "on")
	}
	b.postRedirect("/users/jane.roe", form)
	after := b.user("jane.roe")
	require.Equal(t, before.ID, after.ID)
	require.False(t, after.Disabled || after.HasPassword || after.MustChangePassword)
	require.Empty(t, after.Directory+after.ExternalID)
	require.Empty(t, after.Permissions)
}

func TestPages_userTextIsEscaped(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const marked = `<img src=x onerror=alert(1)>"'`
	_, err := b.server.Site.Users.Groups().Create(t.Context(), &userman.Group{Name: marked, Description: marked})
	require.NoError(t, err)
	b.createUser(userman.User{Username: "jane.roe", DisplayName: marked, Title: marked, Description: marked, Groups: []string{marked}, Email: "jane@example.com"})
	for _, path := range []string{
		"/users", "/users?search=" + url.QueryEscape(marked), "/users?group=" + url.QueryEscape(marked), "/users/jane.roe",
		"/users/jane.roe/tokens", "/users/jane.roe/password", "/users/jane.roe/delete", "/users/jane.roe/mail/welcome",
	} {
		require.NotContains(t, b.get(path, http.StatusOK), "<img src=x", path)
	}
}
