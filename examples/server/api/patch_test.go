package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPI_createAdministratorReturnsInvitation(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	created := v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "jane.admin"}).requireStatus(t, http.StatusCreated)
	require.Equal(t, "/api/v1/administrators/jane.admin", created.Header.Get("Location"))
	invitation, _ := created.decodeObject(t)["invitation"].(map[string]any)
	require.Equal(t, h.URL+"/set-password/"+fmt.Sprint(invitation["token"]), invitation["url"])
	require.NotContains(t, v.call(t, http.MethodGet, "/administrators/jane.admin", nil).body, "invitation\"")

	again := v.call(t, http.MethodPost, "/administrators/jane.admin/invitation", nil).requireStatus(t, http.StatusCreated).decodeObject(t)
	require.NotEqual(t, invitation["token"], again["token"])
	withPassword := map[string]any{"username": "joe", "password": "seventeen purple lanterns"}
	require.NotContains(t, v.call(t, http.MethodPost, "/administrators", withPassword).requireStatus(t, http.StatusCreated).body, "invitation\"")
}

func TestAPI_patchAdministratorKeepsAbsentFields(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	created := v.call(t, http.MethodPost, "/administrators", map[string]any{
		"username": "jane.admin", "display_name": "Jane", "sections": []string{"ami-accounts", "audit"}, "extensions": "100-199,205", "dids": "004912", "teams": []string{"acme"},
	}).requireStatus(t, http.StatusCreated).decodeObject(t)
	patch := func(changes string) map[string]any {
		t.Helper()
		return v.call(t, http.MethodPatch, "/administrators/jane.admin", changes, "Content-Type", "application/merge-patch+json").requireStatus(t, http.StatusOK).decodeObject(t)
	}
	requireUnchanged := func(changed map[string]any, except ...string) {
		t.Helper()
		for field, value := range created {
			if !slices.Contains(append(except, "updated_at", "invitation"), field) {
				require.Equal(t, value, changed[field], field)
			}
		}
	}
	requireUnchanged(patch(`{}`))
	renamed := patch(`{"display_name":"Jane Doe"}`)
	require.Equal(t, "Jane Doe", renamed["display_name"])
	requireUnchanged(renamed, "display_name")
	cleared := patch(`{"display_name":"Jane","extensions":null,"sections":[],"teams":null,"access":null,"disabled":null}`)
	require.Empty(t, cleared["extensions"])
	require.Equal(t, []any{}, cleared["sections"])
	require.Equal(t, []any{}, cleared["teams"])
	require.Equal(t, "limited", cleared["access"])
	require.Equal(t, "004912", cleared["dids"])
	require.NotContains(t, cleared, "invitation_expires_at", "more rights end a link")
	requireUnchanged(cleared, "extensions", "sections", "teams", "invitation_expires_at")
}

func TestAPI_patchAMIAccountKeepsAbsentFields(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	created := v.call(t, http.MethodPost, "/ami-accounts", map[string]any{
		"name": "crm", "preset": "click-to-call", "permit": []string{"10.0.0.1/8"}, "owner": "me", "note": "mine", "write_timeout": 5000, "named_acl": "office",
		"allow_multiple_login": false, "event_filters": []any{map[string]any{"action": "include", "event": "Newchannel"}},
	}).requireStatus(t, http.StatusCreated).decodeObject(t)
	require.Equal(t, []any{"10.0.0.0/8"}, created["permit"])
	changed := v.call(t, http.MethodPatch, "/ami-accounts/CRM", `{"read":["call"],"note":null,"event_filters":null,"write_timeout":null,"allow_multiple_login":null,"permit":[]}`).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Equal(t, []any{"call"}, changed["read"])
	require.Equal(t, true, changed["allow_multiple_login"])
	require.InEpsilon(t, 100.0, changed["write_timeout"], 0)
	for _, field := range []string{"note", "event_filters", "permit"} {
		require.Empty(t, changed[field], field)
	}
	for _, field := range []string{"name", "write", "owner", "named_acl", "secret_changed_at", "created_at"} {
		require.Equal(t, created[field], changed[field], field)
	}
	require.NotContains(t, changed, "secret")
}

func TestAPI_reportsAllFieldErrorsTogether(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	v.call(t, http.MethodPost, "/ami-accounts", map[string]any{
		"name": "no name", "secret": "short", "preset": "none", "permit": []string{"10.0.0.0/8", "here"}, "read": []string{"all", "cal"}, "write_timeout": 7,
		"event_filters": []any{map[string]any{"action": "drop"}},
	}).requireFieldErrors(t, http.StatusUnprocessableEntity,
		"body.name ami_name", "body.secret min", "body.preset oneof", "body.permit[1] network", "body.read[1] privilege", "body.write_timeout min",
		"body.event_filters[0].action oneof", "body.event_filters[0].event required")
	rejected := v.call(t, http.MethodPost, "/administrators", map[string]any{
		"username": "-", "password": "short", "extensions": "200-100", "dids": "x", "access": "some", "sections": []string{"nowhere"},
	}).requireStatus(t, http.StatusUnprocessableEntity)
	for _, field := range []string{"username", "extensions", "dids", "access", "sections"} {
		require.Contains(t, rejected.body, `"location":"body.`+field)
	}
}

func TestAPI_showsGeneratedSecretOnlyOnce(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	created := v.call(t, http.MethodPost, "/ami-accounts", map[string]any{"name": "crm"}).requireStatus(t, http.StatusCreated)
	secret, _ := created.decodeObject(t)["secret"].(string)
	require.Len(t, secret, 32)
	for _, shown := range []*apiResponse{
		v.call(t, http.MethodGet, "/ami-accounts/crm", nil),
		v.call(t, http.MethodGet, "/ami-accounts", nil),
		v.call(t, http.MethodPost, "/ami-accounts/crm/disable", nil),
		v.call(t, http.MethodGet, "/audit", nil),
		v.call(t, http.MethodPost, "/ami-accounts/crm/secret", map[string]any{"secret": "another secret of ours"}),
	} {
		shown.requireStatus(t, http.StatusOK)
		require.NotContains(t, shown.body, secret)
		require.NotContains(t, shown.body, "another secret of ours")
	}
	rotated := v.call(t, http.MethodPost, "/ami-accounts/crm/secret", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Len(t, rotated["secret"], 32)
	require.NotEqual(t, secret, rotated["secret"])
}
