package api_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAServiceIsToldWhyAPersonIsNotLetIn(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.person(t, userman.User{Username: "jane", HomePhone: "0301234", Permissions: userman.Permissions{userman.XMPPLogin: userman.On()}})
	h.person(t, userman.User{Username: "no.chat"})
	h.person(t, userman.User{Username: "disabled", Disabled: true})
	h.person(t, userman.User{Username: "old", MustChangePassword: true, Permissions: userman.Permissions{userman.XMPPLogin: userman.On()}})
	h.add(t, ampusers.Administrator{Username: "xmpp.server", Sections: []string{"verify"}})
	v := h.as(t, "xmpp.server")
	ask := func(username, password string, status int) *answer {
		t.Helper()
		return v.call(t, http.MethodPost, "/verify", map[string]any{
			"service": "xmpp", "username": username, "password": password, "address": "192.0.2.7",
		}).is(t, status)
	}
	let := ask("JANE", password, http.StatusOK)
	require.Contains(t, let.body, `"username":"jane"`)
	require.NotContains(t, let.body, "0301234", "a service need not see all of a person")
	for username, code := range map[string]string{"no.chat": "not_allowed", "disabled": "disabled", "old": "password_expired", "nobody": "wrong_password"} {
		refused := ask(username, password, http.StatusForbidden)
		require.Equal(t, code, refused.problem(t).Code)
		require.Empty(t, refused.Header.Get("WWW-Authenticate"), "it is not the service that has to log in")
	}
	require.Equal(t, "wrong_password", ask("jane", "a guess", http.StatusForbidden).problem(t).Code)
	v.call(t, http.MethodPost, "/verify", map[string]any{"service": "smoke", "username": "jane", "password": password}).
		refuses(t, http.StatusUnprocessableEntity, "body.service unknown")
	v.call(t, http.MethodPost, "/verify", map[string]any{"service": "xmpp", "username": "jane", "password": password, "address": "here"}).
		refuses(t, http.StatusUnprocessableEntity, "body.address address")
	v.call(t, http.MethodGet, "/users", nil).is(t, http.StatusForbidden)
}

func TestOnePersonsOldDeviceDoesNotShutOutTheServer(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, username := range []string{"ann", "joe"} {
		h.person(t, userman.User{Username: username, Permissions: userman.Permissions{userman.XMPPLogin: userman.On()}})
	}
	v := h.as(t, "root")
	ask := func(username, password string) *answer {
		t.Helper()
		return v.call(t, http.MethodPost, "/verify", map[string]any{"service": "xmpp", "username": username, "password": password})
	}
	held := false
	for range 50 {
		if held = ask("ann", "an old password").StatusCode == http.StatusTooManyRequests; held {
			break
		}
	}
	require.True(t, held)
	ask("joe", password).is(t, http.StatusOK)
	v.call(t, http.MethodGet, "/session", nil).is(t, http.StatusOK)
}

func TestWhoIsOutOfReachIsAStrangerToAService(t *testing.T) {
	t.Parallel()
	h := start(t)
	may := userman.Permissions{userman.XMPPLogin: userman.On(), userman.RESTUse: userman.On(), userman.PhoneAppsModules: userman.Replace("contacts")}
	h.person(t, userman.User{Username: "near", DefaultExtension: "100", Permissions: may})
	h.person(t, userman.User{Username: "far", DefaultExtension: "200", Permissions: may})
	h.person(t, userman.User{Username: "far.off", DefaultExtension: "201", Disabled: true})
	token, key, err := h.Site.People.CreateToken(t.Context(), "far", &userman.Token{Modules: []string{"contacts"}})
	require.NoError(t, err)
	v := h.narrowed(t)
	ask := func(username string) *answer {
		t.Helper()
		return v.call(t, http.MethodPost, "/verify", map[string]any{"service": "xmpp", "username": username, "password": password})
	}
	ask("near").is(t, http.StatusOK)
	stranger := ask("nobody").is(t, http.StatusForbidden).body
	require.Equal(t, stranger, ask("far").is(t, http.StatusForbidden).body)
	require.Equal(t, stranger, ask("far.off").is(t, http.StatusForbidden).body)
	v.call(t, http.MethodPost, "/authorize", map[string]any{"token": token.ID, "key": key.Reveal(), "module": "contacts"}).is(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/authorize-phone", map[string]any{"extension": "200", "module": "contacts"}).is(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/authorize-phone", map[string]any{"extension": "100", "module": "contacts"}).is(t, http.StatusOK)
}

func TestAServiceWithSomeOfThePeopleIsToldWhyOfThem_howeverTheyLogIn(t *testing.T) {
	t.Parallel()
	h := startWith(t, func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
	h.person(t, userman.User{Username: "near", DefaultExtension: "100", Email: "near@example.com"})
	h.person(t, userman.User{Username: "far", DefaultExtension: "200", Email: "far@example.com"})
	// The username goes first: it is not near who is meant.
	h.person(t, userman.User{Username: "101", DefaultExtension: "201"})
	h.person(t, userman.User{Username: "near.too", DefaultExtension: "101"})
	v := h.narrowed(t)
	for username, code := range map[string]string{
		"near": "not_allowed", "Near@Example.com": "not_allowed", "100": "not_allowed",
		"far": "wrong_password", "far@example.com": "wrong_password", "200": "wrong_password", "101": "wrong_password",
	} {
		refused := v.call(t, http.MethodPost, "/verify", map[string]any{"service": "xmpp", "username": username, "password": password})
		require.Equal(t, code, refused.is(t, http.StatusForbidden).problem(t).Code, username)
	}
}

func TestATokenIsBoundToAddressesModulesAndExtensions(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	asked, _ := withAuthorization(t, h, v).(map[string]any)
	v.call(t, http.MethodPatch, "/tokens/"+h.id, map[string]any{"addresses": []string{"192.0.2.0/24"}}).is(t, http.StatusOK)
	with := func(field string, value any) map[string]any {
		changed := maps.Clone(asked)
		changed[field] = value
		return changed
	}
	v.call(t, http.MethodPost, "/authorize", asked).is(t, http.StatusOK)
	v.call(t, http.MethodPost, "/authorize", with("address", "::ffff:192.0.2.9")).is(t, http.StatusOK)
	for field, value := range map[string]string{"address": "198.51.100.1", "module": "voicemail", "extension": "4002", "key": "wrong", "token": "0000000000000000"} {
		v.call(t, http.MethodPost, "/authorize", with(field, value)).is(t, http.StatusForbidden)
	}
	v.call(t, http.MethodPost, "/authorize", with("address", "")).is(t, http.StatusForbidden)
}

func TestAWrongPasswordIsKeptNowhere(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	h.person(t, userman.User{Username: "jane"})
	const misplaced = "seventeen purple lanterns"
	v.call(t, http.MethodPost, "/verify", map[string]any{"service": "xmpp", "username": misplaced, "password": misplaced}).is(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/users", map[string]any{"username": misplaced}).is(t, http.StatusUnprocessableEntity)
	v.call(t, http.MethodPost, "/authorize", map[string]any{"token": "jane", "key": misplaced, "module": "contacts"}).is(t, http.StatusForbidden)
	trail := v.call(t, http.MethodGet, "/audit", nil).is(t, http.StatusOK).body
	require.NotContains(t, trail, "lanterns")
	require.NotContains(t, trail, store.NewSecret(password).Reveal())
}
