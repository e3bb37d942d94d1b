package web_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
)

// settingsForm returns the fields of a page of settings that a test changes.
func (b *browser) settingsForm(path string, pairs ...string) url.Values {
	b.Helper()
	form := url.Values{"version": {b.hiddenValue(b.get(path, http.StatusOK), "version")}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func TestPages_settingsAreInEffectWithoutRestart(t *testing.T) {
	t.Parallel()
	b, mail := start(t, nil), smtp.Start(t, nil)
	typed := b.settingsForm("/settings/mail", "smtp", mail.Addr, "smtp_security", "none", "smtp_from", "pbx@example.com", "to", "jane@example.org")
	require.Contains(t, b.post("/settings/mail/test", typed, http.StatusOK), "Sent.", "what is typed is tested")
	require.Equal(t, []string{"jane@example.org"}, mail.Receive(t).To)
	require.False(t, b.server.Site.MailStatus().Configured, "and not saved")

	require.Equal(t, "/settings/mail", b.postRedirect("/settings/mail", typed))
	page := b.get("/settings/mail", http.StatusOK)
	require.Contains(t, page, "Saved. The settings are in effect.")
	require.Contains(t, page, `value="`+mail.Addr+`"`)
	require.Contains(t, b.post("/settings/mail/test", url.Values{"to": {"joan@example.org"}}, http.StatusOK), "Sent.")
	require.Equal(t, []string{"joan@example.org"}, mail.Receive(t).To)

	require.Equal(t, "/settings/general", b.postRedirect("/settings/general", b.settingsForm("/settings", "product", "ACME Telephony")))
	require.Equal(t, "ACME Telephony", b.server.Site.Current().Users.Product)
	b.postRedirect("/settings/general", b.settingsForm("/settings", "product", "pbxusers"))
	setting, _, err := b.server.Site.FindSetting(t.Context(), "product")
	require.NoError(t, err)
	require.Equal(t, app.SourceDefault, setting.Source.Kind, "the default is not saved")
}

func TestPages_settingsKeepSecrets(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	server := []string{"smtp", "127.0.0.1:1", "smtp_security", "none", "smtp_from", "pbx@example.com", "smtp_user", "pbx"}
	b.postRedirect("/settings/mail", b.settingsForm("/settings/mail", append(server, "smtp_password", "hush-hush")...))
	page := b.get("/settings/mail", http.StatusOK)
	require.NotContains(t, page, "hush-hush")
	require.Contains(t, page, "One is saved.")
	b.postRedirect("/settings/mail", b.settingsForm("/settings/mail", append(server, "smtp_password", "")...))
	require.Equal(t, "hush-hush", b.server.Site.Current().SMTP.Password.Reveal(), "empty keeps it")

	server[1] = "127.0.0.2:1"
	for _, path := range []string{"/settings/mail", "/settings/mail/test"} {
		page = b.post(path, b.settingsForm("/settings/mail", append(server, "to", "jane@example.org")...), http.StatusUnprocessableEntity)
		b.requireFieldError(page, "field-smtp_password")
		require.Contains(t, page, `value="127.0.0.2:1"`, "what was typed is kept")
		require.NotContains(t, page, "hush-hush")
	}
	require.Equal(t, "127.0.0.1:1", b.server.Site.Current().SMTP.Address)
	b.postRedirect("/settings/mail", b.settingsForm("/settings/mail", "smtp_user", "", "remove.smtp_password", "yes"))
	require.True(t, b.server.Site.Current().SMTP.Password.IsZero())
}

func TestPages_settingsRejectStaleForm(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	stale := b.settingsForm("/settings", "product", "Mine")
	b.postRedirect("/settings/general", b.settingsForm("/settings", "product", "Theirs"))
	page := b.post("/settings/general", stale, http.StatusConflict)
	require.Contains(t, page, "saved by another administrator")
	require.Contains(t, page, `value="Mine"`)
	require.Equal(t, "Theirs", b.server.Site.Current().Users.Product)
}

func TestPages_settingsOfPasswordFileAreFixed(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Settings: func(s *app.Settings) { s.SMTP.PasswordFile = "/run/secrets/smtp" }})
	page := b.get("/settings/mail", http.StatusOK)
	require.Contains(t, page, "Set on the server (--smtp-password-file).")
	require.NotContains(t, page, `name="smtp"`)
	require.Contains(t, page, `name="smtp_from"`)
	b.postRedirect("/settings/mail", b.settingsForm("/settings/mail", "smtp", "evil.example.com"))
	require.Empty(t, b.server.Site.Current().SMTP.Address)
}

