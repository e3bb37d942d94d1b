package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers"
)

func TestE2E_applyAccountWithoutJavaScript(t *testing.T) {
	t.Parallel()
	asterisk := testservers.StartAsterisk(t, nil)
	b := start(t, &servertest.Options{Asterisk: asterisk})
	require.Contains(t, b.post("/settings/install", nil, http.StatusOK), "is live")
	require.Contains(t, b.post("/settings/asterisk/test", nil, http.StatusOK), "<strong>Connected.</strong>")

	form := crmAccountForm()
	form.Set("permit", "127.0.0.1")
	b.postRedirect("/ami-accounts/new", form)
	page := b.post("/ami-accounts/crmpro_ami/probe", nil, http.StatusOK)
	require.Contains(t, page, "Login failed.")
	require.Contains(t, page, "Apply them first.")
	b.postRedirect("/config/apply", nil)
	page = b.waitForRun()
	require.Contains(t, page, "is live.")
	require.Contains(t, page, "Verifying running configuration")
	require.Contains(t, page, "1 added, 0 changed, 0 removed. Reloaded: manager.")
	require.Contains(t, b.post("/ami-accounts/crmpro_ami/probe", nil, http.StatusOK), "Login succeeded.")
	require.Contains(t, strings.Join(asterisk.Console(t, "manager show users"), "\n"), "crmpro_ami")
	require.Empty(t, strings.TrimSpace(b.getFragment("/config/banner")))

	require.Contains(t, b.get("/config", http.StatusOK), `href="/config/rollback"`)
	b.postRedirect("/config/rollback", url.Values{})
	require.Contains(t, b.waitForRun(), "Roll back done")
	require.NotContains(t, strings.Join(asterisk.Console(t, "manager show users"), "\n"), "crmpro_ami")
	require.Contains(t, b.getFragment("/config/banner"), "Review and apply")

	form.Set("name", "wallboard")
	form.Set("permit", "192.0.2.1")
	b.postRedirect("/ami-accounts/new", form)
	b.postRedirect("/config/apply", nil)
	b.waitForRun()
	page = b.post("/ami-accounts/wallboard/probe", nil, http.StatusOK)
	require.Contains(t, page, "Login denied, as the account says.")
	require.NotContains(t, page, "alert-danger")
}
