package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// crmAccountForm is the form of an account for a CRM.
func crmAccountForm() url.Values {
	return url.Values{
		"name": {"crmpro_ami"}, "permit": {"10.0.0.0/8\r\n192.0.2.7"}, "read": {"call", "user"}, "write": {"call", "originate"},
		"allow_multiple_login": {"yes"}, "write_timeout": {"100"}, "owner": {"Sales"}, "note": {"Click to call.\r\nAsk Jane."},
	}
}

func TestPages_accountCreateNeedsConfigurationFolder(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NoError(t, os.Remove(filepath.Join(b.server.Site.Settings.ConfDir, "manager.conf")))
	page := b.post("/ami-accounts/new", crmAccountForm(), http.StatusConflict)
	require.Contains(t, page, "The configuration folder of Asterisk cannot be read")
	require.Contains(t, page, `value="crmpro_ami"`, "the form keeps the input")
}

func TestPages_accountCreateShowsSecretOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/ami-accounts", http.StatusOK), "There are no AMI accounts yet.")
	require.Equal(t, "/ami-accounts/crmpro_ami/secret", b.postRedirect("/ami-accounts/new", crmAccountForm()))

	page := b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK)
	secret := copyableText(page, "secret")
	authentic, err := b.server.Site.AMIAccounts.VerifySecret(t.Context(), "crmpro_ami", store.NewSecret(secret))
	require.NoError(t, err)
	require.True(t, authentic)
	require.Equal(t, "nc 127.0.0.1 5038", copyableText(page, "command"))
	require.Equal(t, "Action: Login\nUsername: crmpro_ami\nSecret: "+secret+"\n\n", copyableText(page, "login"))

	page = b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK)
	require.NotContains(t, page, secret)
	require.Contains(t, page, "cannot be shown again")

	u, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	require.Equal(t, "Click to call.\nAsk Jane.", u.Note)
	require.Equal(t, "call,originate", u.Write.String())
	require.Len(t, u.Permit, 2)
	require.Contains(t, b.get("/ami-accounts", http.StatusOK), ">crmpro_ami<")
}

func TestPages_accountRotateShowsSecretOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	first := copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret")
	require.Contains(t, b.get("/ami-accounts/crmpro_ami/rotate", http.StatusOK), "The old one no longer works")
	b.requireFieldError(b.post("/ami-accounts/crmpro_ami/rotate", url.Values{"secret": {"short"}}, http.StatusUnprocessableEntity), "field-secret")
	require.Equal(t, "/ami-accounts/crmpro_ami/secret", b.postRedirect("/ami-accounts/crmpro_ami/rotate", nil))
	second := copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret")
	require.NotEmpty(t, second)
	require.NotEqual(t, first, second)
}

func TestPages_secretBelongsToItsAccount(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", url.Values{"name": {"first"}})
	b.postRedirect("/ami-accounts/new", url.Values{"name": {"second"}})
	first := copyableText(b.get("/ami-accounts/first/secret", http.StatusOK), "secret")
	second := copyableText(b.get("/ami-accounts/second/secret", http.StatusOK), "secret")
	require.NotEmpty(t, first)
	require.NotEmpty(t, second)
	require.NotEqual(t, first, second)
	require.Empty(t, copyableText(b.get("/ami-accounts/first/secret", http.StatusOK), "secret"))
}

