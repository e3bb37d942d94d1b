package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// logInScoped logs in an administrator who may use everything about people, and
// reaches 100 to 199.
func (h *harness) logInScoped(t *testing.T) *apiClient {
	t.Helper()
	ranges, err := scope.ParseRanges("100-199")
	require.NoError(t, err)
	h.addAdministrator(t, ampusers.Administrator{Username: "narrow", Sections: []string{"users", "groups", "verify"}, Extensions: ranges})
	return h.logIn(t, "narrow")
}

func TestAPI_patchUserKeepsAbsentFields(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	h.createGroup(t, userman.Group{Name: "Sales"})
	created := v.call(t, http.MethodPost, "/users", map[string]any{
		"username": "jane.roe", "first_name": "Jane", "email": "jane@example.com", "other_emails": []string{"j@example.com"}, "cell_phone": "+49 170 1",
		"default_extension": "4001", "linked_extensions": []string{"4100"}, "groups": []string{"sales"}, "external_id": "e1",
		"permissions": map[string]any{"xmpp.login": true, "history.extensions": map[string]any{"append": []string{"4100"}}},
	}).requireStatus(t, http.StatusCreated)
	require.Equal(t, "/api/v1/users/jane.roe", created.Header.Get("Location"))
	before := created.decodeObject(t)
	require.Equal(t, false, before["has_password"])
	require.Equal(t, []any{"Sales"}, before["groups"])

	patch := func(changes string) map[string]any {
		t.Helper()
		return v.call(t, http.MethodPatch, "/users/jane.roe", changes, "Content-Type", "application/merge-patch+json").requireStatus(t, http.StatusOK).decodeObject(t)
	}
	requireUnchanged := func(changed map[string]any, except string) {
		t.Helper()
		for field, value := range before {
			if field != "updated_at" && !strings.Contains(except, field) {
				require.Equal(t, value, changed[field], field)
			}
		}
	}
	requireUnchanged(patch(`{}`), "")
	requireUnchanged(patch(`{"permissions":{"voicemail.download":false}}`), "permissions")
	grants := patch(`{"permissions":{"xmpp.login":null}}`)["permissions"]
	require.Equal(t, map[string]any{"voicemail.download": false, "history.extensions": map[string]any{"append": []any{"4100"}}}, grants)
	cleared := patch(`{"email":null,"other_emails":[],"linked_extensions":null,"permissions":null,"groups":null,"cell_phone":""}`)
	for field, empty := range map[string]any{
		"email": "", "other_emails": []any{}, "linked_extensions": []any{}, "permissions": map[string]any{}, "groups": []any{}, "cell_phone": "",
	} {
		require.Equal(t, empty, cleared[field], field)
	}
	requireUnchanged(cleared, "email other_emails linked_extensions permissions groups cell_phone")
	require.Equal(t, "jane.doe", patch(`{"username":"jane.doe"}`)["username"])
	v.call(t, http.MethodGet, "/users/jane.roe", nil).requireStatus(t, http.StatusNotFound)
}

func TestAPI_createUserReportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	v.call(t, http.MethodPost, "/users", map[string]any{
		"username": "?", "email": "no email", "generate": true, "password": password, "groups": []string{"nobody's"},
		"permissions": map[string]any{"xmpp.login": "perhaps", "no.such": true, "history.extensions": []string{"x"}},
	}).requireFieldErrors(t, http.StatusUnprocessableEntity,
		"body.username username", "body.email email", "body.generate conflict", "body.groups[0] unknown",
		"body.permissions.xmpp.login value", "body.permissions.no.such unknown", "body.permissions.history.extensions[0] extension")
	v.call(t, http.MethodPost, "/users", map[string]any{
		"username": "jane", "permissions": map[string]any{"no.such": true, "history.extensions": []string{"x"}},
	}).requireFieldErrors(t, http.StatusUnprocessableEntity, "body.permissions.no.such unknown", "body.permissions.history.extensions[0] extension")
	v.call(t, http.MethodGet, "/users/jane", nil).requireStatus(t, http.StatusNotFound)
}

