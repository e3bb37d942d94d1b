package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestARepeatedRequestGetsTheSameAnswer_andMakesNothingAgain(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.add(t, ampusers.Administrator{Username: "other", Access: ampusers.Full})
	v := h.as(t, "root")
	for at, body := range map[string]map[string]any{
		"/managers":       {"name": "crm"},
		"/administrators": {"username": "jane.admin"},
	} {
		answers := together(20, func(int) *answer { return v.call(t, http.MethodPost, at, body, "Idempotency-Key", "k1") })
		for _, a := range answers {
			a.is(t, http.StatusCreated)
			require.Equal(t, answers[0].body, a.body)
			require.Equal(t, answers[0].Header.Get("ETag"), a.Header.Get("ETag"))
			require.Equal(t, answers[0].Header.Get("Location"), a.Header.Get("Location"))
		}
		kept, err := h.Site.Trail.List(t.Context(), audit.Query{Actor: "root", Action: "create"})
		require.NoError(t, err)
		made := 0
		for _, entry := range kept.Items {
			if strings.HasPrefix(at, "/managers") == (entry.Kind == "AMI account") {
				made++
			}
		}
		require.Equal(t, 1, made)

		v.call(t, http.MethodPost, at, body, "Idempotency-Key", "k2").is(t, http.StatusConflict)
		v.call(t, http.MethodPost, at, body, "Idempotency-Key", strings.Repeat("k", 256)).refuses(t, http.StatusUnprocessableEntity, "header.Idempotency-Key max")
		changed := map[string]any{"name": "crm2"}
		if at == "/administrators" {
			changed = map[string]any{"username": "jane2"}
		}
		v.call(t, http.MethodPost, at, changed, "Idempotency-Key", "k1").refuses(t, http.StatusUnprocessableEntity, "header.Idempotency-Key reused")
		v.call(t, http.MethodPost, at, changed, "Idempotency-Key", "k2").is(t, http.StatusCreated)
		h.as(t, "other").call(t, http.MethodPost, at, body, "Idempotency-Key", "k1").is(t, http.StatusConflict)
	}
}
