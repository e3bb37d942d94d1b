package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const mergePatch = "application/merge-patch+json"

// verify checks a password of jane as a service does, and returns the status.
func (v *apiClient) verify(t *testing.T, password string) int {
	t.Helper()
	return v.call(t, http.MethodPost, "/authorizations/password", map[string]any{"service": "xmpp", "username": "jane", "password": password, "address": "192.0.2.7"}).StatusCode
}

// A limited administrator gives jane a password, a link and an API token. Later the
// root administrator gives jane everybody's text messages.
func TestAPI_grantRevokesCredentialsOfLimitedAdministrator(t *testing.T) {
	t.Parallel()
	for what, grant := range map[string]struct {
		method, path, body, mediaType string
		status                        int
		preview                       string
	}{
		"user":   {http.MethodPatch, "/users/jane", `{"permissions":{"sms.numbers":["all"]}}`, mergePatch, http.StatusOK, "/users/jane/preview"},
		"group":  {http.MethodPatch, "/groups/Staff", `{"permissions":{"sms.numbers":["all"]}}`, mergePatch, http.StatusOK, "/groups/Staff/preview"},
		"member": {http.MethodPost, "/groups/Messages/members", `{"usernames":["jane"]}`, "application/json", http.StatusNoContent, "/groups/Messages/members/preview"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := start(t)
			root := h.logIn(t, "root")
			extensions, err := scope.ParseRanges("100-199")
			require.NoError(t, err)
			dids, err := scope.ParseRanges("4930100")
			require.NoError(t, err)
			h.addAdministrator(t, ampusers.Administrator{Username: "mallory", Sections: []string{"users"}, Extensions: extensions, DIDs: dids})
			mallory := h.logIn(t, "mallory")
			h.createGroup(t, userman.Group{Name: "Staff"})
			h.createGroup(t, userman.Group{Name: "Messages", Permissions: permission.Permissions{permission.SMSNumbers: permission.Set(permission.Any)}})
			mallory.call(t, http.MethodPost, "/users", map[string]any{
				"username": "jane", "default_extension": "101", "email": "mallory@example.net", "password": password, "groups": []string{"Staff"},
				"permissions": map[string]any{"xmpp.login": true, "rest.use": true},
			}).requireStatus(t, http.StatusCreated)
			token := mallory.call(t, http.MethodPost, "/users/jane/tokens", map[string]any{}).requireStatus(t, http.StatusCreated).decodeObject(t)
			mallory.call(t, http.MethodPost, "/users/jane/password-links", nil).requireStatus(t, http.StatusCreated)
			authorize := func() int {
				return root.call(t, http.MethodPost, "/authorizations/token", map[string]any{
					"token": token["id"], "key": token["key"], "module": "sms", "extension": "101", "address": "192.0.2.7",
				}).StatusCode
			}
			require.Equal(t, http.StatusOK, authorize())
			require.Equal(t, http.StatusOK, root.verify(t, password))

			preview := root.call(t, http.MethodPost, grant.preview, grant.body).requireStatus(t, http.StatusOK)
			require.JSONEq(t, `{"items":[{"username":"jane","credentials":["password","password_link","email","api_token"]}],"total":1}`, preview.body)
			require.Equal(t, http.StatusOK, root.verify(t, password))

			root.call(t, grant.method, grant.path, grant.body, "Content-Type", grant.mediaType).requireStatus(t, grant.status)

			require.Equal(t, http.StatusForbidden, root.verify(t, password))
			require.Equal(t, http.StatusForbidden, authorize())
			jane := root.call(t, http.MethodGet, "/users/jane", nil).requireStatus(t, http.StatusOK).decodeObject(t)
			require.Equal(t, []any{false, true, nil}, []any{jane["has_password"], jane["email_blocked"], jane["invitation_expires_at"]})
			root.call(t, http.MethodPost, "/users/jane/password-links", nil).requireStatus(t, http.StatusCreated)
			mallory.call(t, http.MethodPut, "/users/jane/password", map[string]any{"password": password}).requireStatus(t, http.StatusForbidden)
		})
	}
}
