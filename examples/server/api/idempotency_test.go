package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
)

// An answer with a secret belongs to the session that got it.
func TestAPI_idempotencyKeyHidesSecretFromOtherSessions(t *testing.T) {
	t.Parallel()
	h := start(t)
	body := map[string]any{"name": "crm"}
	first := h.logIn(t, "root").call(t, http.MethodPost, "/ami-accounts", body, "Idempotency-Key", "k1").requireStatus(t, http.StatusCreated).decodeObject(t)
	secret, _ := first["secret"].(string)
	require.NotEmpty(t, secret)
	again := h.logIn(t, "root").call(t, http.MethodPost, "/ami-accounts", body, "Idempotency-Key", "k1").requireStatus(t, http.StatusCreated).decodeObject(t)
	delete(first, "secret")
	require.Equal(t, first, again)
}

// Who has an administrator's name later, or fewer rights, gets no earlier answer.
func TestAPI_idempotencyKeyIsBoundToAccountAndRights(t *testing.T) {
	t.Parallel()
	for _, change := range map[string]func(t *testing.T, h *harness){
		"created anew": func(t *testing.T, h *harness) {
			t.Helper()
			require.NoError(t, h.Site.Administrators.Delete(t.Context(), "jane"))
			h.addAdministrator(t, ampusers.Administrator{Username: "jane", Sections: []string{"ami-accounts"}})
		},
		"with fewer rights": func(t *testing.T, h *harness) {
			t.Helper()
			_, err := h.Site.Administrators.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Sections = []string{"ami-accounts"}
				return nil
			})
			require.NoError(t, err)
		},
	} {
		h := start(t)
		h.addAdministrator(t, ampusers.Administrator{Username: "jane", Sections: []string{"ami-accounts", "users"}})
		body := map[string]any{"name": "crm"}
		v := h.logIn(t, "jane")
		v.call(t, http.MethodPost, "/ami-accounts", body, "Idempotency-Key", "k1").requireStatus(t, http.StatusCreated)
		change(t, h)
		h.logIn(t, "jane").call(t, http.MethodPost, "/ami-accounts", body, "Idempotency-Key", "k1").requireStatus(t, http.StatusConflict)
	}
}

func TestAPI_idempotencyKeyReplaysResponse(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.addAdministrator(t, ampusers.Administrator{Username: "other", Access: ampusers.Full})
	v := h.logIn(t, "root")
	for path, body := range map[string]map[string]any{
		"/ami-accounts":   {"name": "crm"},
		"/administrators": {"username": "jane.admin"},
	} {
		answers := runConcurrently(20, func(int) *apiResponse { return v.call(t, http.MethodPost, path, body, "Idempotency-Key", "k1") })
		for _, a := range answers {
			a.requireStatus(t, http.StatusCreated)
			require.Equal(t, answers[0].body, a.body)
			require.Equal(t, answers[0].Header.Get("ETag"), a.Header.Get("ETag"))
			require.Equal(t, answers[0].Header.Get("Location"), a.Header.Get("Location"))
		}
		entries, err := h.Site.AuditLog.List(t.Context(), audit.Query{Actor: "root", Action: "create"})
		require.NoError(t, err)
		created := 0
		for _, entry := range entries.Items {
			if strings.HasPrefix(path, "/ami-accounts") == (entry.Kind == "AMI account") {
				created++
			}
		}
		require.Equal(t, 1, created)

		v.call(t, http.MethodPost, path, body, "Idempotency-Key", "k2").requireStatus(t, http.StatusConflict)
		v.call(t, http.MethodPost, path, body, "Idempotency-Key", strings.Repeat("k", 256)).requireFieldErrors(t, http.StatusUnprocessableEntity, "header.Idempotency-Key max")
		changed := map[string]any{"name": "crm2"}
		if path == "/administrators" {
			changed = map[string]any{"username": "jane2"}
		}
		v.call(t, http.MethodPost, path, changed, "Idempotency-Key", "k1").requireFieldErrors(t, http.StatusUnprocessableEntity, "header.Idempotency-Key reused")
		v.call(t, http.MethodPost, path, changed, "Idempotency-Key", "k2").requireStatus(t, http.StatusCreated)
		h.logIn(t, "other").call(t, http.MethodPost, path, body, "Idempotency-Key", "k1").requireStatus(t, http.StatusConflict)
	}
}
