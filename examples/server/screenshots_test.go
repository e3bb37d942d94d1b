package main

import (
	"cmp"
	_ "embed"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

//go:embed web/testdata/axe.min.js
var axe string

// TestE2E_pagesAreAccessible runs axe-core on every page except those of users, in
// light and dark mode and as wide as a phone. No page may load anything from
// another site, violate its content security policy, or be wider than the screen.
// If PBXUSERS_SCREENSHOTS names a folder, it saves screenshots there.
func TestE2E_pagesAreAccessible(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t, &servertest.Options{Asterisk: testservers.StartAsterisk(t, nil)})
	seed(t, server)
	w := pageWalk{openTab(t, chromium.Start(t), server, chromium.View{})}
	w.anonymousPages(t)
	w.logIn(t, "root.admin", rootPassword)
	w.check(t, "overview")
	w.lists(t)
	w.forms(t, server)
	w.account(t)
	w.errorPages(t)
	connectAsterisk(t, w.browserUser)
	w.check(t, "connected")
	w.configuration(t, server)
	w.requireNoExternalRequests(t)
}

// seed creates records for the pages.
func seed(t *testing.T, server *servertest.Server) {
	t.Helper()
	server.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", DisplayName: "Robin Root", Access: ampusers.Full}, rootPassword)
	server.AddAdministrator(t, ampusers.Administrator{
		Username: "jane.admin", DisplayName: "Jane Doe", Sections: []string{app.SectionAMIAccounts},
		Extensions: parseRanges(t, "100-199,205"), DIDs: parseRanges(t, "+4930123400-+4930123499"),
	}, janePassword)
	server.AddAdministrator(t, ampusers.Administrator{Username: "王小明", DisplayName: "王小明", Disabled: true}, janePassword)
	for _, name := range []string{"crmpro_ami", "wallboard"} {
		preset, ok := manager.LookupPreset(map[string]string{"crmpro_ami": "click-to-call", "wallboard": "queue-dashboard"}[name])
		require.True(t, ok)
		u := &manager.Account{Name: name, Owner: "Sales", Note: "Ask Robin before it changes."}
		preset.ApplyTo(u)
		_, err := server.Site.AMIAccounts.Create(t.Context(), u)
		require.NoError(t, err)
	}
}

func parseRanges(t *testing.T, text string) scope.Ranges {
	t.Helper()
	r, err := scope.ParseRanges(text)
	require.NoError(t, err)
	return r
}

// pageWalk visits pages with one browser.
type pageWalk struct{ browserUser }

// openAndCheck opens a page and checks it.
func (w pageWalk) openAndCheck(t *testing.T, status int, path, name string) {
	t.Helper()
	require.Equal(t, status, w.Visit(t, w.url+path), path)
	w.check(t, name)
}

// check checks the open page in every view, and saves screenshots.
func (w pageWalk) check(t *testing.T, name string) {
	t.Helper()
	chromium.Eval[bool](t, w.Tab, axe+"; true")
	for _, view := range []struct {
		name string
		view chromium.View
		// options of axe-core.
		options string
	}{
		{"phone", chromium.View{Width: 360, Height: 740}, "{}"},
		// Compared to light mode, only the colors differ.
		{"dark", chromium.View{Dark: true}, `{runOnly: ["color-contrast"]}`},
		{"light", chromium.View{}, "{}"},
	} {
		w.SetView(t, view.view)
		if folder := os.Getenv("PBXUSERS_SCREENSHOTS"); folder != "" {
			w.save(t, filepath.Join(folder, name+"-"+view.name+".png"), view.view)
		}
		require.Empty(t, w.violations(t, view.options), "%s, %s", name, view.name)
		require.Empty(t, chromium.Eval[[]string](t, w.Tab, weakBorders), "%s, %s: contrast of less than 3 to 1", name, view.name)
		w.requireFits(t, name)
	}
	// 640 px are 1280 px at a zoom of 200 %.
	for _, width := range []int64{320, 640, 768, 1024, 1440} {
		w.SetView(t, chromium.View{Width: width, Height: 900})
		w.requireFits(t, name)
	}
	w.SetView(t, chromium.View{})
	require.Empty(t, w.ConsoleErrors(t), name)
}

// save saves a screenshot of the whole page, in a window as high as the page: what
// stays at the bottom of the window is at the bottom of the picture.
func (w pageWalk) save(t *testing.T, file string, view chromium.View) {
	t.Helper()
	high := view
	high.Width = cmp.Or(view.Width, 1280)
	high.Height = max(cmp.Or(view.Height, 900), chromium.Eval[int64](t, w.Tab, "document.documentElement.scrollHeight"))
	w.SetView(t, high)
	require.NoError(t, os.WriteFile(file, w.Screenshot(t), 0o600))
	w.SetView(t, view)
}

