package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAPI_patchGroupKeepsAbsentFields(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	created := v.call(t, http.MethodPost, "/groups", map[string]any{
		"name": "Sales / EMEA", "description": "Hunters", "priority": 7, "default": true, "permissions": map[string]any{"xmpp.login": true},
	}).requireStatus(t, http.StatusCreated)
	path := "/groups/" + url.PathEscape("sales / emea")
	require.Equal(t, "/api/v1/groups/"+url.PathEscape("Sales / EMEA"), created.Header.Get("Location"))
	patched := v.call(t, http.MethodPatch, path, `{"permissions":{"sms.numbers":["0301"]}}`, "If-Match", created.Header.Get("ETag")).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Equal(t, map[string]any{"xmpp.login": true, "sms.numbers": []any{"0301"}}, patched["permissions"])
	require.Equal(t, "Hunters", patched["description"])
	require.EqualValues(t, 7, patched["priority"])
	v.call(t, http.MethodPatch, path, `{}`, "If-Match", created.Header.Get("ETag")).requireStatus(t, http.StatusPreconditionFailed)
	cleared := v.call(t, http.MethodPatch, path, `{"priority":null,"default":null,"description":null}`).requireStatus(t, http.StatusOK).decodeObject(t)
	require.EqualValues(t, userman.DefaultPriority, cleared["priority"])
	require.Equal(t, false, cleared["default"])
}

func TestAPI_deleteGroupWithMembersRequiresForce(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	tag := v.call(t, http.MethodGet, "/groups/Sales", nil).Header.Get("ETag")
	h.createUser(t, userman.User{Username: "joe"})
	v.call(t, http.MethodPost, "/groups/sales/members", map[string]any{"usernames": []string{"joe", "nobody"}}).
		requireFieldErrors(t, http.StatusUnprocessableEntity, "body.usernames[1] unknown")
	v.call(t, http.MethodPost, "/groups/sales/members", map[string]any{"usernames": []string{"joe"}}).requireStatus(t, http.StatusNoContent)
	require.Equal(t, tag, v.call(t, http.MethodGet, "/groups/Sales", nil).Header.Get("ETag"), "who joins does not change the group")
	require.Contains(t, v.call(t, http.MethodGet, "/groups/Sales/members", nil).requireStatus(t, http.StatusOK).body, `"joe"`)
	v.call(t, http.MethodDelete, "/groups/sales/members", map[string]any{"usernames": []string{"joe"}}).requireStatus(t, http.StatusNoContent)

	impact := v.call(t, http.MethodGet, "/groups/Sales/impact", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.EqualValues(t, 1, impact["total"])
	require.Contains(t, v.call(t, http.MethodGet, "/groups/Sales/impact", nil).body, `{"permission":"voicemail.download","before":"off","after":"on"}`)
	rejected := v.call(t, http.MethodDelete, "/groups/Sales", nil).requireStatus(t, http.StatusConflict).problem(t)
	require.Equal(t, "in_use", rejected.Code)
	require.Equal(t, "jane.admin", rejected.References[0].Key)
	v.call(t, http.MethodDelete, "/groups/Sales?force=true", nil, "If-Match", tag).requireStatus(t, http.StatusNoContent)
	v.call(t, http.MethodGet, "/groups/Sales/members", nil).requireStatus(t, http.StatusNotFound)
}

func TestAPI_groupMembersHideUserDetails(t *testing.T) {
	t.Parallel()
	h := start(t)
	withUser(t, h, nil)
	h.addAdministrator(t, ampusers.Administrator{Username: "grouper", Sections: []string{"groups"}})
	v := h.logIn(t, "grouper")
	members := v.call(t, http.MethodGet, "/groups/Sales/members", nil).requireStatus(t, http.StatusOK).body
	require.Contains(t, members, "jane.admin")
	require.NotContains(t, members, "example.com")
	v.call(t, http.MethodGet, "/users/jane.admin", nil).requireStatus(t, http.StatusForbidden)
}

func TestAPI_auditNamesGroupButNoMisplacedSecret(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.createGroup(t, userman.Group{Name: "Sales and Support"})
	v := h.logIn(t, "root")
	lastDenied := func() audit.Entry {
		t.Helper()
		list, err := h.Site.AuditLog.List(t.Context(), audit.Query{Outcome: audit.Denied, PageRequest: store.PageRequest{Limit: 1}})
		require.NoError(t, err)
		require.Equal(t, userman.KindGroup, list.Items[0].Kind)
		return *list.Items[0]
	}
	v.call(t, http.MethodPatch, "/groups/sales%20AND%20support", `{"description":"x"}`, "If-Match", `"old"`).requireStatus(t, http.StatusPreconditionFailed)
	require.Equal(t, "Sales and Support", lastDenied().Key)
	v.call(t, http.MethodPost, "/groups", map[string]any{"name": "Night", "priority": -1}).requireStatus(t, http.StatusUnprocessableEntity)
	require.Equal(t, "Night", lastDenied().Key)
	v.call(t, http.MethodPost, "/groups", map[string]any{"name": "correct horse battery staple", "priority": -1}).requireStatus(t, http.StatusUnprocessableEntity)
	require.Empty(t, lastDenied().Key)
}
