package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestPages_loginRedirectsToRequestedPage(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	visitor := b.anonymous()
	require.Equal(t, "/login", visitor.getRedirect("/"))
	require.Equal(t, "/login?next=%2Fami-accounts%3Fsearch%3Dcrm", visitor.getRedirect("/ami-accounts?search=crm"))

	page := visitor.get("/login?next=%2Fami-accounts%3Fsearch%3Dcrm", http.StatusOK)
	form := url.Values{"username": {"root.admin"}, "password": {password}, "next": {visitor.hiddenValue(page, "next")}}
	require.Equal(t, "/ami-accounts?search=crm", visitor.postRedirect("/login", form))
	require.Contains(t, visitor.get("/ami-accounts", http.StatusOK), "root.admin")
	require.Equal(t, "/", visitor.getRedirect("/login"))
}

func TestPages_loginRejectsForeignRedirect(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)"} {
		visitor := b.anonymous()
		page := visitor.get("/login?next="+url.QueryEscape(next), http.StatusOK)
		require.NotContains(t, page, "evil")
		require.Equal(t, "/", visitor.postRedirect("/login", url.Values{"username": {"root.admin"}, "password": {password}, "next": {next}}))
		require.Equal(t, "/", visitor.getRedirect("/login?next="+url.QueryEscape(next)))
	}
}

func TestPages_failedLoginKeepsUsernameOnly(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	visitor := b.anonymous()
	form := url.Values{"username": {`root"><b>`}, "password": {"wrong-secret-of-mine"}, "next": {"/audit"}}
	page := visitor.post("/login", form, http.StatusUnprocessableEntity)
	require.Contains(t, page, `value="root&#34;&gt;&lt;b&gt;"`)
	require.NotContains(t, page, "wrong-secret-of-mine")
	require.Equal(t, "/audit", visitor.hiddenValue(page, "next"))
	require.Contains(t, page, `role="alert"`)
}

func TestPages_loginExplainsAMIAccount(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.server.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: "crmpro_ami", Secret: store.NewSecret("a-secret-of-ami-1")})
	require.NoError(t, err)
	visitor := b.anonymous()
	page := visitor.post("/login", url.Values{"username": {"crmpro_ami"}, "password": {"a-secret-of-ami-1"}}, http.StatusUnprocessableEntity)
	require.Contains(t, page, "AMI account: it works for programs")
	page = visitor.post("/login", url.Values{"username": {"crmpro_ami"}, "password": {"another-secret-1"}}, http.StatusUnprocessableEntity)
	require.NotContains(t, page, "it works for programs")
}

func TestPages_logoutEndsSession(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Equal(t, "/login?notice=logged_out", b.postRedirect("/logout", nil))
	require.Contains(t, b.get("/login?notice=logged_out", http.StatusOK), "You have logged out.")
	require.Contains(t, b.getRedirect("/ami-accounts"), "/login?next=%2Fami-accounts")
}

func TestPages_expiredSessionShowsNotice(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"ami-accounts"}}, password)
	jane := b.loginAs("jane.admin")
	require.NoError(t, b.server.Site.Administrators.EndSessions(t.Context(), "jane.admin"))

	require.Equal(t, "/login?next=%2Fami-accounts%2Fnew&notice=ended", jane.postRedirect("/ami-accounts/new", url.Values{"name": {"crm"}}))
	require.Contains(t, jane.get("/login?notice=ended", http.StatusOK), "Your session has ended.")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/config/banner", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Hx-Request", "true")
	response, _ := servertest.Do(t, jane.client, request)
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)
	require.True(t, strings.HasPrefix(response.Header.Get("Hx-Redirect"), "/login"), response.Header)
}

func TestPages_setPasswordLinkWorksOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.server.Site.Administrators.Create(t.Context(), &ampusers.Administrator{Username: "jane.admin"}, store.Secret{})
	require.NoError(t, err)
	require.Equal(t, "/administrators/jane.admin/invite", b.postRedirect("/administrators/jane.admin/invite", nil))
	link := copyableText(b.get("/administrators/jane.admin/invite", http.StatusOK), "link")
	require.True(t, strings.HasPrefix(link, b.server.URL+"/set-password/"), link)
	require.Empty(t, copyableText(b.get("/administrators/jane.admin/invite", http.StatusOK), "link"))

	visitor, path := b.anonymous(), strings.TrimPrefix(link, b.server.URL)
	page := visitor.get(path, http.StatusOK)
	require.Contains(t, page, "<strong>jane.admin</strong>")
	page = visitor.post(path, url.Values{"password": {"short"}}, http.StatusUnprocessableEntity)
	visitor.requireFieldError(page, "field-password")
	require.Equal(t, "/login", visitor.postRedirect(path, url.Values{"password": {password}}))
	require.Contains(t, visitor.get("/login", http.StatusOK), "Your password is set.")

	page = visitor.get(path, http.StatusNotFound)
	require.Contains(t, page, "pbxctl admin recover")
	visitor.post(path, url.Values{"password": {password + "-again"}}, http.StatusNotFound)
	require.Equal(t, "/", visitor.postRedirect("/login", url.Values{"username": {"jane.admin"}, "password": {password}}))
}
