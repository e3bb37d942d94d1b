package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestAPI_tokenKeyShownOnceAndReplacedByRotation(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	created := v.call(t, http.MethodPost, "/users/jane.admin/tokens", map[string]any{"modules": []string{"contacts"}, "requests_per_hour": 2}).requireStatus(t, http.StatusCreated)
	token := created.decodeObject(t)
	id, _ := token["id"].(string)
	require.Equal(t, "/api/v1/tokens/"+id, created.Header.Get("Location"))
	require.Equal(t, "jane.admin", token["username"])
	shown := v.call(t, http.MethodGet, "/tokens/"+id, nil).requireStatus(t, http.StatusOK)
	require.NotContains(t, shown.body, `"key"`)
	require.Equal(t, created.Header.Get("ETag"), shown.Header.Get("ETag"))

	authorize := func(key any, status int) *apiResponse {
		t.Helper()
		return v.call(t, http.MethodPost, "/authorizations/token", map[string]any{"token": id, "key": key, "module": "contacts"}).requireStatus(t, status)
	}
	authorize(token["key"], http.StatusOK)
	require.Equal(t, shown.Header.Get("ETag"), v.call(t, http.MethodGet, "/tokens/"+id, nil).Header.Get("ETag"), "to use it is no change")
	rotated := v.call(t, http.MethodPost, "/tokens/"+id+"/rotate", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	authorize(token["key"], http.StatusForbidden)
	authorize(rotated["key"], http.StatusOK)
	limited := authorize(rotated["key"], http.StatusTooManyRequests)
	require.NotEmpty(t, limited.Header.Get("Retry-After"))
	require.Equal(t, "rate_limited", limited.problem(t).Code)
}

func TestAPI_patchTokenKeepsAbsentFields(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	created := v.call(t, http.MethodPost, "/users/jane.admin/tokens", map[string]any{
		"description": "CRM", "extensions": []string{"4001"}, "modules": []string{"contacts"}, "addresses": []string{"192.0.2.7", "2001:db8::/32"}, "expires_at": until,
	}).requireStatus(t, http.StatusCreated).decodeObject(t)
	require.Equal(t, []any{"192.0.2.7/32", "2001:db8::/32"}, created["addresses"])
	require.Equal(t, until, created["expires_at"])
	path := fmt.Sprint("/tokens/", created["id"])
	patched := v.call(t, http.MethodPatch, path, `{"disabled":true}`).requireStatus(t, http.StatusOK).decodeObject(t)
	for _, field := range []string{"description", "extensions", "modules", "addresses", "expires_at", "requests_per_hour"} {
		require.Equal(t, created[field], patched[field], field)
	}
	cleared := v.call(t, http.MethodPatch, path, `{"extensions":null,"addresses":null,"expires_at":null,"disabled":null,"requests_per_hour":null}`).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Equal(t, []any{permission.Any}, cleared["extensions"])
	require.Equal(t, []any{}, cleared["addresses"])
	require.NotContains(t, cleared, "expires_at")
	require.Equal(t, false, cleared["disabled"])
	v.call(t, http.MethodPatch, path, `{"extensions":[]}`).requireFieldErrors(t, http.StatusUnprocessableEntity, "body.extensions min")
	v.call(t, http.MethodPatch, path, `{"addresses":["::1%eth0","10.0.0.0/8"]}`).requireFieldErrors(t, http.StatusUnprocessableEntity, "body.addresses[0] network")
	v.call(t, http.MethodPatch, path, `{"requests_per_hour":-2,"expires_at":"2020-01-01T00:00:00Z"}`).
		requireFieldErrors(t, http.StatusUnprocessableEntity, "body.requests_per_hour range", "body.expires_at past")
}

func TestAPI_listAllTokensInScope(t *testing.T) {
	t.Parallel()
	h := start(t)
	owners := map[string]string{}
	for username, extension := range map[string]string{"near": "100", "far": "200", "gone": "101"} {
		h.createUser(t, userman.User{Username: username, DefaultExtension: extension})
		for range 2 {
			created, _, err := h.Site.Tokens.Create(t.Context(), username, &apitoken.Token{})
			require.NoError(t, err)
			owners[string(created.ID)] = username
		}
	}
	require.NoError(t, h.Site.Users.Delete(t.Context(), "gone"))
	listed := func(v *apiClient) map[string]string {
		t.Helper()
		found := map[string]string{}
		for next := ""; ; {
			page := v.call(t, http.MethodGet, "/tokens?limit=1&after="+next, nil).requireStatus(t, http.StatusOK)
			require.NotContains(t, page.body, `"key"`)
			var tokens struct {
				Items []struct {
					ID       string `json:"id"`
					Username string `json:"username"`
				} `json:"items"`
				Next string `json:"next"`
			}
			require.NoError(t, json.Unmarshal([]byte(page.body), &tokens))
			require.Len(t, tokens.Items, 1)
			found[tokens.Items[0].ID] = tokens.Items[0].Username
			if next = tokens.Next; next == "" {
				return found
			}
		}
	}
	require.Equal(t, owners, listed(h.logIn(t, "root")), "deleted people's too")
	maps.DeleteFunc(owners, func(_, username string) bool { return username == "far" })
	require.Equal(t, owners, listed(h.logInScoped(t)))
}

func TestAPI_idempotencyKeyIsScopedToUser(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	for _, username := range []string{"ann", "joe"} {
		h.createUser(t, userman.User{Username: username})
		created := v.call(t, http.MethodPost, "/users/"+username+"/tokens", map[string]any{}, "Idempotency-Key", "k").requireStatus(t, http.StatusCreated).decodeObject(t)
		require.Equal(t, username, created["username"])
		require.Equal(t, created, v.call(t, http.MethodPost, "/users/"+username+"/tokens", map[string]any{}, "Idempotency-Key", "k").requireStatus(t, http.StatusCreated).decodeObject(t))
	}
}