func TestPages_accountFieldErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := crmAccountForm()
	form.Set("name", "bad name")
	form.Set("secret", "short-one")
	form.Set("permit", "10.0.0.0/8\n\nnonsense<b>")
	form.Set("write_timeout", "soon")
	form["filter_action"], form["filter_event"] = []string{"exclude", "exclude"}, []string{"", "Bad Event"}
	form["filter_method"], form["filter_match"], form["filter_header"] = []string{"none", "none"}, []string{"", ""}, []string{"", ""}
	page := b.post("/ami-accounts/new", form, http.StatusUnprocessableEntity)
	for _, id := range []string{"field-name", "field-secret", "field-permit", "field-write_timeout", "field-event_filters-0-event"} {
		b.requireFieldError(page, id)
	}
	require.Contains(t, page, "“nonsense&lt;b&gt;”: ")
	require.Contains(t, page, "nonsense&lt;b&gt;</textarea>")
	require.NotContains(t, page, "short-one")
	require.Contains(t, page, `name="write" value="originate" checked`)

	b.postRedirect("/ami-accounts/new", crmAccountForm())
	again := crmAccountForm()
	again.Set("name", "CRMPRO_ami")
	b.requireFieldError(b.post("/ami-accounts/new", again, http.StatusUnprocessableEntity), "field-name")
}

// Without scripts a link fills in a preset, so that no form is sent again.
func TestPages_accountPresetWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/ami-accounts/new", http.StatusOK), `<a href="?preset=queue-dashboard">`)
	page := b.get("/ami-accounts/new?preset=queue-dashboard", http.StatusOK)
	require.Contains(t, page, `name="read" value="agent" checked`)
	require.Contains(t, page, `value="queue-dashboard" data-preset="`)
	b.get("/ami-accounts/new?preset=nonsense", http.StatusBadRequest)
	form := b.recordForm(page)
	form.Set("name", "wallboard")
	b.postRedirect("/ami-accounts/new", form)
	u, err := b.server.Site.AMIAccounts.Get(t.Context(), "wallboard")
	require.NoError(t, err)
	require.Equal(t, "call,agent", u.Read.String())
	require.Zero(t, u.Write)
}

func TestPages_accountFormHasNoCellsWithoutEffect(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	page := b.get("/ami-accounts/new", http.StatusOK)
	require.NotContains(t, page, `name="write" value="cdr"`)
	require.Contains(t, page, `name="read" value="cdr"`)
	_, err := b.server.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: "odd", Write: manager.CDR})
	require.NoError(t, err)
	require.Contains(t, b.get("/ami-accounts/odd", http.StatusOK), `name="write" value="cdr" checked`)
}

func TestPages_accountWarningsWhileTyping(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	found := map[string][]string{}
	answer := b.post("/ami-accounts/check", url.Values{"write": {"originate"}, "permit": {"10.0.0.1"}, "deny": {"10.0.0.1"}}, http.StatusOK)
	require.NoError(t, json.Unmarshal([]byte(answer), &found))
	require.Contains(t, found["write"][0], "The account can start calls but not redirect or hang them up")
	require.Contains(t, found["deny"][2], "“10.0.0.1”: this has no effect")
	require.NotContains(t, found, "read")
	page := b.post("/ami-accounts/new", url.Values{"name": {"-"}, "write": {"command"}}, http.StatusUnprocessableEntity)
	require.Regexp(t, `(?s)data-warnings="write"><span>With command the account can take over the whole PBX`, page)
}

func TestPages_accountWarnsOfUnknownNamedACL(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NoError(t, os.WriteFile(filepath.Join(b.server.Site.Settings.ConfDir, "acl.conf"), []byte("[office]\ndeny = 0.0.0.0/0\n"), 0o600))
	const warning = "this list, so nobody could log in"
	require.Contains(t, b.post("/ami-accounts/check", url.Values{"named_acl": {"offices"}}, http.StatusOK), warning)
	require.NotContains(t, b.post("/ami-accounts/check", url.Values{"named_acl": {"office"}}, http.StatusOK), warning)
	form := crmAccountForm()
	form.Set("named_acl", "offices")
	b.postRedirect("/ami-accounts/new", form)
	_, page := b.server.Get(t, b.client, "/ami-accounts/"+form.Get("name"))
	require.Contains(t, page, warning)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/api/v1/ami-accounts/"+form.Get("name"), http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+b.server.Token(t, "root.admin", password))
	_, body := servertest.Do(t, b.client, request)
	require.Contains(t, body, warning)
}

