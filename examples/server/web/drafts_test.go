package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// submit sends a form with a token, and returns the page that shows the answer.
func (b *browser) submit(path string, form url.Values, status int) (page, shownAt string) {
	b.Helper()
	shownAt = b.postRedirect(path, form)
	return b.get(shownAt, status), shownAt
}

// typedIn sends a form in a session that has ended, and returns the page after the login.
func (b *browser) typedIn(form, path string, values url.Values) string {
	b.Helper()
	sent := b.withToken(form, values)
	require.NoError(b, b.server.Site.Administrators.EndSessions(b.Context(), "root.admin"))
	login := b.postRedirect(path, sent)
	require.Contains(b, login, "notice=kept")
	return b.get(b.logInAt(login, "root.admin"), http.StatusOK)
}

// logInAt logs in on a login page, and returns the next page.
func (b *browser) logInAt(login, username string) string {
	b.Helper()
	page := b.get(login, http.StatusOK)
	return b.postRedirect("/login", url.Values{"username": {username}, "password": {password}, "next": {b.hiddenValue(page, "next")}})
}

// requireFilled requires that the page has a control with each value.
func requireFilled(t *testing.T, page string, values url.Values) {
	t.Helper()
	for name, all := range values {
		for _, value := range all {
			named, escaped := `name="`+regexp.QuoteMeta(name)+`"`, regexp.QuoteMeta(html.EscapeString(strings.ReplaceAll(value, "\r\n", "\n")))
			patterns := []string{
				`<input[^>]*` + named + `[^>]*value="` + escaped + `"[^>]*>`, `<textarea[^>]*` + named + `[^>]*>\n?` + escaped + `</textarea>`,
				`(?s)<select[^>]*` + named + `[^>]*>(?:[^<]|</?option)*value="` + escaped + `" selected`,
			}
			found := ""
			for _, pattern := range patterns {
				if match := regexp.MustCompile(pattern).FindString(strings.ReplaceAll(page, "&#13;\n", "\n")); match != "" {
					found = match
				}
			}
			require.NotEmpty(t, found, "%s = %q", name, value)
			if strings.Contains(found, `type="checkbox"`) || strings.Contains(found, `type="radio"`) {
				require.Contains(t, found, "checked", "%s = %q", name, value)
			}
		}
	}
}

func TestPages_formComesBackAfterTheSessionHasEnded(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for form, values := range map[string]url.Values{
		"/users/new":                                   janeForm(),
		"/ami-accounts/new":                            crmAccountForm(),
		"/groups/new":                                  {"name": {`Sales "A" & <b>`}, "description": {"All in sales"}, "priority": {"7"}, "default": {"yes"}},
		"/administrators/new":                          {"username": {"jane.admin"}, "display_name": {"Jane"}, "sections": {"users", "groups"}},
		"/users/new?extension=4711":                    {"username": {"joan"}, "default_extension": {"4712"}, "onboarding": {"link"}},
		"/administrators/root.admin":                   {"display_name": {"Root"}},
		"/users/new?search=%3Cscript%3E&after=nothing": {"username": {`"><script>`}},
	} {
		path, _, _ := strings.Cut(form, "?")
		page := b.typedIn(form, path, values)
		require.Contains(t, page, "Your input is back, but it is not saved yet.", form)
		require.NotContains(t, page, "<script>")
		requireFilled(t, page, values)
		require.Equal(t, 1, strings.Count(page, "data-unsaved"), form)
		require.NotContains(t, page, "Nothing was saved")
	}
}

func TestPages_formComesBackWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	const typed = "a typed secret 4711"
	page := b.typedIn("/users/jane.roe/password", "/users/jane.roe/password", url.Values{"how": {"typed"}, "password": {typed}, "options": {"disable_tokens"}})
	requireFilled(t, page, url.Values{"how": {"typed"}, "options": {"disable_tokens"}})
	require.NotContains(t, page, typed)
	require.Contains(t, page, "Type again: New password. Secrets are not kept.")
	require.Regexp(t, `value="must_change"(?: aria-describedby="[a-z0-9_-]*")?>`, page, "what was not chosen is not chosen")
}

// The row of an event filter is there only if the form has it.
func TestPages_formComesBackWithItsRows(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	values := url.Values{
		"name": {"crm"}, "filter_action": {"include", "exclude"}, "filter_event": {"Newchannel", "Hangup"},
		"filter_header": {"Channel", ""}, "filter_method": {"starts_with", "none"}, "filter_match": {"PJSIP/", ""},
	}
	page := b.typedIn("/ami-accounts/new", "/ami-accounts/new", values)
	requireFilled(t, page, url.Values{"filter_event": {"Newchannel", "Hangup"}, "filter_header": {"Channel"}, "filter_match": {"PJSIP/"}})
}

