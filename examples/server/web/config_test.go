package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/audit"
)

// getFragment returns the response to htmx for a path.
func (b *browser) getFragment(path string) string {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.server.URL+path, http.NoBody)
	require.NoError(b, err)
	request.Header.Set("Hx-Request", "true")
	response, body := servertest.Do(b, b.client, request)
	require.Equal(b, http.StatusOK, response.StatusCode, path)
	return body
}

// waitForRun waits for the end of a run, and returns its page.
func (b *browser) waitForRun() string {
	b.Helper()
	var page string
	require.Eventually(b, func() bool {
		page = b.getFragment("/config/run")
		return page != "" && !strings.Contains(page, "<progress")
	}, 20*time.Second, 20*time.Millisecond)
	return page
}

func TestPages_configWithoutAsterisk(t *testing.T) {
	t.Parallel()
	b := start(t, &servertest.Options{Settings: func(s *app.Settings) { s.ConfDir = filepath.Join(s.ConfDir, "none") }})
	banner := b.getFragment("/config/banner")
	require.Contains(t, banner, "No Asterisk is connected")
	require.Contains(t, banner, "calm")
	require.Contains(t, b.get("/config", http.StatusOK), "No Asterisk is connected")
	require.Contains(t, b.get("/settings/install", http.StatusOK), "pbxctl config install")
	require.Contains(t, b.get("/", http.StatusOK), "Connect Asterisk")
}

func TestPages_configApply(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	banner := b.getFragment("/config/banner")
	require.Contains(t, banner, `href="/config"`)
	require.Contains(t, banner, "Review and apply")
	page := b.get("/config", http.StatusOK)
	require.Contains(t, page, "manager.d/pbxusers_manager.conf")
	require.Contains(t, page, "<a href=\"/ami-accounts/crmpro_ami\">crmpro_ami</a> <span class=\"badge on\">new</span>")
	require.Contains(t, page, "added</td>")
	require.NotContains(t, page, copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret"))

	require.Equal(t, "/config/run", b.postRedirect("/config/apply", nil))
	page = b.waitForRun()
	require.Contains(t, page, "Apply done")
	require.Contains(t, page, "Files written but not verified")
	require.Contains(t, page, "Installing files")
	written, err := os.ReadFile(filepath.Join(b.server.Site.Settings.ConfDir, "manager.d", "pbxusers_manager.conf"))
	require.NoError(t, err)
	require.Contains(t, string(written), "[crmpro_ami]")
	require.Contains(t, b.get("/config", http.StatusOK), "Last run")
}

func TestPages_bannerWithoutApplyRight(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"ami-accounts"}}, password)
	jane := b.loginAs("jane.admin")
	jane.postRedirect("/ami-accounts/new", crmAccountForm())
	banner := jane.getFragment("/config/banner")
	require.Contains(t, banner, "Ask an administrator with access to Apply")
	require.NotContains(t, banner, "href=")
	require.Contains(t, jane.get("/config/banner", http.StatusOK), "<h1>Pending changes</h1>")
}

func TestPages_configRollbackAsksForConfirmation(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Equal(t, "/config", b.getRedirect("/config/run"))
	require.Contains(t, b.get("/config/rollback", http.StatusOK), "The records stay unchanged")
	require.Equal(t, "/config/run", b.postRedirect("/config/rollback", nil))
	require.Contains(t, b.waitForRun(), "Roll back failed")
	b.postRedirect("/config/recover", nil)
	require.Contains(t, b.waitForRun(), "No interrupted apply found.")
}

func TestPages_settingsNameTheirFlags(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	page := b.get("/settings/asterisk", http.StatusOK)
	for _, name := range []string{"--conf-dir", "--ami-user", b.server.Site.Settings.ConfDir} {
		require.Contains(t, page, name)
	}
	require.Contains(t, b.post("/settings/asterisk/test", nil, http.StatusOK), "No Asterisk is configured")
}

func TestPages_installShowsPlanAndApplies(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for name, disabled := range map[string]bool{"wallboard": false, "resting": true} {
		_, err := b.server.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: name, Disabled: disabled})
		require.NoError(t, err)
	}
	planned := b.get("/settings/install", http.StatusOK)
	require.Contains(t, planned, "manager.conf:5")
	require.Contains(t, planned, `<a href="/ami-accounts/wallboard">wallboard</a> <span class="badge off">open to all</span>`)
	require.NotContains(t, planned, "resting")
	page := b.post("/settings/install", nil, http.StatusOK)
	require.Contains(t, page, "The files were written")
	u, err := b.server.Site.AMIAccounts.Get(t.Context(), "pbxusers")
	require.NoError(t, err)
	require.False(t, u.Disabled)
}

