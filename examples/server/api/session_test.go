package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
)

func TestALoginIsRefusedWithACode(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.add(t, ampusers.Administrator{Username: "gone", Disabled: true})
	v := h.stranger(t)
	for _, attempt := range []struct{ username, password, code string }{
		{"root", "wrong", "wrong_password"},
		{"nobody", password, "wrong_password"},
		{"gone", "wrong", "wrong_password"},
		{"gone", password, "disabled"},
	} {
		refused := v.call(t, http.MethodPost, "/sessions", map[string]any{"username": attempt.username, "password": attempt.password})
		require.Equal(t, attempt.code, refused.is(t, http.StatusUnauthorized).problem(t).Code)
		require.Equal(t, "Bearer", refused.Header.Get("WWW-Authenticate"))
	}
}

func TestASecondFactorIsAskedForAtTheNextLogin(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	codes := v.call(t, http.MethodPost, "/account/second-factor/confirm", codeOfApp(t, h, v)).is(t, http.StatusOK).object(t)
	recovery, _ := codes["recovery_codes"].([]any)
	require.Len(t, recovery, 10)
	v.call(t, http.MethodPost, "/account/second-factor", nil).is(t, http.StatusConflict)

	stranger := h.stranger(t)
	login := map[string]any{"username": "root", "password": password}
	require.Equal(t, "code_required", stranger.call(t, http.MethodPost, "/sessions", login).is(t, http.StatusUnauthorized).problem(t).Code)
	login["code"] = "000000"
	require.Equal(t, "wrong_code", stranger.call(t, http.MethodPost, "/sessions", login).is(t, http.StatusUnauthorized).problem(t).Code)
	login["code"] = recovery[0]
	made := stranger.call(t, http.MethodPost, "/sessions", login).is(t, http.StatusCreated).object(t)
	require.InEpsilon(t, 9.0, made["recovery_codes_left"], 0)
	require.Equal(t, "wrong_code", stranger.call(t, http.MethodPost, "/sessions", login).is(t, http.StatusUnauthorized).problem(t).Code, "a recovery code works once")
}

func TestTooManyTriesAreToldHowLongToWait(t *testing.T) {
	t.Parallel()
	v := start(t).stranger(t)
	var throttled *answer
	for range 200 {
		throttled = v.call(t, http.MethodPost, "/sessions", map[string]any{"username": "root", "password": "wrong"})
		if throttled.StatusCode == http.StatusTooManyRequests {
			break
		}
	}
	require.Equal(t, "throttled", throttled.is(t, http.StatusTooManyRequests).problem(t).Code)
	require.Regexp(t, `^[1-9]\d*$`, throttled.Header.Get("Retry-After"))
}

func TestLoggingOutEndsTheSession(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	mine := v.call(t, http.MethodGet, "/session", nil).is(t, http.StatusOK).object(t)
	require.InEpsilon(t, 3600.0, mine["idle_seconds"], 0)
	require.Len(t, mine["sections"], len(site.Sections())+1, "and apply")
	until, err := time.Parse(time.RFC3339, fmt.Sprint(mine["expires_at"]))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(12*time.Hour), until, time.Hour)
	v.call(t, http.MethodDelete, "/session", nil).is(t, http.StatusNoContent)
	v.call(t, http.MethodGet, "/session", nil).is(t, http.StatusUnauthorized)
}

func TestAPageOfTheServerMayCall_andThatOfAnotherSiteMayNot(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := &visitor{server: h, client: h.LogIn(t, "root", password)}
	v.call(t, http.MethodPost, "/managers", map[string]any{"name": "crm"}, "Sec-Fetch-Site", "same-origin").is(t, http.StatusCreated)
	v.call(t, http.MethodDelete, "/managers/crm", nil, "Sec-Fetch-Site", "cross-site").is(t, http.StatusForbidden)
	v.call(t, http.MethodGet, "/managers/crm", nil).is(t, http.StatusOK)
}

func TestChangingThePasswordKeepsThisSession_andEndsOthers(t *testing.T) {
	t.Parallel()
	h := start(t)
	here, there := h.as(t, "root"), h.as(t, "root")
	change := map[string]any{"current_password": "wrong", "password": "seventeen purple lanterns"}
	here.call(t, http.MethodPut, "/account/password", change).refuses(t, http.StatusUnprocessableEntity, "body.current_password wrong")
	change["current_password"] = password
	here.call(t, http.MethodPut, "/account/password", change).is(t, http.StatusNoContent)
	here.call(t, http.MethodGet, "/session", nil).is(t, http.StatusOK)
	there.call(t, http.MethodGet, "/session", nil).is(t, http.StatusUnauthorized)
}
