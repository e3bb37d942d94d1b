package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

func TestLogin_failureHasErrorCode(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.addAdministrator(t, ampusers.Administrator{Username: "gone", Disabled: true})
	v := h.anonymous(t)
	for _, attempt := range []struct{ username, password, code string }{
		{"root", "wrong", "invalid_credentials"},
		{"nobody", password, "invalid_credentials"},
		{"gone", "wrong", "invalid_credentials"},
		{"gone", password, "account_disabled"},
	} {
		rejected := v.call(t, http.MethodPost, "/sessions", map[string]any{"username": attempt.username, "password": attempt.password})
		require.Equal(t, attempt.code, rejected.requireStatus(t, http.StatusUnauthorized).problem(t).Code)
		require.Equal(t, "Bearer", rejected.Header.Get("WWW-Authenticate"))
	}
}

func TestLogin_requiresSecondFactor(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	codes := v.call(t, http.MethodPost, "/account/second-factor/confirm", totpCodeBody(t, h, v)).requireStatus(t, http.StatusOK).decodeObject(t)
	recovery, _ := codes["recovery_codes"].([]any)
	require.Len(t, recovery, 10)
	v.call(t, http.MethodPost, "/account/second-factor", map[string]any{"current_password": password}).requireStatus(t, http.StatusConflict)

	anonymous := h.anonymous(t)
	login := map[string]any{"username": "root", "password": password}
	require.Equal(t, "mfa_required", anonymous.call(t, http.MethodPost, "/sessions", login).requireStatus(t, http.StatusUnauthorized).problem(t).Code)
	login["code"] = "000000"
	require.Equal(t, "invalid_mfa_code", anonymous.call(t, http.MethodPost, "/sessions", login).requireStatus(t, http.StatusUnauthorized).problem(t).Code)
	login["code"] = recovery[0]
	created := anonymous.call(t, http.MethodPost, "/sessions", login).requireStatus(t, http.StatusCreated).decodeObject(t)
	require.InEpsilon(t, 9.0, created["recovery_codes_left"], 0)
	require.Equal(t, "invalid_mfa_code", anonymous.call(t, http.MethodPost, "/sessions", login).requireStatus(t, http.StatusUnauthorized).problem(t).Code, "a recovery code works once")
}

func TestLogin_rateLimitSetsRetryAfter(t *testing.T) {
	t.Parallel()
	v := start(t).anonymous(t)
	var throttled *apiResponse
	for range 200 {
		throttled = v.call(t, http.MethodPost, "/sessions", map[string]any{"username": "root", "password": "wrong"})
		if throttled.StatusCode == http.StatusTooManyRequests {
			break
		}
	}
	require.Equal(t, "rate_limited", throttled.requireStatus(t, http.StatusTooManyRequests).problem(t).Code)
	require.Regexp(t, `^[1-9]\d*$`, throttled.Header.Get("Retry-After"))
}

func TestAPI_logoutEndsSession(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	mine := v.call(t, http.MethodGet, "/session", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.InEpsilon(t, 3600.0, mine["idle_seconds"], 0)
	require.Len(t, mine["sections"], len(app.Sections())+1, "and apply")
	until, err := time.Parse(time.RFC3339, fmt.Sprint(mine["expires_at"]))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(12*time.Hour), until, time.Hour)
	v.call(t, http.MethodDelete, "/session", nil).requireStatus(t, http.StatusNoContent)
	v.call(t, http.MethodGet, "/session", nil).requireStatus(t, http.StatusUnauthorized)
}

func TestAPI_rejectsCrossSiteRequests(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := &apiClient{server: h, client: h.LogIn(t, "root", password)}
	v.call(t, http.MethodPost, "/ami-accounts", map[string]any{"name": "crm"}, "Sec-Fetch-Site", "same-origin").requireStatus(t, http.StatusCreated)
	v.call(t, http.MethodDelete, "/ami-accounts/crm", nil, "Sec-Fetch-Site", "cross-site").requireStatus(t, http.StatusForbidden)
	v.call(t, http.MethodGet, "/ami-accounts/crm", nil).requireStatus(t, http.StatusOK)
}

func TestAPI_passwordChangeEndsOtherSessions(t *testing.T) {
	t.Parallel()
	h := start(t)
	here, there := h.logIn(t, "root"), h.logIn(t, "root")
	change := map[string]any{"current_password": "wrong", "password": "seventeen purple lanterns"}
	here.call(t, http.MethodPut, "/account/password", change).requireFieldErrors(t, http.StatusUnprocessableEntity, "body.current_password wrong")
	change["current_password"] = password
	here.call(t, http.MethodPut, "/account/password", change).requireStatus(t, http.StatusNoContent)
	here.call(t, http.MethodGet, "/session", nil).requireStatus(t, http.StatusOK)
	there.call(t, http.MethodGet, "/session", nil).requireStatus(t, http.StatusUnauthorized)
}