func TestPages_installFixesSelectedIssue(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	conf := filepath.Join(b.server.Site.Settings.ConfDir, "manager.conf")
	require.NoError(t, os.WriteFile(conf, []byte("[general]\nenabled = no\nbindaddr = 127.0.0.1\n"), 0o640))
	page := b.get("/settings/install", http.StatusOK)
	require.Contains(t, page, `name="fix" value="enabled"`)
	require.Contains(t, page, "gets one line at the end")
	b.post("/settings/install", url.Values{"fix": {"enabled"}}, http.StatusOK)
	content, err := os.ReadFile(conf)
	require.NoError(t, err)
	require.Regexp(t, `enabled\s*=\s*yes`, string(content))
}

// Without a running Asterisk, the accounts that a program prints are unknown.
func TestPages_configAndInstallShowExecLine(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NotContains(t, b.get("/config", http.StatusOK), "Issues</h2>")
	dir := b.server.Site.Settings.ConfDir
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.d", "printed.conf"), []byte("#exec /bin/accounts\n"), 0o640))
	const finding = "his program may print AMI accounts"
	for _, path := range []string{"/config", "/settings/install"} {
		page := b.get(path, http.StatusOK)
		require.Contains(t, page, "manager.d/printed.conf:1</code>", path)
		require.Contains(t, page, finding, path)
	}
	b.postRedirect("/ami-accounts/new", crmAccountForm())
	b.postRedirect("/config/apply", nil)
	require.Contains(t, b.waitForRun(), finding)
}

func TestPages_configReviewsDangersFirst(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	site := b.server.Site
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "anna", Sections: []string{app.SectionAMIAccounts}}, password)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "desk", Sections: []string{app.SectionUsers}}, password)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "operator", Sections: []string{ampusers.SectionApply}}, password)
	by := func(name string) context.Context {
		return audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: name})
	}
	office, err := manager.ParseNetwork("10.1.2.0/24")
	require.NoError(t, err)
	for name, actor := range map[string]string{"aaa-own": "root.admin", "bbb-other": "anna", "ccc-danger": "root.admin"} {
		account := &manager.Account{Name: name, Permit: []manager.Network{office}, Write: manager.Call}
		if name == "ccc-danger" {
			account.Write = manager.Command
		}
		_, err := site.AMIAccounts.Create(by(actor), account)
		require.NoError(t, err)
	}

	page := b.get("/config", http.StatusOK)
	danger, other, own := strings.Index(page, "ccc-danger"), strings.Index(page, "bbb-other"), strings.Index(page, "aaa-own")
	require.True(t, 0 < danger && danger < other && other < own, "%d %d %d", danger, other, own)
	require.Contains(t, page, "Dangerous: root-equivalent access; with write command the account can take over the whole PBX.")
	require.Equal(t, 2, strings.Count(page, `border-danger"`), "equivalent to root, and by anna")
	require.Contains(t, page, "<strong>3 new AMI accounts, 1 dangerous.</strong> Apply makes them live, and rolls back if a check fails.")
	require.Contains(t, page, "Created by anna, ")
	require.Contains(t, page, "Asterisk reloads its AMI accounts.")
	require.Contains(t, page, ">Not now</a>")
	require.Contains(t, page, "changed by anna")
	require.Contains(t, page, "Apply 3 changes")
	require.Contains(t, page, `href="/audit?key=ccc-danger&amp;kind=AMI&#43;account"`)
	require.Contains(t, page, "<summary>Show file changes")
	require.Contains(t, page, "secret = [redacted]")

	require.Contains(t, b.getFragment("/config/banner"), "<strong>3 changes</strong> by you and anna are not live yet.")
	require.Contains(t, b.loginAs("anna").getFragment("/config/banner"), "by you and root.admin are not live yet. Ask an administrator")
	hidden := b.loginAs("desk").getFragment("/config/banner")
	require.Contains(t, hidden, "There are changes that are not live yet.")
	require.NotContains(t, hidden, "anna")
	limited := b.loginAs("operator").get("/config", http.StatusOK)
	require.NotContains(t, limited, `href="/audit`, "it has no access to the audit log")
	require.NotContains(t, limited, `href="/ami-accounts`)
}

func TestPages_configLimitsShownChanges(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for i := range 201 {
		_, err := b.server.Site.AMIAccounts.Create(t.Context(), &manager.Account{Name: fmt.Sprintf("account-%03d", i)})
		require.NoError(t, err)
	}
	page := b.get("/config", http.StatusOK)
	require.Equal(t, 200, strings.Count(page, "<article"))
	require.Contains(t, page, "… and 1 more.")
	require.Contains(t, page, "201 new AMI accounts, 201 dangerous.")
	require.Contains(t, page, "Dangerous: any address may connect.")
	require.NotContains(t, page, "May connect from any address", "it repeats the danger")
	require.NotContains(t, page, "New account.", "it repeats the badge")
}