// The form has the version of the record that was edited.
func TestPages_formComesBackWithItsConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe", FirstName: "Jane"})
	values := url.Values{"version": {b.hiddenValue(b.get("/users/jane.roe", http.StatusOK), "version")}, "first_name": {"Joan"}, "username": {"jane.roe"}}
	_, err := b.server.Site.Users.Update(t.Context(), "jane.roe", func(u *userman.User) error {
		u.FirstName = "Janet"
		return nil
	})
	require.NoError(t, err)
	page := b.typedIn("/users/jane.roe", "/users/jane.roe", values)
	values.Set("form_token", b.hiddenValue(page, "form_token"))
	require.Equal(t, values.Get("version"), b.hiddenValue(page, "version"))
	page, _ = b.submit("/users/jane.roe", values, http.StatusConflict)
	require.Contains(t, page, "<td>Janet</td><td>Joan</td>")
}

func TestPages_formIsOnlyForItsAdministratorAndBrowser(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "second.admin", Access: ampusers.Full}, password)
	sent := b.withToken("/users/new", janeForm())
	require.NoError(t, b.server.Site.Administrators.EndSessions(t.Context(), "root.admin"))
	login := b.postRedirect("/users/new", sent)
	next := b.logInAt(login, "second.admin")
	require.NotContains(t, b.get(next, http.StatusOK), "Knows the copier", "another administrator")
	require.NotContains(t, b.loginAs("root.admin").get(next, http.StatusOK), "Knows the copier", "another browser")
	b.postRedirect("/logout", nil)
	require.Contains(t, b.get(b.logInAt(login, "root.admin"), http.StatusOK), "Knows the copier")
}

func TestPages_formComesBackWhenTheAccountIsEnabledAgain(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "second.admin", Access: ampusers.Full}, password)
	second := b.loginAs("second.admin")
	sent := second.withToken("/users/new", janeForm())
	_, err := b.server.Site.Administrators.Disable(t.Context(), "second.admin")
	require.NoError(t, err)
	login := second.postRedirect("/users/new", sent)
	page := second.get(login, http.StatusOK)
	page = second.post("/login", url.Values{"username": {"second.admin"}, "password": {password}, "next": {b.hiddenValue(page, "next")}}, http.StatusUnprocessableEntity)
	next := b.hiddenValue(page, "next")
	_, err = b.server.Site.Administrators.Enable(t.Context(), "second.admin")
	require.NoError(t, err)
	next = second.postRedirect("/login", url.Values{"username": {"second.admin"}, "password": {password}, "next": {next}})
	requireFilled(t, second.get(next, http.StatusOK), janeForm())
}

func TestPages_formComesBackAfterRestart(t *testing.T) {
	t.Parallel()
	at := testclock.New()
	b := start(t, &servertest.Options{Clock: at.Now})
	sent := b.withToken("/users/new", janeForm())
	require.NoError(t, b.server.Site.Administrators.EndSessions(t.Context(), "root.admin"))
	login := b.postRedirect("/users/new", sent)
	b.server.Stop(t)
	restarted := servertest.Start(t, &servertest.Options{Clock: at.Now, DataDir: b.server.DataDir})
	from, err := url.Parse(b.server.URL)
	require.NoError(t, err)
	to, err := url.Parse(restarted.URL)
	require.NoError(t, err)
	b.client.Jar.SetCookies(to, b.client.Jar.Cookies(from))
	b.server = restarted
	next := b.logInAt(login, "root.admin")
	requireFilled(t, b.get(next, http.StatusOK), janeForm())
	at.Advance(25 * 60 * 60 * 1e9)
	require.NotContains(t, b.get(b.logInAt("/login?next="+url.QueryEscape(next), "root.admin"), http.StatusOK), "Knows the copier", "a day later")
}