// weakBorders are the controls whose border, or whose area, has a contrast of less than
// 3 to 1 to the ground around them (WCAG 1.4.11).
const weakBorders = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	canvas.canvas.width = canvas.canvas.height = 1;
	const pixel = colors => {
		canvas.clearRect(0, 0, 1, 1);
		colors.forEach(c => { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); });
		return canvas.getImageData(0, 0, 1, 1).data;
	};
	const grounds = e => e ? grounds(e.parentElement).concat(getComputedStyle(e).backgroundColor) : ["Canvas"];
	const luminance = p => [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => {
		const v = p[i] / 255;
		return sum + part * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	}, 0);
	const contrast = (a, b) => {
		const [low, high] = [luminance(pixel(a)), luminance(pixel(b))].sort((x, y) => x - y);
		return (high + 0.05) / (low + 0.05);
	};
	return [...document.querySelectorAll("main :is(input, select, textarea, .btn):not([type=hidden], .visually-hidden, :disabled)")]
		.filter(e => e.checkVisibility({visibilityProperty: true}))
		.map(e => {
			const style = getComputedStyle(e), outside = grounds(e.parentElement);
			const border = contrast(outside.concat(style.borderTopColor), outside);
			return [e.outerHTML.slice(0, 80), Math.max(border, contrast(grounds(e), outside))];
		})
		.filter(([, ratio]) => ratio < 3)
		.map(([html, ratio]) => html + ": " + ratio.toFixed(2));
})()`

// requireFits requires that nobody has to scroll the page sideways.
func (w pageWalk) requireFits(t *testing.T, name string) {
	t.Helper()
	require.LessOrEqual(t,
		chromium.Eval[int](t, w.Tab, "document.documentElement.scrollWidth"),
		chromium.Eval[int](t, w.Tab, "innerWidth"), "%s is wider than the screen", name)
}

// violations are the rules of axe-core that the page violates, with the elements.
func (w pageWalk) violations(t *testing.T, options string) []string {
	t.Helper()
	return chromium.Eval[[]string](t, w.Tab, `axe.run(document, `+options+`).then(r =>
		r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + " (" + n.failureSummary + ")")))`)
}

func (w pageWalk) requireNoExternalRequests(t *testing.T) {
	t.Helper()
	for _, url := range w.Requests() {
		require.True(t, strings.HasPrefix(url, w.url+"/") || strings.HasPrefix(url, "data:"), url)
	}
}

// submit fills a form and sends it.
func (w pageWalk) submit(t *testing.T, fields map[string]string) {
	t.Helper()
	chromium.Eval[bool](t, w.Tab, `document.querySelectorAll("main details").forEach(d => d.open = true), document.querySelectorAll("#show-unset").forEach(box => box.checked = true), true`)
	for name, text := range fields {
		w.Fill(t, `[name="`+name+`"]`, text)
	}
	w.Follow(t, mainButton)
}

// anonymousPages are the pages without a session.
func (w pageWalk) anonymousPages(t *testing.T) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/login", "login")
	w.submit(t, map[string]string{"username": "root.admin", "password": "not the password at all"})
	w.check(t, "login-rejected")
	w.openAndCheck(t, http.StatusNotFound, "/set-password/gone", "link-expired")
}

func (w pageWalk) lists(t *testing.T) {
	t.Helper()
	for path, name := range map[string]string{
		"/administrators": "administrators", "/administrators?search=nobody": "administrators-none", "/administrators?sort=-created_at": "administrators-sorted",
		"/ami-accounts": "ami-accounts", "/ami-accounts?search=nobody": "ami-accounts-none", "/audit": "audit", "/audit?outcome=denied": "audit-rejected",
		"/settings": "settings", "/config/banner": "banner",
	} {
		w.openAndCheck(t, http.StatusOK, path, name)
	}
	w.Visit(t, w.url+"/audit")
	w.Follow(t, `form[action="/audit/verify"] button`)
	require.Contains(t, w.Text(t, "main"), "No tampering found.")
	w.check(t, "audit-verified")
}

func (w pageWalk) forms(t *testing.T, server *servertest.Server) {
	t.Helper()
	for path, name := range map[string]string{
		"/administrators/jane.admin": "administrator", "/administrators/王小明": "administrator-disabled",
		"/administrators/jane.admin/delete": "administrator-delete", "/administrators/jane.admin/password": "administrator-password",
		"/ami-accounts/wallboard": "ami-account", "/ami-accounts/wallboard/delete": "ami-account-delete", "/ami-accounts/wallboard/rotate": "ami-account-rotate",
	} {
		w.openAndCheck(t, http.StatusOK, path, name)
	}
	w.openAndCheck(t, http.StatusOK, "/administrators/new", "administrator-new")
	w.submit(t, map[string]string{"username": "!", "password": "short", "extensions": "9-1", "dids": "x"})
	w.check(t, "administrator-new-rejected")
	w.openAndCheck(t, http.StatusOK, "/ami-accounts/new", "ami-account-new")
	w.Click(t, preset("click-to-call"))
	w.submit(t, map[string]string{"name": "!", "secret": "short", "permit": "nowhere", "write_timeout": "1"})
	w.check(t, "ami-account-new-rejected")

	w.Visit(t, w.url+"/administrators/jane.admin")
	w.Follow(t, `.btn[form="do-invite"]`)
	w.check(t, "administrator-link")
	link, err := server.Site.Administrators.Invite(t.Context(), "jane.admin")
	require.NoError(t, err)
	w.openAndCheck(t, http.StatusOK, "/set-password/"+link.Token.Reveal(), "set-password")
	w.submit(t, map[string]string{"password": "short"})
	w.check(t, "set-password-rejected")
	w.Visit(t, w.url+"/ami-accounts/wallboard/rotate")
	w.Follow(t, mainButton)
	w.check(t, "ami-account-secret")
}

// account enables a second factor, logs in with it, and disables it.
func (w pageWalk) account(t *testing.T) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/account", "account")
	w.Follow(t, `a[href="/account/second-factor/begin"]`)
	w.check(t, "second-factor-begin")
	w.submit(t, map[string]string{"current_password": rootPassword})
	w.check(t, "second-factor")
	secret := strings.ReplaceAll(w.Text(t, "code.secret"), " ", "")
	w.confirm(t, secret, `form[action="/account/second-factor/confirm"] button`)
	w.check(t, "recovery-codes")
	recovery := strings.Fields(w.Text(t, "code.secret"))[0]
	w.logOut(t)
	w.Visit(t, w.url+"/login")
	w.submit(t, map[string]string{"username": "root.admin", "password": rootPassword})
	require.Equal(t, "/login/code", w.Path(t))
	w.check(t, "login-code")
	w.Fill(t, `[name="code"]`, recovery)
	w.Follow(t, mainButton)
	w.openAndCheck(t, http.StatusOK, "/account", "account-second-factor")
	w.Visit(t, w.url+"/account/second-factor/remove")
	w.check(t, "second-factor-remove")
	w.submit(t, map[string]string{"current_password": rootPassword})
}

// confirm enters the current code of an authenticator app.
func (w pageWalk) confirm(t *testing.T, secret, button string) {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now())
	require.NoError(t, err)
	w.Fill(t, `[name="code"]`, code)
	w.Follow(t, button)
}

// errorPages are the error pages.
func (w pageWalk) errorPages(t *testing.T) {
	t.Helper()
	w.openAndCheck(t, http.StatusNotFound, "/nowhere", "not-found")
	w.openAndCheck(t, http.StatusNotFound, "/ami-accounts/nobody", "no-such-account")
	w.logOut(t)
	w.logIn(t, "jane.admin", janePassword)
	w.check(t, "overview-limited")
	w.openAndCheck(t, http.StatusForbidden, "/administrators", "forbidden")
	w.logOut(t)
	w.logIn(t, "root.admin", rootPassword)
}

// configuration applies, rolls back, and shows the results.
func (w pageWalk) configuration(t *testing.T, server *servertest.Server) {
	t.Helper()
	w.openAndCheck(t, http.StatusOK, "/settings/install", "install")
	_, err := server.Site.AMIAccounts.Rotate(t.Context(), "crmpro_ami", store.Secret{})
	require.NoError(t, err)
	w.openAndCheck(t, http.StatusOK, "/config", "config")
	w.Follow(t, `form[action="/config/apply"] button`)
	w.waitText(t, "changed")
	w.check(t, "report")
	w.openAndCheck(t, http.StatusOK, "/config/rollback", "rollback")
	w.Follow(t, mainButton)
	w.waitText(t, "Back to Apply")
	w.openAndCheck(t, http.StatusOK, "/settings/asterisk", "settings-connected")
	w.Click(t, `[formaction="/settings/asterisk/test"]`)
	w.waitText(t, "22.")
	w.check(t, "settings-tested")
}
