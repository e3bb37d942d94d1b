package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
)

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
