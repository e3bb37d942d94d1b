package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnInvitationSetsThePassword(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	made := v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "jane.admin"}).is(t, http.StatusCreated)
	require.Equal(t, "/api/v1/administrators/jane.admin", made.Header.Get("Location"))
	invitation, _ := made.object(t)["invitation"].(map[string]any)
	require.Equal(t, h.URL+"/set-password/"+fmt.Sprint(invitation["token"]), invitation["url"])
	require.NotContains(t, v.call(t, http.MethodGet, "/administrators/jane.admin", nil).body, "invitation\"")

	again := v.call(t, http.MethodPost, "/administrators/jane.admin/invitation", nil).is(t, http.StatusCreated).object(t)
	require.NotEqual(t, invitation["token"], again["token"])
	withPassword := map[string]any{"username": "joe", "password": "seventeen purple lanterns"}
	require.NotContains(t, v.call(t, http.MethodPost, "/administrators", withPassword).is(t, http.StatusCreated).body, "invitation\"")
}

func TestAPatchKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	made := v.call(t, http.MethodPost, "/administrators", map[string]any{
		"username": "jane.admin", "display_name": "Jane", "sections": []string{"managers", "audit"}, "extensions": "100-199,205", "dids": "004912", "teams": []string{"acme"},
	}).is(t, http.StatusCreated).object(t)
	patch := func(changes string) map[string]any {
		t.Helper()
		return v.call(t, http.MethodPatch, "/administrators/jane.admin", changes, "Content-Type", "application/merge-patch+json").is(t, http.StatusOK).object(t)
	}
	kept := func(changed map[string]any, but ...string) {
		t.Helper()
		for field, value := range made {
			if !slices.Contains(append(but, "updated_at", "invitation"), field) {
				require.Equal(t, value, changed[field], field)
			}
		}
	}
	kept(patch(`{}`))
	renamed := patch(`{"display_name":"Jane Doe"}`)
	require.Equal(t, "Jane Doe", renamed["display_name"])
	kept(renamed, "display_name")
	cleared := patch(`{"display_name":"Jane","extensions":null,"sections":[],"teams":null,"access":null,"disabled":null}`)
	require.Empty(t, cleared["extensions"])
	require.Equal(t, []any{}, cleared["sections"])
	require.Equal(t, []any{}, cleared["teams"])
	require.Equal(t, "limited", cleared["access"])
	require.Equal(t, "004912", cleared["dids"])
	require.NotContains(t, cleared, "invited_until", "more rights end a link")
	kept(cleared, "extensions", "sections", "teams", "invited_until")
}

func TestAPatchOfAnAccountKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	made := v.call(t, http.MethodPost, "/managers", map[string]any{
		"name": "crm", "preset": "click-to-call", "permit": []string{"10.0.0.1/8"}, "owner": "me", "note": "mine", "write_timeout": 5000, "named_acl": "office",
		"allow_multiple_login": false, "event_filters": []any{map[string]any{"action": "include", "event": "Newchannel"}},
	}).is(t, http.StatusCreated).object(t)
	require.Equal(t, []any{"10.0.0.0/8"}, made["permit"])
	changed := v.call(t, http.MethodPatch, "/managers/CRM", `{"read":["call"],"note":null,"event_filters":null,"write_timeout":null,"allow_multiple_login":null,"permit":[]}`).is(t, http.StatusOK).object(t)
	require.Equal(t, []any{"call"}, changed["read"])
	require.Equal(t, true, changed["allow_multiple_login"])
	require.InEpsilon(t, 100.0, changed["write_timeout"], 0)
	for _, field := range []string{"note", "event_filters", "permit"} {
		require.Empty(t, changed[field], field)
	}
	for _, field := range []string{"name", "write", "owner", "named_acl", "secret_changed_at", "created_at"} {
		require.Equal(t, made[field], changed[field], field)
	}
	require.NotContains(t, changed, "secret")
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	v.call(t, http.MethodPost, "/managers", map[string]any{
		"name": "no name", "secret": "short", "preset": "none", "permit": []string{"10.0.0.0/8", "here"}, "read": []string{"all", "cal"}, "write_timeout": 7,
		"event_filters": []any{map[string]any{"action": "drop"}},
	}).refuses(t, http.StatusUnprocessableEntity,
		"body.name ami_name", "body.secret min", "body.preset oneof", "body.permit[1] network", "body.read[1] privilege", "body.write_timeout min",
		"body.event_filters[0].action oneof", "body.event_filters[0].event required")
	refused := v.call(t, http.MethodPost, "/administrators", map[string]any{
		"username": "-", "password": "short", "extensions": "200-100", "dids": "x", "access": "some", "sections": []string{"nowhere"},
	}).is(t, http.StatusUnprocessableEntity)
	for _, field := range []string{"username", "extensions", "dids", "access", "sections"} {
		require.Contains(t, refused.body, `"location":"body.`+field)
	}
}

func TestASecretIsShownOnce_andNotWhenItWasGiven(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	made := v.call(t, http.MethodPost, "/managers", map[string]any{"name": "crm"}).is(t, http.StatusCreated)
	secret, _ := made.object(t)["secret"].(string)
	require.Len(t, secret, 32)
	for _, shown := range []*answer{
		v.call(t, http.MethodGet, "/managers/crm", nil),
		v.call(t, http.MethodGet, "/managers", nil),
		v.call(t, http.MethodPost, "/managers/crm/disable", nil),
		v.call(t, http.MethodGet, "/audit", nil),
		v.call(t, http.MethodPost, "/managers/crm/secret", map[string]any{"secret": "another secret of ours"}),
	} {
		shown.is(t, http.StatusOK)
		require.NotContains(t, shown.body, secret)
		require.NotContains(t, shown.body, "another secret of ours")
	}
	rotated := v.call(t, http.MethodPost, "/managers/crm/secret", nil).is(t, http.StatusOK).object(t)
	require.Len(t, rotated["secret"], 32)
	require.NotEqual(t, secret, rotated["secret"])
}
