package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestAPI_missingSectionIsForbiddenForAnyName(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.addAdministrator(t, ampusers.Administrator{Username: "nothing"})
	h.addAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"administrators"}})
	withCRM(t, h, nil)
	v := h.logIn(t, "nothing")
	readDocument(t, h).eachOperation(func(method, path string, op *operation) {
		open := slices.Contains([]string{"session", "account"}, op.Tags[0]) || slices.Contains([]string{"listSections", "listPermissions"}, op.OperationID)
		if open {
			return
		}
		for _, target := range []string{h.path(path), fillPath(path)} {
			for _, body := range []any{nil, "}garbage", map[string]any{"no_such_field": 1}} {
				rejected := v.call(t, method, target, body).requireStatus(t, http.StatusForbidden)
				require.Equal(t, "forbidden", rejected.problem(t).Code, op.OperationID)
			}
		}
	})
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Actor: "nothing", Outcome: audit.Denied})
	require.NoError(t, err)
	require.NotEmpty(t, entries.Items)
}

func TestAPI_cannotGrantRightsOneLacks(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.addAdministrator(t, ampusers.Administrator{Username: "keeper", Sections: []string{"administrators", "ami-accounts"}})
	v := h.logIn(t, "keeper")
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "friend", "sections": []string{"audit"}}).requireStatus(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "friend", "access": "full"}).requireStatus(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "friend", "sections": []string{"ami-accounts"}}).requireStatus(t, http.StatusCreated)
	v.call(t, http.MethodPatch, "/administrators/friend", map[string]any{"access": "full", "sections": nil}).requireStatus(t, http.StatusForbidden)
	for _, path := range []string{"/administrators/root", "/administrators/nobody"} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			status := v.call(t, method, path, nil).StatusCode
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, status)
		}
	}
	require.NotContains(t, v.call(t, http.MethodGet, "/administrators", nil).requireStatus(t, http.StatusOK).body, `"root"`)
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Actor: "keeper", Action: "create", Outcome: audit.Denied})
	require.NoError(t, err)
	require.Len(t, entries.Items, 2, "a refusal is kept once")
}

func TestAPI_keepsLastFullAdministrator(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	for _, change := range []struct {
		method, path string
		body         any
	}{
		{http.MethodDelete, "/administrators/root", nil},
		{http.MethodPost, "/administrators/root/disable", nil},
		{http.MethodPatch, "/administrators/root", map[string]any{"access": "limited"}},
		{http.MethodPatch, "/administrators/root", map[string]any{"access": nil}},
		{http.MethodPatch, "/administrators/ROOT", map[string]any{"disabled": true}},
	} {
		require.Equal(t, "conflict", v.call(t, change.method, change.path, change.body).requireStatus(t, http.StatusConflict).problem(t).Code)
	}
	v.call(t, http.MethodGet, "/session", nil).requireStatus(t, http.StatusOK)
}

func TestAPI_inUseErrorListsReferences(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	installed(t, h, v)
	rejected := v.call(t, http.MethodDelete, "/ami-accounts/pbxusers", nil).requireStatus(t, http.StatusConflict).problem(t)
	require.Equal(t, "in_use", rejected.Code)
	require.NotEmpty(t, rejected.References)
}

func TestAudit_omitsSecretInNameField(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	const misplaced = "seventeen purple lanterns"
	v.call(t, http.MethodPost, "/ami-accounts", map[string]any{"name": misplaced}).requireStatus(t, http.StatusUnprocessableEntity)
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": misplaced}).requireStatus(t, http.StatusUnprocessableEntity)
	for _, path := range []string{"/ami-accounts/", "/administrators/"} {
		v.call(t, http.MethodDelete, path+url.PathEscape(misplaced), nil, "If-Match", "*").requireStatus(t, http.StatusNotFound)
	}
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Actor: "root", Outcome: audit.Denied})
	require.NoError(t, err)
	require.Len(t, entries.Items, 4)
	for _, entry := range entries.Items {
		require.Empty(t, entry.Key)
	}
}

func TestAudit_omitsNameOfMissingRecord(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	const misplaced = "seventeen.lanterns" // a password, but also a valid name
	parameter := regexp.MustCompile(`{(username|name|id)}`)
	tried := 0
	readDocument(t, h).eachOperation(func(method, path string, op *operation) {
		if method == http.MethodGet || !parameter.MatchString(path) {
			return
		}
		var body any
		if op.RequestBody != nil && !op.takesPicture() {
			body = op.RequestBody.Content["application/json"].Example
		}
		path = parameter.ReplaceAllString(path, misplaced)
		v.call(t, method, path, body)
		v.call(t, method, path, body, "If-Match", `"seventeen"`)
		v.call(t, method, path, body, "If-Match", "*", "Idempotency-Key", "once")
		tried++
	})
	require.Greater(t, tried, 25)
	entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Outcome: audit.Denied, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}})
	require.NoError(t, err)
	require.NotEmpty(t, entries.Items)
	for _, entry := range entries.Items {
		require.NotContains(t, entry.Key, misplaced, "%s %s", entry.Action, entry.Kind)
	}
}