func TestPages_accountEditConflict(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	page := b.get("/ami-accounts/crmpro_ami", http.StatusOK)
	_, err := b.server.Site.AMIAccounts.Update(t.Context(), "crmpro_ami", func(u *manager.Account) error {
		u.Owner, u.Write = "Theirs", manager.Call
		return nil
	})
	require.NoError(t, err)
	form := crmAccountForm()
	form.Set("owner", "Mine")
	form.Set("version", b.hiddenValue(page, "version"))
	page = b.post("/ami-accounts/crmpro_ami", form, http.StatusConflict)
	require.Contains(t, page, "<td>Theirs</td><td>Mine</td>")
	require.Contains(t, page, "<td>call</td><td>call, originate</td>")
	require.NotContains(t, page, `<th scope="row">Note</th>`)
	form.Set("version", b.hiddenValue(page, "version"))
	require.Equal(t, "/ami-accounts/crmpro_ami", b.postRedirect("/ami-accounts/crmpro_ami", form))
	u, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	require.Equal(t, "Mine", u.Owner)
}

func TestPages_accountFormRoundTrip(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	before, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	form := crmAccountForm()
	form.Set("version", b.hiddenValue(b.get("/ami-accounts/crmpro_ami", http.StatusOK), "version"))
	b.postRedirect("/ami-accounts/crmpro_ami", form)
	after, err := b.server.Site.AMIAccounts.Get(t.Context(), "crmpro_ami")
	require.NoError(t, err)
	after.UpdatedAt = before.UpdatedAt
	require.Equal(t, before, after)
}

func TestPages_accountLifecycle(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	b.postRedirect("/ami-accounts/crmpro_ami/disable", nil)
	require.Contains(t, b.get("/ami-accounts/crmpro_ami", http.StatusOK), `action="/ami-accounts/crmpro_ami/enable"`)
	b.postRedirect("/ami-accounts/crmpro_ami/enable", nil)
	require.Contains(t, b.get("/ami-accounts/crmpro_ami/delete", http.StatusOK), "The next apply removes the account from Asterisk")
	require.Equal(t, "/ami-accounts", b.postRedirect("/ami-accounts/crmpro_ami/delete", nil))
	b.get("/ami-accounts/crmpro_ami", http.StatusNotFound)
}

func TestPages_accountProbeWithoutAsterisk(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	page := b.post("/ami-accounts/crmpro_ami/probe", nil, http.StatusOK)
	require.Contains(t, page, "No Asterisk is connected.")
	require.Contains(t, page, "<html")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/ami-accounts/crmpro_ami/probe", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Hx-Request", "true")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, part := servertest.Do(t, b.client, request)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NotContains(t, part, "<html")
	require.Contains(t, part, "Login failed.")
}

func TestPages_accountTextIsEscaped(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	const hostile = `"><script>alert(1)</script>`
	_, err := b.server.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: "hostile", Owner: hostile, Note: hostile})
	require.NoError(t, err)
	for _, path := range []string{"/ami-accounts", "/ami-accounts/hostile", "/audit", "/ami-accounts?search=" + url.QueryEscape(hostile), "/administrators?search=" + url.QueryEscape(hostile)} {
		page := b.get(path, http.StatusOK)
		require.NotContains(t, page, "<script>", path)
		require.Contains(t, strings.ReplaceAll(page, "&#34;", `"`), `"&gt;&lt;script&gt;`, path)
	}
}

func TestPages_classesWithoutEffectAreLeftOut(t *testing.T) {
	t.Parallel()
	page := start(t, nil).get("/ami-accounts/new", http.StatusOK)
	require.Contains(t, page, `data-label="Read"><label class="form-check"><input class="form-check-input" type="checkbox" name="read" value="call"`)
	require.NotContains(t, page, `<th role="rowheader" scope="row">verbose</th>`)
	require.Less(t, strings.Index(page, `name="preset"`), strings.Index(page, `name="name"`), "the preset comes first")
}