func TestAPI_showsGeneratedPasswordOnlyOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	body := map[string]any{"username": "jane", "generate": true, "must_change_password": true}
	created := v.call(t, http.MethodPost, "/users", body, "Idempotency-Key", "k").requireStatus(t, http.StatusCreated).decodeObject(t)
	again := v.call(t, http.MethodPost, "/users", body, "Idempotency-Key", "k").requireStatus(t, http.StatusCreated).decodeObject(t)
	require.Equal(t, created, again, "the same request makes nothing again")
	secret, _ := created["secret"].(string)
	require.NotEmpty(t, secret)
	shown := v.call(t, http.MethodGet, "/users/jane", nil).requireStatus(t, http.StatusOK)
	require.NotContains(t, shown.body, "secret")
	require.NotContains(t, shown.body, secret)

	reset := v.call(t, http.MethodPut, "/users/jane/password", map[string]any{"generate": true}, "If-Match", shown.Header.Get("ETag")).requireStatus(t, http.StatusOK).decodeObject(t)
	require.NotEqual(t, secret, reset["secret"])
	require.NotEmpty(t, reset["secret"])
	given := v.call(t, http.MethodPut, "/users/jane/password", map[string]any{"password": password}).requireStatus(t, http.StatusOK)
	require.NotContains(t, given.body, `"secret"`)
	v.call(t, http.MethodPut, "/users/jane/password", map[string]any{}).requireFieldErrors(t, http.StatusUnprocessableEntity, "body.password min")
	v.call(t, http.MethodPut, "/users/jane/password", map[string]any{"generate": true}, "If-Match", shown.Header.Get("ETag")).requireStatus(t, http.StatusPreconditionFailed)
}

func TestAPI_userLinksPointToUserPages(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	for act, path := range map[string]string{"password-links": "/set-password/", "softphone-links": "/softphone/"} {
		link := v.call(t, http.MethodPost, "/users/jane.admin/"+act, nil).requireStatus(t, http.StatusCreated).decodeObject(t)
		secret, _ := link["secret"].(string)
		require.Len(t, secret, 43)
		require.Equal(t, h.URL+path+secret, link["url"])
	}
	delivery := v.call(t, http.MethodPost, "/users/jane.admin/mails", map[string]any{"kind": "welcome"}).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Equal(t, "not_configured", delivery["status"])
	require.Contains(t, delivery["message"], "mail server")
}

func TestAPI_restoreUserUnderNewName(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	u := h.createUser(t, userman.User{Username: "jane", DefaultExtension: "4001"})
	v.call(t, http.MethodPost, "/users/"+string(u.ID)+"/restore", nil).requireStatus(t, http.StatusConflict)
	v.call(t, http.MethodDelete, "/users/jane", nil).requireStatus(t, http.StatusNoContent)
	h.createUser(t, userman.User{Username: "jane", DefaultExtension: "4001"})

	rejected := v.call(t, http.MethodPost, "/users/"+string(u.ID)+"/restore", nil).requireStatus(t, http.StatusConflict).problem(t)
	require.Equal(t, "already_exists", rejected.Code)
	restored := v.call(t, http.MethodPost, "/users/"+string(u.ID)+"/restore", map[string]any{"username": "jane2", "default_extension": nil}).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Equal(t, "jane2", restored["username"])
	require.NotContains(t, restored, "deleted_at")
	v.call(t, http.MethodPost, "/users/"+string(u.ID)+"/purge", nil).requireStatus(t, http.StatusConflict)
	v.call(t, http.MethodDelete, "/users/jane2", nil).requireStatus(t, http.StatusNoContent)
	v.call(t, http.MethodPost, "/users/"+string(u.ID)+"/purge", nil).requireStatus(t, http.StatusNoContent)
	v.call(t, http.MethodPost, "/users/"+string(u.ID)+"/purge", nil).requireStatus(t, http.StatusNotFound)
}

