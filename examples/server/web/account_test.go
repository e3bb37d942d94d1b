package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
)

func TestPages_accountPasswordChangeKeepsSession(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	elsewhere := b.loginAs("root.admin")
	page := b.post("/account/password", url.Values{"current_password": {"wrong"}, "password": {password + "-2"}}, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-current_password")
	page = b.post("/account/password", url.Values{"current_password": {password}, "password": {"short"}}, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-password")
	require.Equal(t, "/account", b.postRedirect("/account/password", url.Values{"current_password": {password}, "password": {password + "-2"}}))
	require.Contains(t, b.get("/account", http.StatusOK), "Password changed.")
	require.Contains(t, elsewhere.getRedirect("/account"), "/login")
}

func TestPages_accountChangesDisplayName(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	page := b.post("/account/name", url.Values{"display_name": {"\u202eevil"}}, http.StatusUnprocessableEntity)
	b.requireFieldError(page, "field-display_name")
	require.Equal(t, "/account", b.postRedirect("/account/name", url.Values{"display_name": {" Jane <Roe> "}, "access": {"limited"}}))
	page = b.get("/account", http.StatusOK)
	require.Contains(t, page, `value="Jane &lt;Roe&gt;"`)
	require.Contains(t, page, "Saved.")
	root, err := b.server.Site.Administrators.Get(t.Context(), "root.admin")
	require.NoError(t, err)
	require.Equal(t, "Jane <Roe>", root.DisplayName)
	require.Equal(t, ampusers.Full, root.Access)
}

// otherSession returns the ID of the first session on the page that is not the current one.
func (b *browser) otherSession() string {
	b.Helper()
	return b.hiddenValue(b.get("/account", http.StatusOK), "session")
}

func TestPages_accountLogsOutAnotherDevice(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.NotContains(t, b.get("/account", http.StatusOK), "Log out all other devices")
	other := b.loginAs("root.admin")
	page := b.get("/account", http.StatusOK)
	require.Equal(t, 1, strings.Count(page, "This device"))
	require.Equal(t, 1, strings.Count(page, `action="/account/sessions/end"`))
	require.Contains(t, page, "Go-http-client")

	ended := url.Values{"session": {b.otherSession()}}
	require.Equal(t, "/account", b.postRedirect("/account/sessions/end", ended))
	require.Contains(t, b.get("/account", http.StatusOK), "Device logged out.")
	require.Contains(t, other.getRedirect("/account"), "/login")
	require.Equal(t, "/account", b.postRedirect("/account/sessions/end", ended))
	require.Contains(t, b.get("/account", http.StatusOK), "was logged out already")
	require.Contains(t, b.get("/audit?action=end+session", http.StatusOK), "Ended session")
}

func TestPages_accountLogsOutAllOtherDevices(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	others := []*browser{b.loginAs("root.admin"), b.loginAs("root.admin")}
	require.Equal(t, "/account", b.postRedirect("/account/sessions/end-others", nil))
	page := b.get("/account", http.StatusOK)
	require.Contains(t, page, "All other devices are logged out.")
	require.NotContains(t, page, `action="/account/sessions/end"`)
	for _, other := range others {
		require.Contains(t, other.getRedirect("/account"), "/login")
	}
}

func TestPages_accountListsNewestSessions(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for range 21 {
		b.loginAs("root.admin")
	}
	page := b.get("/account", http.StatusOK)
	require.Equal(t, 19, strings.Count(page, `name="session"`), "besides the current one")
	require.Contains(t, page, "… and 2 more.")
}

func TestPages_accountLogsOutNoOtherAdministrator(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin"}, password)
	jane := b.loginAs("jane.admin")
	b.loginAs("root.admin")
	sessions := b.otherSession()
	require.NotContains(t, jane.get("/account", http.StatusOK), sessions)
	require.Equal(t, "/account", jane.postRedirect("/account/sessions/end", url.Values{"session": {sessions}}))
	require.Equal(t, "/account", jane.postRedirect("/account/sessions/end-others", nil))
	require.Equal(t, sessions, b.otherSession())

	jane.get("/account", http.StatusOK)
	again := jane.loginAs("jane.admin")
	b.postRedirect("/account/sessions/end", url.Values{"session": {again.otherSession()}})
	b.postRedirect("/account/sessions/end-others", nil)
	jane.get("/account", http.StatusOK)
	again.get("/account", http.StatusOK)
}

// totpCode returns the code of that key, a number of 30-second steps from now.
func totpCode(t *testing.T, key string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(key, time.Now().Add(time.Duration(steps)*30*time.Second))
	require.NoError(t, err)
	return code
}

// enrollTOTP turns the second factor on, and returns its key and recovery codes.
func (b *browser) enrollTOTP() (key string, codes []string) {
	b.Helper()
	require.Equal(b, "/account", b.postRedirect("/account/second-factor/begin", url.Values{"current_password": {password}}))
	page := b.get("/account", http.StatusOK)
	key = copyableText(page, "factor-secret")
	response, picture := b.server.Get(b, b.client, "/account/second-factor/qr.png")
	require.Equal(b, "image/png", response.Header.Get("Content-Type"))
	require.True(b, strings.HasPrefix(picture, "\x89PNG"))
	b.requireFieldError(b.post("/account/second-factor/confirm", url.Values{"code": {"000 00"}}, http.StatusUnprocessableEntity), "field-code")
	require.Equal(b, "/account", b.postRedirect("/account/second-factor/confirm", url.Values{"code": {totpCode(b.T, key, -1)}}))
	codes = strings.Fields(copyableText(b.get("/account", http.StatusOK), "codes"))
	require.Len(b, codes, 10)
	require.Empty(b, copyableText(b.get("/account", http.StatusOK), "codes"))
	b.get("/account/second-factor/qr.png", http.StatusNotFound)
	return key, codes
}

func TestPages_accountEnrollsSecondFactor(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	key, codes := b.enrollTOTP()
	anonymous := b.anonymous()
	require.Equal(t, "/login", anonymous.getRedirect("/login/code"))
	form := url.Values{"username": {"root.admin"}, "password": {password}, "next": {"/audit"}}
	require.Equal(t, "/login/code?next=%2Faudit", anonymous.postRedirect("/login", form))
	page := anonymous.get("/login/code?next=%2Faudit", http.StatusOK)
	require.Contains(t, page, `autocomplete="one-time-code"`)
	require.Contains(t, anonymous.getRedirect("/ami-accounts"), "/login")
	require.Contains(t, anonymous.post("/login/code", url.Values{"code": {"123"}}, http.StatusUnprocessableEntity), `role="alert"`)
	require.Equal(t, "/audit", anonymous.postRedirect("/login/code", url.Values{"code": {totpCode(t, key, 0)}, "next": {anonymous.hiddenValue(page, "next")}}))

	another := b.anonymous()
	another.postRedirect("/login", form)
	require.Equal(t, "/account", another.postRedirect("/login/code", url.Values{"code": {codes[0]}}))
	require.Contains(t, another.get("/account", http.StatusOK), "9 codes are left")
}

func TestPages_accountSetsUpSecondFactorWithPasswordOnly(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	require.Contains(t, b.get("/account/second-factor/begin", http.StatusOK), "You need an authenticator app")
	for _, wrong := range []string{"", "wrong"} {
		b.requireFieldError(b.post("/account/second-factor/begin", url.Values{"current_password": {wrong}}, http.StatusUnprocessableEntity), "field-current_password")
	}
	b.get("/account/second-factor/qr.png", http.StatusNotFound)
}

func TestPages_accountRemovesSecondFactor(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, codes := b.enrollTOTP()
	for _, path := range []string{"/account/second-factor/recovery-codes", "/account/second-factor/remove"} {
		for _, wrong := range []string{"", "wrong", codes[0]} {
			b.requireFieldError(b.post(path, url.Values{"current_password": {wrong}}, http.StatusUnprocessableEntity), "field-current_password")
		}
	}
	require.Contains(t, b.get("/account/second-factor/recovery-codes", http.StatusOK), "The old codes will no longer work")
	b.postRedirect("/account/second-factor/recovery-codes", url.Values{"current_password": {password}})
	renewed := strings.Fields(copyableText(b.get("/account", http.StatusOK), "codes"))
	require.Len(t, renewed, 10)
	require.NotEqual(t, codes, renewed)
	require.Contains(t, b.get("/account/second-factor/remove", http.StatusOK), "log in with your password alone")
	b.postRedirect("/account/second-factor/remove", url.Values{"current_password": {password}})
	require.Contains(t, b.get("/account", http.StatusOK), "Off. When on")
	require.Equal(t, "/", b.anonymous().postRedirect("/login", url.Values{"username": {"root.admin"}, "password": {password}}))
}

func TestPages_administratorSecondFactorIsRemoved(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.enrollTOTP()
	for _, own := range []string{"second-factor/remove", "invite"} {
		require.Contains(t, b.post("/administrators/root.admin/"+own, nil, http.StatusForbidden), "needs your current password")
	}
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "other.admin", Access: ampusers.Full}, password)
	other := b.loginAs("other.admin")
	require.Contains(t, other.get("/administrators/root.admin/second-factor/remove", http.StatusOK), "the request comes from the administrator")
	other.postRedirect("/administrators/root.admin/second-factor/remove", nil)
	require.NotContains(t, other.get("/administrators/root.admin", http.StatusOK), "Turn off two-factor authentication")
}
