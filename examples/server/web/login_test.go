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
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestPages_loginRedirectsToRequestedPage(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	anonymous := b.anonymous()
	require.Equal(t, "/login", anonymous.getRedirect("/"))
	require.Equal(t, "/login?next=%2Fami-accounts%3Fsearch%3Dcrm", anonymous.getRedirect("/ami-accounts?search=crm"))

	page := anonymous.get("/login?next=%2Fami-accounts%3Fsearch%3Dcrm", http.StatusOK)
	form := url.Values{"username": {"root.admin"}, "password": {password}, "next": {anonymous.hiddenValue(page, "next")}}
	require.Equal(t, "/ami-accounts?search=crm", anonymous.postRedirect("/login", form))
	require.Contains(t, anonymous.get("/ami-accounts", http.StatusOK), "root.admin")
	require.Equal(t, "/", anonymous.getRedirect("/login"))
}

func TestPages_loginRejectsForeignRedirect(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)"} {
		anonymous := b.anonymous()
		page := anonymous.get("/login?next="+url.QueryEscape(next), http.StatusOK)
		require.NotContains(t, page, "evil")
		require.Equal(t, "/", anonymous.postRedirect("/login", url.Values{"username": {"root.admin"}, "password": {password}, "next": {next}}))
		require.Equal(t, "/", anonymous.getRedirect("/login?next="+url.QueryEscape(next)))
	}
}

func TestPages_failedLoginKeepsUsernameOnly(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	anonymous := b.anonymous()
	form := url.Values{"username": {`root"><b>`}, "password": {"wrong-secret-of-mine"}, "next": {"/audit"}}
	page := anonymous.post("/login", form, http.StatusUnprocessableEntity)
	require.Contains(t, page, `value="root&#34;&gt;&lt;b&gt;"`)
	require.NotContains(t, page, "wrong-secret-of-mine")
	require.Equal(t, "/audit", anonymous.hiddenValue(page, "next"))
	require.Contains(t, page, `role="alert"`)
}

func TestPages_loginExplainsAMIAccount(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.server.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: "crmpro_ami", Secret: store.NewSecret("a-secret-of-ami-1")})
	require.NoError(t, err)
	anonymous := b.anonymous()
	page := anonymous.post("/login", url.Values{"username": {"crmpro_ami"}, "password": {"a-secret-of-ami-1"}}, http.StatusUnprocessableEntity)
	require.Contains(t, page, "AMI account: it works for programs")
	page = anonymous.post("/login", url.Values{"username": {"crmpro_ami"}, "password": {"another-secret-1"}}, http.StatusUnprocessableEntity)
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

	require.Equal(t, "/login?next=%2Fami-accounts%2Fnew&notice=ended", jane.postRedirect("/ami-accounts/new", nil))
	require.Equal(t, "/login?next=%2Fami-accounts%2Fnew&notice=lost", jane.postRedirect("/ami-accounts/new", url.Values{"name": {"crm"}}), "without the token of a form")
	require.Contains(t, jane.get("/login?notice=ended", http.StatusOK), "Your session has ended.")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/config/banner", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Hx-Request", "true")
	response, _ := servertest.Do(t, jane.client, request)
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)
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

	anonymous, path := b.anonymous(), strings.TrimPrefix(link, b.server.URL)
	page := anonymous.get(path, http.StatusOK)
	require.Contains(t, page, "<strong>jane.admin</strong>")
	page = anonymous.post(path, url.Values{"password": {"short"}}, http.StatusUnprocessableEntity)
	anonymous.requireFieldError(page, "field-password")
	require.Equal(t, "/login", anonymous.postRedirect(path, url.Values{"password": {password}}))
	require.Contains(t, anonymous.get("/login", http.StatusOK), "Your password is set.")

	page = anonymous.get(path, http.StatusNotFound)
	require.Contains(t, page, "pbxctl admin recover")
	anonymous.post(path, url.Values{"password": {password + "-again"}}, http.StatusNotFound)
	require.Equal(t, "/", anonymous.postRedirect("/login", url.Values{"username": {"jane.admin"}, "password": {password}}))
}

func TestPages_wrongPasswordIsOneAuditEntry(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "root.admin"})
	b.createUser(userman.User{Username: "jane.roe"})
	for i, username := range []string{"root.admin", "jane.roe", "nobody"} {
		b.anonymous().post("/login", url.Values{"username": {username}, "password": {"wrong " + password}}, http.StatusUnprocessableEntity)
		entries, err := b.server.Site.AuditLog.List(t.Context(), audit.Query{Action: "login", Outcome: audit.Denied})
		require.NoError(t, err)
		require.Len(t, entries.Items, i+1)
		require.Equal(t, "administrator", entries.Items[0].Kind)
	}
}

func TestPages_loginBeginsWithUsername(t *testing.T) {
	t.Parallel()
	b := start(t, nil).anonymous()
	page := b.get("/login", http.StatusOK)
	require.Regexp(t, `<input [^>]*name="username"[^>]* autofocus`, page)
	require.NotContains(t, page, "(required)")
	require.NotContains(t, page, "All times are UTC.")
	failed := b.post("/login", url.Values{"username": {"root.admin"}, "password": {"wrong"}}, http.StatusUnprocessableEntity)
	require.Equal(t, 1, strings.Count(failed, "autofocus"), "the message has it")
}
