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

func TestAPatchOfAGroupKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	made := v.call(t, http.MethodPost, "/groups", map[string]any{
		"name": "Sales / EMEA", "description": "Hunters", "priority": 7, "default": true, "permissions": map[string]any{"xmpp.login": true},
	}).is(t, http.StatusCreated)
	at := "/groups/" + url.PathEscape("sales / emea")
	require.Equal(t, "/api/v1/groups/"+url.PathEscape("Sales / EMEA"), made.Header.Get("Location"))
	patched := v.call(t, http.MethodPatch, at, `{"permissions":{"sms.numbers":["0301"]}}`, "If-Match", made.Header.Get("ETag")).is(t, http.StatusOK).object(t)
	require.Equal(t, map[string]any{"xmpp.login": true, "sms.numbers": []any{"0301"}}, patched["permissions"])
	require.Equal(t, "Hunters", patched["description"])
	require.EqualValues(t, 7, patched["priority"])
	v.call(t, http.MethodPatch, at, `{}`, "If-Match", made.Header.Get("ETag")).is(t, http.StatusPreconditionFailed)
	cleared := v.call(t, http.MethodPatch, at, `{"priority":null,"default":null,"description":null}`).is(t, http.StatusOK).object(t)
	require.EqualValues(t, userman.DefaultPriority, cleared["priority"])
	require.Equal(t, false, cleared["default"])
}

func TestAGroupWithMembersIsDeletedByForceOnly(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withPerson(t, h, v)
	tag := v.call(t, http.MethodGet, "/groups/Sales", nil).Header.Get("ETag")
	h.person(t, userman.User{Username: "joe"})
	v.call(t, http.MethodPost, "/groups/sales/members", map[string]any{"usernames": []string{"joe", "nobody"}}).
		refuses(t, http.StatusUnprocessableEntity, "body.usernames[1] unknown")
	v.call(t, http.MethodPost, "/groups/sales/members", map[string]any{"usernames": []string{"joe"}}).is(t, http.StatusNoContent)
	require.Equal(t, tag, v.call(t, http.MethodGet, "/groups/Sales", nil).Header.Get("ETag"), "who joins does not change the group")
	require.Contains(t, v.call(t, http.MethodGet, "/groups/Sales/members", nil).is(t, http.StatusOK).body, `"joe"`)
	v.call(t, http.MethodDelete, "/groups/sales/members", map[string]any{"usernames": []string{"joe"}}).is(t, http.StatusNoContent)

	impact := v.call(t, http.MethodGet, "/groups/Sales/impact", nil).is(t, http.StatusOK).object(t)
	require.EqualValues(t, 1, impact["total"])
	require.Contains(t, v.call(t, http.MethodGet, "/groups/Sales/impact", nil).body, `{"permission":"voicemail.download","before":"off","after":"on"}`)
	refused := v.call(t, http.MethodDelete, "/groups/Sales", nil).is(t, http.StatusConflict).problem(t)
	require.Equal(t, "in_use", refused.Code)
	require.Equal(t, "jane.admin", refused.References[0].Key)
	v.call(t, http.MethodDelete, "/groups/Sales?force=true", nil, "If-Match", tag).is(t, http.StatusNoContent)
	v.call(t, http.MethodGet, "/groups/Sales/members", nil).is(t, http.StatusNotFound)
}

func TestWhoSeesGroupsDoesNotSeeAllOfTheMembers(t *testing.T) {
	t.Parallel()
	h := start(t)
	withPerson(t, h, nil)
	h.add(t, ampusers.Administrator{Username: "grouper", Sections: []string{"groups"}})
	v := h.as(t, "grouper")
	members := v.call(t, http.MethodGet, "/groups/Sales/members", nil).is(t, http.StatusOK).body
	require.Contains(t, members, "jane.admin")
	require.NotContains(t, members, "example.com")
	v.call(t, http.MethodGet, "/users/jane.admin", nil).is(t, http.StatusForbidden)
}

func TestTheTrailNamesTheGroupOfWhatWasRefused_andNoSecretInThePlaceOfAName(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.group(t, userman.Group{Name: "Sales and Support"})
	v := h.as(t, "root")
	refused := func() audit.Entry {
		t.Helper()
		list, err := h.Site.Trail.List(t.Context(), audit.Query{Outcome: audit.Refused, Page: store.Page{Limit: 1}})
		require.NoError(t, err)
		require.Equal(t, userman.GroupRecord, list.Items[0].Kind)
		return *list.Items[0]
	}
	v.call(t, http.MethodPatch, "/groups/sales%20AND%20support", `{"description":"x"}`, "If-Match", `"old"`).is(t, http.StatusPreconditionFailed)
	require.Equal(t, "Sales and Support", refused().Key)
	v.call(t, http.MethodPost, "/groups", map[string]any{"name": "Night", "priority": -1}).is(t, http.StatusUnprocessableEntity)
	require.Equal(t, "Night", refused().Key)
	v.call(t, http.MethodPost, "/groups", map[string]any{"name": "correct horse battery staple", "priority": -1}).is(t, http.StatusUnprocessableEntity)
	require.Empty(t, refused().Key)
}
