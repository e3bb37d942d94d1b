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

// address fills the placeholders of a route.
func address(path string) string {
	return strings.NewReplacer("{username}", "root.admin", "{name}", "crmpro_ami", "{$}", "").Replace(path)
}

func TestWhatIsOutsideOfTheSectionsIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "nobody.yet"}, password)
	nobody := b.as("nobody.yet")
	refused := 0
	for _, rt := range web.Routes() {
		method, path, section := rt[0], address(rt[1]), rt[2]
		if section == "" {
			continue
		}
		request, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+path, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		response, page := servertest.Do(t, nobody.client, request)
		require.Equal(t, http.StatusForbidden, response.StatusCode, path)
		require.Contains(t, page, "<h1>Not allowed</h1>", path)
		require.Contains(t, page, "an administrator who may do everything can give it to you", path)
		require.Contains(t, page, `action="/logout"`, path)
		refused++
	}
	require.Greater(t, refused, 30)
	require.NotContains(t, nobody.get("/", http.StatusOK), `href="/managers"`)
}

func TestEverySectionOpensItsOwnPagesOnly(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	menu := map[string]string{
		"administrators": "/administrators", "people": "/people", "groups": "/groups", "managers": "/managers", ampusers.SectionApply: "/config", "audit": "/audit", "settings": "/settings",
	}
	for section, path := range menu {
		b.server.AddAdministrator(t, ampusers.Administrator{Username: "only." + section, Sections: []string{section}}, password)
		only := b.as("only." + section)
		page := only.get(path, http.StatusOK)
		for _, other := range menu {
			require.Equal(t, other == path, strings.Contains(page, `<li><a href="`+other+`"`), "%s for %s", other, section)
		}
	}
}

func TestNothingIsShownToThoseWhoHaveNotLoggedIn(t *testing.T) {
	t.Parallel()
	visitor := start(t, nil).stranger()
	for _, rt := range web.Routes() {
		method, path := rt[0], address(rt[1])
		if method == http.MethodGet {
			require.True(t, strings.HasPrefix(visitor.led(path), "/login"), path)
		} else {
			require.True(t, strings.HasPrefix(visitor.sent(path, nil), "/login"), path)
		}
	}
}

func TestInstallingNeedsTheGrantToApply(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "only.settings", Sections: []string{"settings"}}, password)
	only := b.as("only.settings")
	require.Contains(t, only.get("/settings/install", http.StatusOK), "an administrator who may apply")
	only.post("/settings/install", nil, http.StatusForbidden)
	_, err := b.server.Site.Managers.Get(t.Context(), "pbxusers")
	require.Error(t, err)
}

func TestWhatIsNoPageIsAnsweredWithOne(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, path := range []string{"/nowhere", "/managers/none/here", "/managers/unknown", "/administrators/unknown"} {
		require.Contains(t, b.get(path, http.StatusNotFound), "<h1>Not found</h1>", path)
	}
	require.Contains(t, b.stranger().get("/nowhere", http.StatusNotFound), `href="/login"`)
	require.Contains(t, b.get("/managers?sort=secret", http.StatusBadRequest), "Sort: sort by one of")

	response, page := b.server.Post(t, b.client, "/managers", nil)
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	require.Equal(t, "GET, HEAD", response.Header.Get("Allow"))
	require.Contains(t, page, "<h1>Not possible this way</h1>")

	large := url.Values{"note": {strings.Repeat("n", 1<<20)}}
	response, _ = b.server.Post(t, b.client, "/managers/new", large)
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
}

func TestAFormThatCannotBeReadChangesNothing(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/managers/new", strings.NewReader("name=%zz"))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, page := servertest.Do(t, b.client, request)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Contains(t, page, "Nothing was changed.")
}
