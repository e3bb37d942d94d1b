package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
)

// TestE2E_settingsPagesAreAccessible is [TestE2E_pagesAreAccessible] for the settings. The
// test of what is typed shows its result in the page.
func TestE2E_settingsPagesAreAccessible(t *testing.T) {
	t.Parallel()
	mail := smtp.Start(t, nil)
	root, _ := startAsRoot(t, nil)
	w := pageWalk{root}
	require.Equal(t, http.StatusOK, w.Visit(t, w.url+"/settings/general"))
	w.Fill(t, `[name="base_url"]`, "https://pbx.example.com")
	w.Follow(t, `.card-footer [type="submit"]`)
	w.waitText(t, "not in effect yet")
	w.check(t, "settings-general")
	w.openAndCheck(t, http.StatusOK, "/settings/public-url", "settings-public-url")
	for _, page := range []string{"directory", "asterisk", "sign-in"} {
		w.openAndCheck(t, http.StatusOK, "/settings/"+page, "settings-"+page)
	}

	require.Equal(t, http.StatusOK, w.Visit(t, w.url+"/settings/mail"))
	w.Fill(t, `[name="smtp"]`, mail.Addr)
	w.Fill(t, `[name="smtp_from"]`, "pbx@example.com")
	w.Fill(t, `[name="to"]`, "root@example.org")
	w.Click(t, `[formaction="/settings/mail/test"]`)
	w.waitText(t, "Not sent.") // the server has no STARTTLS
	require.Equal(t, mail.Addr, chromium.Eval[string](t, w.Tab, `document.querySelector('[name="smtp"]').value`), "what was typed is still there")
	w.waitTrue(t, `(() => {
		const result = document.getElementById("tested").getBoundingClientRect(), bar = document.querySelector(".card-footer").getBoundingClientRect();
		return result.top >= 0 && result.bottom <= bar.top && document.activeElement.matches('[formaction="/settings/mail/test"]');
	})()`)
	w.check(t, "settings-mail-failed")
	w.requireNoExternalRequests(t)
}
