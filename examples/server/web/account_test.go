package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
)

func TestTheOwnPasswordIsChangedAndThisSessionStays(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	elsewhere := b.as("root.admin")
	page := b.post("/account/password", url.Values{"current_password": {"wrong"}, "password": {password + "-2"}}, http.StatusUnprocessableEntity)
	b.requireRefused(page, "field-current_password")
	page = b.post("/account/password", url.Values{"current_password": {password}, "password": {"short"}}, http.StatusUnprocessableEntity)
	b.requireRefused(page, "field-password")
	require.Equal(t, "/account", b.sent("/account/password", url.Values{"current_password": {password}, "password": {password + "-2"}}))
	require.Contains(t, b.get("/account", http.StatusOK), "Your password is changed.")
	require.Contains(t, elsewhere.led("/account"), "/login")
}

// code returns what the app of that key shows, steps of 30 seconds from now.
func code(t *testing.T, key string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(key, time.Now().Add(time.Duration(steps)*30*time.Second))
	require.NoError(t, err)
	return code
}

// enrolled turns the second factor on, and returns its key and recovery codes.
func (b *browser) enrolled() (key string, codes []string) {
	b.Helper()
	require.Equal(b, "/account", b.sent("/account/second-factor/begin", nil))
	page := b.get("/account", http.StatusOK)
	key = shown(page, "factor-secret")
	response, picture := b.server.Get(b, b.client, "/account/second-factor/qr.png")
	require.Equal(b, "image/png", response.Header.Get("Content-Type"))
	require.True(b, strings.HasPrefix(picture, "\x89PNG"))
	b.requireRefused(b.post("/account/second-factor/confirm", url.Values{"code": {"000 00"}}, http.StatusUnprocessableEntity), "field-code")
	require.Equal(b, "/account", b.sent("/account/second-factor/confirm", url.Values{"code": {code(b.T, key, -1)}}))
	codes = strings.Fields(shown(b.get("/account", http.StatusOK), "codes"))
	require.Len(b, codes, 10)
	require.Empty(b, shown(b.get("/account", http.StatusOK), "codes"))
	b.get("/account/second-factor/qr.png", http.StatusNotFound)
	return key, codes
}

func TestASecondFactorIsEnrolledAndAskedFor(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	key, codes := b.enrolled()
	visitor := b.stranger()
	require.Equal(t, "/login", visitor.led("/login/code"))
	form := url.Values{"username": {"root.admin"}, "password": {password}, "next": {"/audit"}}
	require.Equal(t, "/login/code?next=%2Faudit", visitor.sent("/login", form))
	page := visitor.get("/login/code?next=%2Faudit", http.StatusOK)
	require.Contains(t, page, `autocomplete="one-time-code"`)
	require.Contains(t, visitor.led("/managers"), "/login")
	require.Contains(t, visitor.post("/login/code", url.Values{"code": {"123"}}, http.StatusUnprocessableEntity), `role="alert"`)
	require.Equal(t, "/audit", visitor.sent("/login/code", url.Values{"code": {code(t, key, 0)}, "next": {visitor.hidden(page, "next")}}))

	another := b.stranger()
	another.sent("/login", form)
	require.Equal(t, "/account", another.sent("/login/code", url.Values{"code": {codes[0]}}))
	require.Contains(t, another.get("/account", http.StatusOK), "9 are left")
}

func TestASecondFactorIsRemoved(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, codes := b.enrolled()
	b.sent("/account/second-factor/recovery-codes", nil)
	renewed := strings.Fields(shown(b.get("/account", http.StatusOK), "codes"))
	require.Len(t, renewed, 10)
	require.NotEqual(t, codes, renewed)
	require.Contains(t, b.get("/account/second-factor/remove", http.StatusOK), "Your password is then enough")
	b.sent("/account/second-factor/remove", nil)
	require.Contains(t, b.get("/account", http.StatusOK), "It is off.")
	require.Equal(t, "/", b.stranger().sent("/login", url.Values{"username": {"root.admin"}, "password": {password}}))
}

func TestAnAdministratorTakesTheSecondFactorFromAnother(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.enrolled()
	require.Contains(t, b.get("/administrators/root.admin/second-factor/remove", http.StatusOK), "Be sure that it is the owner")
	b.sent("/administrators/root.admin/second-factor/remove", nil)
	require.NotContains(t, b.get("/administrators/root.admin", http.StatusOK), "Remove second factor")
}