// What the server sets stands in its place in the form, and is not sent.
func TestPages_settingsShowFixedOnesInTheirPlace(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Settings: func(s *app.Settings) {
		given, flags := *s, pflag.NewFlagSet("", pflag.ContinueOnError)
		s.Register(flags)
		require.NoError(t, app.LoadFlags(flags, writeIni(t, "smtp = mail.example.com:587\nsmtp-from = pbx@example.com\nsession-idle = 30\nlogin-by-email = true\n"), true))
		s.DB, s.ConfDir, s.AMI, s.BaseURL = given.DB, given.ConfDir, given.AMI, given.BaseURL
	}})
	page := b.get("/settings/mail", http.StatusOK)
	server, username := strings.Index(page, `value="mail.example.com:587"`), strings.Index(page, `name="smtp_user"`)
	require.True(t, 0 < server && server < username, "%d %d", server, username)
	require.NotContains(t, page, `name="smtp"`)
	require.Regexp(t, `id="field-smtp"[^>]* value="mail\.example\.com:587"[^>]* readonly`, page)
	require.Regexp(t, `id="field-smtp-hint" class="form-hint">Set on the server \([^)]*pbxusers\.ini\)\.<`, page)
	page = b.get("/settings/sign-in", http.StatusOK)
	require.Regexp(t, `id="field-session_idle"[^>]* value="30"[^>]* readonly`, page)
	require.Regexp(t, `id="field-login_by_email" value="yes" checked disabled`, page)
	b.postRedirect("/settings/sign-in", b.settingsForm("/settings/sign-in", "session_lifetime", "8"))
	require.True(t, b.server.Site.Current().Users.LoginByEmail, "a box that is not sent does not change")
}

func writeIni(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbxusers.ini")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestPages_settingsOfferChoicesAndUnits(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	page := b.get("/settings/sign-in", http.StatusOK)
	require.Contains(t, page, `<option value="3" selected>Strong</option>`)
	require.Contains(t, page, `id="field-session_idle-unit">minutes</span>`)
	require.Contains(t, page, `aria-describedby="field-session_idle-unit field-session_idle-hint"`)
	require.NotContains(t, page, "zxcvbn")
	b.postRedirect("/settings/sign-in", b.settingsForm("/settings/sign-in", "password_min_score", "4"))
	require.Equal(t, 4, b.server.Site.Current().Users.MinPasswordScore)

	require.Contains(t, b.get("/settings/general", http.StatusOK), `<option value="de">Deutsch</option>`)
	require.NoError(t, b.server.Site.SaveSettings(t.Context(), 1, settings.Changes{Set: map[string]field.Value{"language": field.TextValue("de-CH")}}))
	require.Contains(t, b.get("/settings/general", http.StatusOK), `<option value="de-CH" selected>de-CH</option>`, "a language that is not offered is kept")
}

func TestPages_settingsTestBeforeAsteriskIsSetUp(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	page := b.post("/settings/asterisk/test", b.settingsForm("/settings/asterisk", "ami", "127.0.0.1:5038"), http.StatusOK)
	require.Contains(t, page, `<strong>Not connected.</strong> Asterisk is not set up yet. <a href="/settings/install">Connect Asterisk</a>`)
	require.Regexp(t, `<details><summary>Details</summary><p[^>]*>No secret for the AMI account pbxusers`, page, "for those who look for it")
}

