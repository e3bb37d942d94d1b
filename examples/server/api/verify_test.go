package api_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestAPI_verifyPasswordReportsReason(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.createUser(t, userman.User{Username: "jane", HomePhone: "0301234", Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}})
	h.createUser(t, userman.User{Username: "no.chat"})
	h.createUser(t, userman.User{Username: "disabled", Disabled: true})
	h.createUser(t, userman.User{Username: "old", MustChangePassword: true, Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}})
	h.addAdministrator(t, ampusers.Administrator{Username: "xmpp.server", Sections: []string{"verify"}})
	v := h.logIn(t, "xmpp.server")
	ask := func(username, password string, status int) *apiResponse {
		t.Helper()
		return v.call(t, http.MethodPost, "/authorizations/password", map[string]any{
			"service": "xmpp", "username": username, "password": password, "address": "192.0.2.7",
		}).requireStatus(t, status)
	}
	release := ask("JANE", password, http.StatusOK)
	require.Contains(t, release.body, `"username":"jane"`)
	require.NotContains(t, release.body, "0301234", "a service need not see all of a person")
	for username, code := range map[string]string{"no.chat": "not_authorized", "disabled": "account_disabled", "old": "password_expired", "nobody": "invalid_credentials"} {
		rejected := ask(username, password, http.StatusForbidden)
		require.Equal(t, code, rejected.problem(t).Code)
		require.Empty(t, rejected.Header.Get("WWW-Authenticate"), "it is not the service that has to log in")
	}
	require.Equal(t, "invalid_credentials", ask("jane", "a guess", http.StatusForbidden).problem(t).Code)
	v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "smoke", "username": "jane", "password": password}).
		requireFieldErrors(t, http.StatusUnprocessableEntity, "body.service unknown")
	v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "xmpp", "username": "jane", "password": password, "address": "here"}).
		requireFieldErrors(t, http.StatusUnprocessableEntity, "body.address address")
	v.call(t, http.MethodGet, "/users", nil).requireStatus(t, http.StatusForbidden)
}

func TestAPI_verifyRateLimitsPerUser(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, username := range []string{"ann", "joe"} {
		h.createUser(t, userman.User{Username: username, Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}})
	}
	v := h.logIn(t, "root")
	ask := func(username, password string) *apiResponse {
		t.Helper()
		return v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "xmpp", "username": username, "password": password})
	}
	limited := false
	for range 50 {
		if limited = ask("ann", "an old password").StatusCode == http.StatusTooManyRequests; limited {
			break
		}
	}
	require.True(t, limited)
	ask("joe", password).requireStatus(t, http.StatusOK)
	v.call(t, http.MethodGet, "/session", nil).requireStatus(t, http.StatusOK)
}

func TestAPI_verifyOutOfScopeUserIsUnknown(t *testing.T) {
	t.Parallel()
	h := start(t)
	permissions := permission.Permissions{permission.XMPPLogin: permission.On(), permission.RESTUse: permission.On(), permission.PhoneAppsModules: permission.Set("contacts")}
	h.createUser(t, userman.User{Username: "near", DefaultExtension: "100", Permissions: permissions})
	h.createUser(t, userman.User{Username: "far", DefaultExtension: "200", Permissions: permissions})
	h.createUser(t, userman.User{Username: "far.off", DefaultExtension: "201", Disabled: true})
	token, key, err := h.Site.Tokens.Create(t.Context(), "far", &apitoken.Token{Modules: []string{"contacts"}})
	require.NoError(t, err)
	v := h.logInScoped(t)
	ask := func(username string) *apiResponse {
		t.Helper()
		return v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "xmpp", "username": username, "password": password})
	}
	ask("near").requireStatus(t, http.StatusOK)
	anonymous := ask("nobody").requireStatus(t, http.StatusForbidden).body
	require.Equal(t, anonymous, ask("far").requireStatus(t, http.StatusForbidden).body)
	require.Equal(t, anonymous, ask("far.off").requireStatus(t, http.StatusForbidden).body)
	v.call(t, http.MethodPost, "/authorizations/token", map[string]any{"token": token.ID, "key": key.Reveal(), "module": "contacts"}).requireStatus(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/authorizations/phone", map[string]any{"extension": "200", "module": "contacts"}).requireStatus(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/authorizations/phone", map[string]any{"extension": "100", "module": "contacts"}).requireStatus(t, http.StatusOK)
}

func TestAPI_verifyInScopeReasonForAnyLoginName(t *testing.T) {
	t.Parallel()
	h := startWith(t, func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
	h.createUser(t, userman.User{Username: "near", DefaultExtension: "100", Email: "near@example.com"})
	h.createUser(t, userman.User{Username: "far", DefaultExtension: "200", Email: "far@example.com"})
	// A username like an extension in scope is not in scope.
	h.createUser(t, userman.User{Username: "101", DefaultExtension: "201"})
	v := h.logInScoped(t)
	for username, code := range map[string]string{
		"near": "not_authorized", "Near@Example.com": "not_authorized", "100": "not_authorized",
		"far": "invalid_credentials", "far@example.com": "invalid_credentials", "200": "invalid_credentials", "101": "invalid_credentials",
	} {
		rejected := v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "xmpp", "username": username, "password": password})
		require.Equal(t, code, rejected.requireStatus(t, http.StatusForbidden).problem(t).Code, username)
	}
}

func TestAPI_authorizeTokenChecksAddressModuleAndExtension(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	asked, _ := withAuthorization(t, h, v).(map[string]any)
	v.call(t, http.MethodPatch, "/tokens/"+h.id, map[string]any{"addresses": []string{"192.0.2.0/24"}}).requireStatus(t, http.StatusOK)
	with := func(field string, value any) map[string]any {
		changed := maps.Clone(asked)
		changed[field] = value
		return changed
	}
	v.call(t, http.MethodPost, "/authorizations/token", asked).requireStatus(t, http.StatusOK)
	v.call(t, http.MethodPost, "/authorizations/token", with("address", "::ffff:192.0.2.9")).requireStatus(t, http.StatusOK)
	for field, value := range map[string]string{"address": "198.51.100.1", "module": "voicemail", "extension": "4002", "key": "wrong", "token": "0000000000000000"} {
		v.call(t, http.MethodPost, "/authorizations/token", with(field, value)).requireStatus(t, http.StatusForbidden)
	}
	v.call(t, http.MethodPost, "/authorizations/token", with("address", "")).requireStatus(t, http.StatusForbidden)
}

func TestAudit_omitsSubmittedPasswords(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	h.createUser(t, userman.User{Username: "jane"})
	const misplaced = "seventeen purple lanterns"
	v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "xmpp", "username": misplaced, "password": misplaced}).requireStatus(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/users", map[string]any{"username": misplaced}).requireStatus(t, http.StatusUnprocessableEntity)
	v.call(t, http.MethodPost, "/authorizations/token", map[string]any{"token": "jane", "key": misplaced, "module": "contacts"}).requireStatus(t, http.StatusForbidden)
	trail := v.call(t, http.MethodGet, "/audit", nil).requireStatus(t, http.StatusOK).body
	require.NotContains(t, trail, "lanterns")
	require.NotContains(t, trail, store.NewSecret(password).Reveal())
}