func TestScope_apiRejectsOutOfScopeUsers(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.createUser(t, userman.User{Username: "near", DefaultExtension: "100"})
	far := h.createUser(t, userman.User{Username: "far", DefaultExtension: "200"})
	token, _, err := h.Site.Tokens.Create(t.Context(), "far", &apitoken.Token{})
	require.NoError(t, err)
	deleted := h.createUser(t, userman.User{Username: "gone", DefaultExtension: "201"})
	require.NoError(t, h.Site.Users.Delete(t.Context(), "gone"))
	h.createGroup(t, userman.Group{Name: "Sales"})
	v := h.logInScoped(t)

	for target, method := range map[string]string{"/users": http.MethodGet, "/users/export": http.MethodPost} {
		listed := v.call(t, method, target, nil).requireStatus(t, http.StatusOK).body
		require.Contains(t, listed, `"near"`)
		require.NotContains(t, listed, `"far"`)
	}
	require.NotContains(t, v.call(t, http.MethodGet, "/users?status=deleted", nil).requireStatus(t, http.StatusOK).body, "gone")
	missing := strings.NewReplacer("/far", "/nobody", string(token.ID), "0000000000000000", string(deleted.ID), "none")
	for _, request := range []struct {
		method, path string
		body         any
	}{
		{http.MethodGet, "/users/far", nil},
		{http.MethodPatch, "/users/far", map[string]any{"title": "x"}},
		{http.MethodDelete, "/users/far", nil},
		{http.MethodPost, "/users/far/disable", nil},
		{http.MethodPost, "/users/far/end-sessions", nil},
		{http.MethodPost, "/users/far/password-links", nil},
		{http.MethodPost, "/users/far/mails", map[string]any{"kind": "welcome"}},
		{http.MethodPut, "/users/far/password", map[string]any{"generate": true}},
		{http.MethodDelete, "/users/far/second-factor", nil},
		{http.MethodGet, "/users/far/permissions", nil},
		{http.MethodGet, "/users/far/picture", nil},
		{http.MethodGet, "/users/far/tokens", nil},
		{http.MethodPost, "/users/far/tokens", map[string]any{}},
		{http.MethodGet, "/tokens/" + string(token.ID), nil},
		{http.MethodPost, "/tokens/" + string(token.ID) + "/rotate", nil},
		{http.MethodDelete, "/tokens/" + string(token.ID), nil},
		{http.MethodPost, "/users/" + string(deleted.ID) + "/restore", nil},
		{http.MethodPost, "/users/" + string(deleted.ID) + "/purge", nil},
		{http.MethodPost, "/users", map[string]any{"username": "other", "default_extension": "300"}},
		{http.MethodPatch, "/users/near", map[string]any{"linked_extensions": []string{"200"}}},
		{http.MethodPost, "/groups", map[string]any{"name": "Mine"}},
		{http.MethodGet, "/directories", nil},
		{http.MethodGet, "/directories/" + directoryName + "/sync", nil},
		{http.MethodPost, "/directories/" + directoryName + "/sync", nil},
	} {
		rejected := v.call(t, request.method, request.path, request.body)
		absent := missing.Replace(request.path)
		if absent == request.path {
			require.Equal(t, "forbidden", rejected.requireStatus(t, http.StatusForbidden).problem(t).Code, request.path)
			continue
		}
		if request.method == http.MethodPatch || request.method == http.MethodDelete {
			require.Equal(t, "forbidden", h.lastDenial(t).Reason, "%s %s", request.method, request.path)
		}
		// What is out of scope is not told from what does not exist.
		require.Equal(t, v.call(t, request.method, absent, request.body).requireStatus(t, http.StatusNotFound).body, rejected.body, request.path)
		rejected.requireStatus(t, http.StatusNotFound)
	}
	members := v.call(t, http.MethodPost, "/groups/Sales/members", map[string]any{"usernames": []string{"far"}}).requireStatus(t, http.StatusUnprocessableEntity)
	require.Equal(t, v.call(t, http.MethodPost, "/groups/Sales/members", map[string]any{"usernames": []string{"nobody"}}).body, members.body)
	reloaded, err := h.Site.Users.GetByID(t.Context(), far.ID)
	require.NoError(t, err)
	require.Equal(t, far, reloaded)
	v.call(t, http.MethodPatch, "/users/near", map[string]any{"title": "x"}).requireStatus(t, http.StatusOK)
	v.call(t, http.MethodPost, "/groups/Sales/members", map[string]any{"usernames": []string{"near"}}).requireStatus(t, http.StatusNoContent)
}

func TestAPI_explainsUserPermissions(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	explained := v.call(t, http.MethodGet, "/users/jane.admin/permissions", nil).requireStatus(t, http.StatusOK).body
	require.Contains(t, explained, "because the group Sales sets it")
	require.Contains(t, explained, `{"append":["4100"]}`)
}

func TestAPI_deleteUserInUseConflicts(t *testing.T) {
	t.Parallel()
	h := startWith(t, func(o *userman.Options) {
		o.References = append(o.References, referenceEveryUser)
	})
	v := h.logIn(t, "root")
	h.createUser(t, userman.User{Username: "jane"})
	rejected := v.call(t, http.MethodDelete, "/users/jane", nil).requireStatus(t, http.StatusConflict).problem(t)
	require.Equal(t, "in_use", rejected.Code)
	require.Equal(t, []store.Reference{{Kind: "call flow", Key: "reception"}}, rejected.References)
	require.Contains(t, v.call(t, http.MethodGet, "/users/jane/references", nil).requireStatus(t, http.StatusOK).body, "reception")
}

// lastDenial returns the last entry of a denial in the audit log.
func (h *harness) lastDenial(t *testing.T) *audit.Entry {
	t.Helper()
	list, err := h.Site.AuditLog.List(t.Context(), audit.Query{Outcome: audit.Denied, PageRequest: store.PageRequest{Limit: 1}})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items)
	return list.Items[0]
}