// In another tab, the administrator has logged out, and another one has logged in.
func TestPages_formOfAnotherAdministratorIsNotSent(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "second.admin", Access: ampusers.Full}, password)
	sent := b.withToken("/users/new", janeForm())
	b.postRedirect("/logout", nil)
	b.logInAt("/login", "second.admin")
	page, shownAt := b.submit("/users/new", sent, http.StatusConflict)
	require.Contains(t, page, "Root.admin loaded this form, but you are logged in as another administrator.")
	require.NotContains(t, page, "Knows the copier")
	require.NotContains(t, b.get(shownAt, http.StatusConflict), "Knows the copier")
	_, err := b.server.Site.Users.Get(t.Context(), "jane.roe")
	require.ErrorIs(t, err, store.ErrNotFound)

	login := b.postRedirect("/logout", url.Values{"next": {b.hiddenValue(page[strings.LastIndex(page, "/logout"):], "next")}})
	requireFilled(t, b.get(b.logInAt(login, "root.admin"), http.StatusOK), janeForm())
}

// A browser can reload the answer, and go back to it.
func TestPages_answerToFormIsAPage(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	form := b.withToken("/users/new", janeForm())
	page, shownAt := b.submit("/users/new", form, http.StatusUnprocessableEntity)
	require.True(t, strings.HasPrefix(shownAt, "/users/new?answer="), shownAt)
	b.requireFieldError(page, "field-username")
	require.Equal(t, page, b.get(shownAt, http.StatusUnprocessableEntity))

	other := b.loginAs("root.admin")
	require.NotContains(t, other.get(shownAt, http.StatusOK), "Knows the copier", "the cookie of the browser is missing")
	require.NoError(t, b.server.Site.Administrators.EndSessions(t.Context(), "root.admin"))
	filled := b.get(b.logInAt(b.getRedirect(shownAt), "root.admin"), http.StatusOK)
	requireFilled(t, filled, janeForm())

	page, shownAt = b.submit("/settings/asterisk/test", b.withToken("/settings/asterisk", nil), http.StatusOK)
	require.Contains(t, page, "No Asterisk is configured")
	require.Equal(t, page, b.get(shownAt, http.StatusOK))
	page, shownAt = b.submit("/account/password", b.withToken("/account", url.Values{"current_password": {"wrong"}, "password": {password}}), http.StatusUnprocessableEntity)
	require.True(t, strings.HasPrefix(shownAt, "/account?answer="), shownAt)
	require.NotContains(t, page, password)
}

func TestPages_errorPageLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "second.admin", Sections: []string{"users"}}, password)
	second := b.loginAs("second.admin")
	form := second.withToken("/users/new", janeForm())
	_, err := b.server.Site.Administrators.Update(t.Context(), "second.admin", func(a *ampusers.Administrator) error {
		a.Sections = nil
		return nil
	})
	require.NoError(t, err)
	page, shownAt := second.submit("/users/new", form, http.StatusForbidden)
	require.Contains(t, page, "<dt>Description</dt><dd class=\"long\">Knows the copier</dd>")
	require.Equal(t, page, second.get(shownAt, http.StatusForbidden))
	require.Contains(t, second.get(strings.Replace(shownAt, "answer=", "draft=", 1), http.StatusForbidden), "Knows the copier")
	_, err = b.server.Site.Administrators.Update(t.Context(), "second.admin", func(a *ampusers.Administrator) error {
		a.Sections = []string{"users"}
		return nil
	})
	require.NoError(t, err)
	requireFilled(t, second.get(shownAt, http.StatusOK), janeForm())

	b.createUser(userman.User{Username: "john"})
	form = b.withToken("/users/john", url.Values{"description": {"a long text <b>"}, "version": {"x"}, "username": {"john"}})
	require.NoError(t, b.server.Site.Users.Delete(t.Context(), "john"))
	page, _ = b.submit("/users/john", form, http.StatusNotFound)
	require.Contains(t, page, "<dt>Description</dt><dd class=\"long\">a long text &lt;b&gt;</dd>")
	require.NotContains(t, page, "Return to the form")
}

// A stranger cannot fill the database.
func TestPages_strangersKeepNoForms(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	visitor := b.anonymous()
	form := visitor.withToken("/login", janeForm())
	require.Equal(t, "/login?next=%2Fusers%2Fnew&notice=lost", visitor.postRedirect("/users/new", form))
	form.Set("form_token", "nonsense")
	require.Equal(t, "/login?next=%2Fusers%2Fnew&notice=lost", visitor.postRedirect("/users/new", form))
	form = b.withToken("/users/new", janeForm())
	form.Set("description", strings.Repeat("x", 9000))
	require.Equal(t, "/login?next=%2Fusers%2Fnew&notice=lost", visitor.postRedirect("/users/new", form), "too large for a visitor")
}
