package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
)

func TestPages_hostileURLsGetErrorPage(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for path, status := range map[string]int{
		"/administrators/%00":                          http.StatusNotFound,
		"/administrators/%ff":                          http.StatusNotFound,
		"/administrators/a%2f..%2fb":                   http.StatusNotFound,
		"/ami-accounts/%00":                            http.StatusNotFound,
		"/ami-accounts/%ff%0d%0a":                      http.StatusNotFound,
		"/ami-accounts/check":                          http.StatusNotFound,
		"/set-password/%00":                            http.StatusNotFound,
		"/static/..%2fweb.go":                          http.StatusNotFound,
		"/ami-accounts?search=%00%ff&after=":           http.StatusOK,
		"/administrators?search=%00%ff":                http.StatusOK,
		"/administrators/root.admin?number=%00%ff":     http.StatusOK,
		"/audit?actor=%00%ff":                          http.StatusOK,
		"/audit?until=9999-12-31&since=0001-01-01":     http.StatusOK,
		"/ami-accounts?sort=-updated_at&after=x":       http.StatusBadRequest,
		"/ami-accounts?sort=secret":                    http.StatusBadRequest,
		"/administrators?sort=%3Cscript%3E":            http.StatusBadRequest,
		"/audit?outcome=bogus":                         http.StatusOK,
		"/config/run?known=-1":                         http.StatusSeeOther,
		"/administrators/" + strings.Repeat("x", 9999): http.StatusNotFound,
	} {
		response, page := b.server.Get(t, b.client, path)
		require.Equal(t, status, response.StatusCode, path)
		require.NotContains(t, page, "<script>")
		require.Equal(t, "no-store", response.Header.Get("Cache-Control"), path)
		if status == http.StatusBadRequest {
			folder, _, _ := strings.Cut(path, "?")
			label := map[string]string{"/ami-accounts": "AMI accounts", "/administrators": "Administrators"}[folder]
			require.Contains(t, page, `href="`+folder+`">`+label+`</a>`)
		}
	}
}

func TestPages_rejectOtherContentTypes(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	before, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	for _, kind := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", "", ";"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/ami-accounts/crmpro_ami/rotate", strings.NewReader("secret=a-secret-of-ami-1"))
		require.NoError(t, err)
		request.Header.Set("Content-Type", kind)
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		response, _ := servertest.Do(t, b.client, request)
		require.Equal(t, http.StatusUnsupportedMediaType, response.StatusCode, kind)
	}
	after, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	require.Equal(t, before.SecretChangedAt, after.SecretChangedAt)
}

func TestPages_administratorFormIgnoresUnknownFields(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"administrators"}}, password)
	jane := b.loginAs("jane.admin")
	version := jane.hiddenValue(jane.get("/administrators/jane.admin", http.StatusOK), "version")
	form := url.Values{"version": {version}, "access": {"full"}, "sections": {"administrators"}}
	jane.post("/administrators/jane.admin", form, http.StatusForbidden)
	form.Set("access", "limited")
	for _, name := range []string{"username", "has_password", "session_generation", "disabled", "HasSecondFactor", "Credentials.PasswordHash"} {
		form.Set(name, "1")
	}
	before, err := b.server.Site.Administrators.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	jane.postRedirect("/administrators/jane.admin", form)
	after, err := b.server.Site.Administrators.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	after.UpdatedAt = before.UpdatedAt
	require.Equal(t, before, after)
}

// A browser shows an emptied filter, and drops it when the form is sent.
func TestPages_accountFormRemovesEmptiedFilter(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := crmAccountForm()
	form["filter_action"], form["filter_event"] = []string{"exclude", "include", "exclude"}, []string{"Cdr", "", "Newexten"}
	form["filter_method"], form["filter_match"], form["filter_header"] = []string{"none", "none", "none"}, []string{"", "", ""}, []string{"", "", ""}
	b.postRedirect("/ami-accounts/new", form)
	page := b.get("/ami-accounts/crmpro_ami", http.StatusOK)
	require.Contains(t, page, `name="filter_event" value="Cdr"`)
	require.Contains(t, page, `name="filter_event" value="Newexten"`)
	form["filter_event"] = []string{"", "Newexten"}
	form.Set("version", b.hiddenValue(page, "version"))
	b.postRedirect("/ami-accounts/crmpro_ami", form)
	page = b.get("/ami-accounts/crmpro_ami", http.StatusOK)
	require.NotContains(t, page, `name="filter_event" value="Cdr"`)
	require.Contains(t, page, `name="filter_event" value="Newexten"`)
}

func TestPages_accountFormKeepsFilterAmongEmptyOnes(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := crmAccountForm()
	for i := range 200 {
		event := ""
		if i == 150 {
			event = "Cdr"
		}
		form.Add("filter_action", "exclude")
		form.Add("filter_event", event)
		form.Add("filter_method", "none")
	}
	b.postRedirect("/ami-accounts/new", form)
	u, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	require.Len(t, u.EventFilters, 1)
	for i := range 70 {
		form["filter_event"][i] = "Cdr"
	}
	form.Set("name", "another")
	require.Contains(t, b.post("/ami-accounts/new", form, http.StatusUnprocessableEntity), `href="#field-event_filters"`)
}

// A button inside the form must not update its version: saving it would then
// overwrite the changes of someone else.
func TestPages_statusErrorOnlyForApplyRight(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Settings: func(s *app.Settings) { s.ConfDir += "/manager.conf" }})
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin"}, password)
	for _, one := range []*browser{b, b.loginAs("jane.admin")} {
		banner := one.getFragment("/config/banner")
		require.Contains(t, banner, "The configuration status is unavailable.")
		require.NotContains(t, banner, "manager.conf")
	}
	require.Contains(t, b.getFragment("/config/banner"), `href="/config"`)
	require.Contains(t, b.get("/config", http.StatusOK), "manager.conf")
}

// Something may be typed in the page that asks for a part of itself.
func TestPages_liveCheckNeverLeadsAway(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	anonymous := b.anonymous()
	for method, path := range map[string]string{http.MethodPost: "/ami-accounts/check", http.MethodGet: "/config/banner"} {
		request, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+path, http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Hx-Request", "true")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		response, body := servertest.Do(t, anonymous.client, request)
		require.Equal(t, http.StatusUnauthorized, response.StatusCode)
		require.Empty(t, body)
		for name := range response.Header {
			require.NotContains(t, name, "Hx-")
		}
	}
}

func TestPages_loginRateLimitSetsRetryAfter(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	anonymous := b.anonymous()
	form := url.Values{"username": {"root.admin"}, "password": {"wrong"}}
	for range 100 {
		response, page := b.server.Post(t, anonymous.client, "/login", form)
		if response.StatusCode == http.StatusTooManyRequests {
			require.Regexp(t, `^[1-9][0-9]*$`, response.Header.Get("Retry-After"))
			require.Contains(t, page, `role="alert"`)
			return
		}
		require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	}
	require.Fail(t, "a hundred tries were let in")
}

func TestPages_unusualNamesHaveReachablePages(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, name := range []string{"..", "...", "a..", "jürgen", "new", "check", "a@b"} {
		response, _ := b.server.Post(t, b.client, "/administrators/new", url.Values{"username": {name}, "access": {"limited"}, "password": {password}})
		if response.StatusCode == http.StatusSeeOther {
			require.Contains(t, b.get(response.Header.Get("Location"), http.StatusOK), `name="display_name"`, name)
		}
	}
}
