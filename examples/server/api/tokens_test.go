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
)

func TestTheKeyOfATokenIsShownOnce_andANewOneEndsIt(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withPerson(t, h, v)
	made := v.call(t, http.MethodPost, "/users/jane.admin/tokens", map[string]any{"modules": []string{"contacts"}, "requests_per_hour": 2}).is(t, http.StatusCreated)
	token := made.object(t)
	id, _ := token["id"].(string)
	require.Equal(t, "/api/v1/tokens/"+id, made.Header.Get("Location"))
	require.Equal(t, "jane.admin", token["username"])
	shown := v.call(t, http.MethodGet, "/tokens/"+id, nil).is(t, http.StatusOK)
	require.NotContains(t, shown.body, `"key"`)
	require.Equal(t, made.Header.Get("ETag"), shown.Header.Get("ETag"))

	may := func(key any, status int) *answer {
		t.Helper()
		return v.call(t, http.MethodPost, "/authorize", map[string]any{"token": id, "key": key, "module": "contacts"}).is(t, status)
	}
	may(token["key"], http.StatusOK)
	require.Equal(t, shown.Header.Get("ETag"), v.call(t, http.MethodGet, "/tokens/"+id, nil).Header.Get("ETag"), "to use it is no change")
	rotated := v.call(t, http.MethodPost, "/tokens/"+id+"/rotate", nil).is(t, http.StatusOK).object(t)
	may(token["key"], http.StatusForbidden)
	may(rotated["key"], http.StatusOK)
	held := may(rotated["key"], http.StatusTooManyRequests)
	require.NotEmpty(t, held.Header.Get("Retry-After"))
	require.Equal(t, "throttled", held.problem(t).Code)
}

func TestAPatchOfATokenKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withPerson(t, h, v)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	made := v.call(t, http.MethodPost, "/users/jane.admin/tokens", map[string]any{
		"description": "CRM", "extensions": []string{"4001"}, "modules": []string{"contacts"}, "addresses": []string{"192.0.2.7", "2001:db8::/32"}, "expires_at": until,
	}).is(t, http.StatusCreated).object(t)
	require.Equal(t, []any{"192.0.2.7/32", "2001:db8::/32"}, made["addresses"])
	require.Equal(t, until, made["expires_at"])
	at := fmt.Sprint("/tokens/", made["id"])
	patched := v.call(t, http.MethodPatch, at, `{"disabled":true}`).is(t, http.StatusOK).object(t)
	for _, field := range []string{"description", "extensions", "modules", "addresses", "expires_at", "requests_per_hour"} {
		require.Equal(t, made[field], patched[field], field)
	}
	cleared := v.call(t, http.MethodPatch, at, `{"extensions":null,"addresses":null,"expires_at":null,"disabled":null,"requests_per_hour":null}`).is(t, http.StatusOK).object(t)
	require.Equal(t, []any{userman.All}, cleared["extensions"])
	require.Equal(t, []any{}, cleared["addresses"])
	require.NotContains(t, cleared, "expires_at")
	require.Equal(t, false, cleared["disabled"])
	v.call(t, http.MethodPatch, at, `{"extensions":[]}`).refuses(t, http.StatusUnprocessableEntity, "body.extensions min")
	v.call(t, http.MethodPatch, at, `{"addresses":["::1%eth0","10.0.0.0/8"]}`).refuses(t, http.StatusUnprocessableEntity, "body.addresses[0] network")
	v.call(t, http.MethodPatch, at, `{"requests_per_hour":-2,"expires_at":"2020-01-01T00:00:00Z"}`).
		refuses(t, http.StatusUnprocessableEntity, "body.requests_per_hour range", "body.expires_at past")
}

func TestTheTokensOfEverybodyAreListedPageByPage_ofThoseWhoAreReached(t *testing.T) {
	t.Parallel()
	h := start(t)
	holders := map[string]string{}
	for username, extension := range map[string]string{"near": "100", "far": "200", "gone": "101"} {
		h.person(t, userman.User{Username: username, DefaultExtension: extension})
		for range 2 {
			made, _, err := h.Site.People.CreateToken(t.Context(), username, &userman.Token{})
			require.NoError(t, err)
			holders[made.ID] = username
		}
	}
	require.NoError(t, h.Site.People.Delete(t.Context(), "gone"))
	listed := func(v *visitor) map[string]string {
		t.Helper()
		found := map[string]string{}
		for next := ""; ; {
			page := v.call(t, http.MethodGet, "/tokens?limit=1&after="+next, nil).is(t, http.StatusOK)
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
	require.Equal(t, holders, listed(h.as(t, "root")), "deleted people's too")
	maps.DeleteFunc(holders, func(_, username string) bool { return username == "far" })
	require.Equal(t, holders, listed(h.narrowed(t)))
}

func TestTheSameIdempotencyKeyForAnotherPersonIsAnotherRequest(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	for _, username := range []string{"ann", "joe"} {
		h.person(t, userman.User{Username: username})
		made := v.call(t, http.MethodPost, "/users/"+username+"/tokens", map[string]any{}, "Idempotency-Key", "k").is(t, http.StatusCreated).object(t)
		require.Equal(t, username, made["username"])
		require.Equal(t, made, v.call(t, http.MethodPost, "/users/"+username+"/tokens", map[string]any{}, "Idempotency-Key", "k").is(t, http.StatusCreated).object(t))
	}
}
