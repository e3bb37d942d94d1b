package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
)

// logInAuditor logs in an administrator with the section audit and the others, for
// the extensions 100 to 199.
func (h *harness) logInAuditor(t *testing.T, sections ...string) *apiClient {
	t.Helper()
	ranges, err := scope.ParseRanges("100-199")
	require.NoError(t, err)
	h.addAdministrator(t, ampusers.Administrator{Username: "auditor", Sections: append(sections, "audit"), Extensions: ranges})
	return h.logIn(t, "auditor")
}

// auditKeys returns "kind key" of the entries, oldest first, read in pages of one.
func (v *apiClient) auditKeys(t *testing.T, filter string) []string {
	t.Helper()
	var keys []string
	for after := ""; ; {
		page := v.call(t, http.MethodGet, "/audit?limit=1&after="+url.QueryEscape(after)+filter, nil).requireStatus(t, http.StatusOK)
		body := page.decodeObject(t)
		items, _ := body["items"].([]any)
		for _, item := range items {
			entry, _ := item.(map[string]any)
			require.Empty(t, entry["hash"], "it would confirm a guess at the entry before")
			keys = append([]string{fmt.Sprint(entry["kind"], " ", entry["key"])}, keys...)
		}
		after, _ = body["next"].(string)
		if after == "" {
			return keys
		}
		require.Len(t, items, 1)
	}
}

func TestAudit_listsEntriesInScopeOnly(t *testing.T) {
	t.Parallel()
	h := start(t)
	root := h.logIn(t, "root")
	h.createUser(t, userman.User{Username: "inside", DefaultExtension: "101", Email: "inside@example.com"})
	h.createUser(t, userman.User{Username: "outside", DefaultExtension: "201", Email: "outside@example.com"})
	for _, username := range []string{"inside", "outside"} {
		root.call(t, http.MethodPatch, "/users/"+username, `{"email":"x"}`, "Content-Type", "application/merge-patch+json").requireStatus(t, http.StatusUnprocessableEntity)
		root.call(t, http.MethodPost, "/users/"+username+"/tokens", map[string]any{}).requireStatus(t, http.StatusCreated)
	}
	h.createGroup(t, userman.Group{Name: "Sales"})
	v := h.logInAuditor(t)
	v.call(t, http.MethodGet, "/users/outside", nil).requireStatus(t, http.StatusForbidden)
	keys := v.auditKeys(t, "")
	require.Equal(t, []string{"user inside", "user inside", "API token"}, []string{keys[0], keys[1], keys[2][:9]})
	require.Equal(t, []string{"administrator auditor", "administrator auditor"}, keys[3:], "created, and logged in")
	require.Empty(t, v.auditKeys(t, "&key=outside"))
	require.Empty(t, v.auditKeys(t, "&key=root"))
	whole := root.call(t, http.MethodGet, "/audit?key=outside", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Len(t, whole["items"], 2)
}

func TestAudit_listsEntriesOfOwnSectionsOnly(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.createGroup(t, userman.Group{Name: "Sales"})
	root := h.logIn(t, "root")
	root.call(t, http.MethodPost, "/ami-accounts", map[string]any{"name": "crm"})
	root.call(t, http.MethodPost, "/users/export", nil).requireStatus(t, http.StatusOK)
	v := h.logInAuditor(t, "groups", "users")
	keys := v.auditKeys(t, "")
	require.Equal(t, []string{"group Sales", "administrator auditor", "administrator auditor"}, keys)
}

func TestAudit_unlimitedScopeReadsEverything(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.createUser(t, userman.User{Username: "nora"})
	h.addAdministrator(t, ampusers.Administrator{Username: "auditor", Sections: []string{"audit"}})
	v := h.logIn(t, "auditor")
	for _, key := range []string{"nora", "root"} {
		body := v.call(t, http.MethodGet, "/audit?key="+key, nil).requireStatus(t, http.StatusOK).decodeObject(t)
		require.NotEmpty(t, body["items"], key)
	}
	v.call(t, http.MethodPost, "/audit/verification", nil).requireStatus(t, http.StatusOK)
}

func TestAudit_verificationRequiresUnlimitedScope(t *testing.T) {
	t.Parallel()
	h := start(t)
	answer := h.logInAuditor(t).call(t, http.MethodPost, "/audit/verification", nil).requireStatus(t, http.StatusForbidden)
	require.Contains(t, answer.decodeObject(t)["detail"], "outside your scope")
}