func TestPages_settingsNeedFullAdministrator(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{app.SectionSettings}}, password)
	limited := b.loginAs("jane.admin")
	page := limited.get("/settings/mail", http.StatusOK)
	require.Contains(t, page, "Only a full administrator can change these.")
	require.NotContains(t, page, `name="smtp"`)
	for _, path := range []string{"/settings/mail", "/settings/mail/test", "/settings/asterisk/test", "/settings/public-url"} {
		require.Equal(t, http.StatusForbidden, limited.postStatus(path, url.Values{"smtp": {"evil.example.com"}, "to": {"jane@example.org"}}), path)
	}
	list, err := b.server.Site.AuditLog.List(t.Context(), audit.Query{Actor: "jane.admin", Kind: settings.Kind, Outcome: audit.Denied, PageRequest: store.PageRequest{Limit: 10}})
	require.NoError(t, err)
	require.Len(t, list.Items, 4)
}

func TestPages_publicURLIsConfirmedAtNewURL(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	old := b.server.URL
	moved := strings.Replace(old, "127.0.0.1", "localhost", 1)
	b.postRedirect("/settings/general", b.settingsForm("/settings", "base_url", moved))
	require.Contains(t, b.get("/settings", http.StatusOK), `href="`+moved+`/settings/public-url"`)
	require.Equal(t, old, b.server.Site.Current().BaseURL)
	require.NotContains(t, b.get("/settings/public-url", http.StatusOK), "Use this public URL")
	require.Contains(t, b.post("/settings/public-url", url.Values{"do": {"confirm"}}, http.StatusConflict), "at its own address only")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, moved+"/settings/public-url", strings.NewReader("do=confirm"))
	require.NoError(t, err)
	oldURL, err := url.Parse(old)
	require.NoError(t, err)
	b.client.Jar.SetCookies(request.URL, b.client.Jar.Cookies(oldURL)) // logged in there, too
	request.Header.Set("Origin", moved)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, body := servertest.Do(t, b.client, request)
	require.Equal(t, http.StatusSeeOther, response.StatusCode, body)
	require.Equal(t, "/settings/general", response.Header.Get("Location"))
	require.Equal(t, moved, b.server.Site.Current().BaseURL)
	require.Contains(t, b.get("/settings/public-url", http.StatusOK), "No public URL waits")

	b.postRedirect("/settings/general", b.settingsForm("/settings", "base_url", "https://pbx.example.com"))
	b.postRedirect("/settings/public-url", url.Values{"do": {"discard"}})
	require.Empty(t, b.server.Site.Current().PendingURL)
	require.Equal(t, moved, b.server.Site.Current().BaseURL)
}

func TestPages_settingsChangeAttributes(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := b.settingsForm("/settings/directory", "ldap_url", "ldaps://127.0.0.1:1", "ldap_base_dn", "dc=example,dc=com", "attribute.default_extension", "ipPhone", "attribute.fax", "-")
	b.postRedirect("/settings/directory", form)
	require.Equal(t, map[string]string{"default_extension": "ipPhone", "fax": ""}, b.server.Site.Current().LDAP.AttributeMap)
	page := b.get("/settings/directory", http.StatusOK)
	require.Contains(t, page, `name="attribute.default_extension" value="ipPhone"`)
	require.Contains(t, page, `name="attribute.fax" value="-"`)
	require.Contains(t, b.post("/settings/directory/test", b.settingsForm("/settings/directory"), http.StatusOK), "Test failed.")
}

func TestPages_settingsShowScheduledSyncs(t *testing.T) {
	t.Parallel()
	b, _ := startWithDirectory(t)
	require.NotContains(t, b.get("/settings/directory", http.StatusOK), "Last scheduled sync")
	b.postRedirect("/settings/directory", b.settingsForm("/settings/directory", "ldap_sync", "1h"))
	page := b.get("/settings/directory", http.StatusOK)
	require.Contains(t, page, `<option value="1h" selected>Every hour</option>`)
	require.Contains(t, page, "<dt>Next sync</dt><dd>Soon</dd>")
	runner := jobs.New(&jobs.Options{Users: b.server.Site.Users})
	t.Cleanup(func() { require.NoError(t, runner.Close(context.Background())) })
	done, err := runner.SyncIfDue(t.Context(), b.server.Site.TTLStore, b.server.Site.Schedule())
	require.NoError(t, err)
	require.NotNil(t, done)
	require.Regexp(t, `<dt>Last scheduled sync</dt><dd><time [^>]+>[^<]+</time>: \d+ changed`, b.get("/settings/directory", http.StatusOK))
}
