package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/examples/server/web"
)

// fillRoutePath fills the placeholders of a route.
func fillRoutePath(path string) string {
	return strings.NewReplacer("{username}", "root.admin", "{name}", "crmpro_ami", "{$}", "").Replace(path)
}

func TestPages_rejectAdministratorWithoutSection(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "nobody.yet"}, password)
	nobody := b.loginAs("nobody.yet")
	count := 0
	for _, rt := range web.Routes() {
		method, path, section := rt[0], fillRoutePath(rt[1]), rt[2]
		if section == "" {
			continue
		}
		request, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+path, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		response, page := servertest.Do(t, nobody.client, request)
		require.Equal(t, http.StatusForbidden, response.StatusCode, path)
		require.Contains(t, page, "<h1>Access denied</h1>", path)
		require.Contains(t, page, "ask a full administrator", path)
		require.Contains(t, page, `action="/logout"`, path)
		count++
	}
	require.Greater(t, count, 30)
	require.NotContains(t, nobody.get("/", http.StatusOK), `href="/ami-accounts"`)
}

func TestPages_sectionOpensOnlyItsPages(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	menu := map[string]string{
		"administrators": "/administrators", "users": "/users", "groups": "/groups", "ami-accounts": "/ami-accounts", ampusers.SectionApply: "/config", "audit": "/audit", "settings": "/settings",
	}
	for section, path := range menu {
		b.server.AddAdministrator(t, ampusers.Administrator{Username: "only." + section, Sections: []string{section}}, password)
		only := b.loginAs("only." + section)
		page := only.get(path, http.StatusOK)
		for _, other := range menu {
			require.Equal(t, other == path, strings.Contains(page, `<li><a class="side-link d-flex align-items-center gap-2 px-3 py-2 rounded text-decoration-none" href="`+other+`"`), "%s for %s", other, section)
		}
	}
}

func TestPages_requireLogin(t *testing.T) {
	t.Parallel()
	anonymous := start(t, nil).anonymous()
	for _, rt := range web.Routes() {
		method, path := rt[0], fillRoutePath(rt[1])
		if method == http.MethodGet {
			require.True(t, strings.HasPrefix(anonymous.getRedirect(path), "/login"), path)
		} else {
			require.True(t, strings.HasPrefix(anonymous.postRedirect(path, nil), "/login"), path)
		}
	}
}

func TestPages_installRequiresApplyRight(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "only.settings", Sections: []string{"settings"}}, password)
	only := b.loginAs("only.settings")
	require.Contains(t, only.get("/settings/install", http.StatusOK), "an administrator with access to Apply")
	only.post("/settings/install", nil, http.StatusForbidden)
	_, err := b.server.Site.AMIAccounts.Get(t.Context(), "pbxusers")
	require.Error(t, err)
}

func TestPages_errorsAreRenderedAsPages(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, path := range []string{"/nowhere", "/ami-accounts/none/here", "/ami-accounts/unknown", "/administrators/unknown"} {
		require.Contains(t, b.get(path, http.StatusNotFound), "<h1>Not found</h1>", path)
	}
	require.Contains(t, b.anonymous().get("/nowhere", http.StatusNotFound), `href="/login"`)
	require.Contains(t, b.get("/ami-accounts?sort=secret", http.StatusBadRequest), "Sort: sort by one of")

	response, page := b.server.Post(t, b.client, "/ami-accounts", nil)
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	require.Equal(t, "GET, HEAD", response.Header.Get("Allow"))
	require.Contains(t, page, "<h1>Method not allowed</h1>")

	large := url.Values{"note": {strings.Repeat("n", 1<<20)}}
	response, _ = b.server.Post(t, b.client, "/ami-accounts/new", large)
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
}

func TestPages_rejectMalformedForm(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/ami-accounts/new", strings.NewReader("name=%zz"))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, page := servertest.Do(t, b.client, request)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Contains(t, page, "Nothing was changed.")
}

func TestPages_errorsLeadToTheirList(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for path, link := range map[string]string{
		"/users/nobody-here": `href="/users">Users<`, "/groups/nobody-here": `href="/groups">Groups<`,
		"/ami-accounts/nobody-here": `href="/ami-accounts">AMI accounts<`, "/administrators/nobody-here": `href="/administrators">Administrators<`,
	} {
		page := b.get(path, http.StatusNotFound)
		require.Contains(t, page, `<a class="btn btn-primary" `+link, path)
		require.Contains(t, page, "Return to the list.", path)
	}
	require.Contains(t, b.get("/users?status=bad", http.StatusBadRequest), `<a class="btn btn-primary" href="/users">Users<`)
	nowhere := b.get("/nowhere", http.StatusNotFound)
	require.Contains(t, nowhere, `<a class="btn btn-primary" href="/">Overview<`)
	require.NotContains(t, nowhere, "Return to the list.")
}
