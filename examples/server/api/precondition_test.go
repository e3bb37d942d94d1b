package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPI_rejectsStaleIfMatch(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withJane(t, h, v)
	withCRM(t, h, v)
	for _, path := range []string{"/administrators/jane.admin", "/ami-accounts/crmpro_ami"} {
		first := v.call(t, http.MethodGet, path, nil).requireStatus(t, http.StatusOK).Header.Get("ETag")
		require.Regexp(t, `^"[\w-]{24}"$`, first)
		unchanged := v.call(t, http.MethodGet, path, nil, "If-None-Match", `"x", W/`+first).requireStatus(t, http.StatusNotModified)
		require.Empty(t, unchanged.body)
		require.Equal(t, first, unchanged.Header.Get("ETag"))

		changed := v.call(t, http.MethodPost, path+"/disable", nil, "If-Match", first).requireStatus(t, http.StatusOK)
		second := changed.Header.Get("ETag")
		require.NotEqual(t, first, second)
		require.Equal(t, second, v.call(t, http.MethodGet, path, nil, "If-None-Match", first).requireStatus(t, http.StatusOK).Header.Get("ETag"))

		for _, stale := range []string{first, `"x"`, "W/" + second, "garbage"} {
			for _, method := range []string{http.MethodPatch, http.MethodDelete} {
				var body any
				if method == http.MethodPatch {
					body = "{}"
				}
				rejected := v.call(t, method, path, body, "If-Match", stale).requireStatus(t, http.StatusPreconditionFailed)
				require.Equal(t, "precondition_failed", rejected.problem(t).Code)
			}
			v.call(t, http.MethodPost, path+"/enable", nil, "If-Match", stale).requireStatus(t, http.StatusPreconditionFailed)
		}
		require.Equal(t, second, v.call(t, http.MethodGet, path, nil).Header.Get("ETag"), "nothing was changed")
		third := v.call(t, http.MethodPatch, path, "{}", "If-Match", `"x",`+second).requireStatus(t, http.StatusOK).Header.Get("ETag")
		v.call(t, http.MethodDelete, path, nil, "If-Match", third).requireStatus(t, http.StatusNoContent)
		v.call(t, http.MethodDelete, path, nil, "If-Match", "*").requireStatus(t, http.StatusNotFound)
	}
}

func TestAPI_createReturnsETagOfRecord(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	for path, body := range map[string]any{"/ami-accounts": map[string]any{"name": "crm"}, "/administrators": map[string]any{"username": "jane.admin"}} {
		created := v.call(t, http.MethodPost, path, body).requireStatus(t, http.StatusCreated)
		read := v.call(t, http.MethodGet, strings.TrimPrefix(created.Header.Get("Location"), "/api/v1"), nil).requireStatus(t, http.StatusOK)
		require.Equal(t, read.Header.Get("ETag"), created.Header.Get("ETag"))
	}
}

func TestAPI_loginKeepsETag(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	before := v.call(t, http.MethodGet, "/administrators/root", nil).requireStatus(t, http.StatusOK)
	h.logIn(t, "root")
	after := v.call(t, http.MethodGet, "/administrators/root", nil).requireStatus(t, http.StatusOK)
	require.NotEqual(t, before.decodeObject(t)["last_login_at"], after.decodeObject(t)["last_login_at"])
	require.Equal(t, before.Header.Get("ETag"), after.Header.Get("ETag"))
	v.call(t, http.MethodPatch, "/administrators/root", map[string]any{"display_name": "Root"}, "If-Match", before.Header.Get("ETag")).requireStatus(t, http.StatusOK)
}

func TestConcurrency_ifMatchAllowsOneUpdate(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withCRM(t, h, v)
	tag := v.call(t, http.MethodGet, "/ami-accounts/crmpro_ami", nil).Header.Get("ETag")
	statuses := runConcurrently(20, func(i int) int {
		return v.call(t, http.MethodPatch, "/ami-accounts/crmpro_ami", map[string]any{"note": fmt.Sprint("note ", i)}, "If-Match", tag).StatusCode
	})
	require.Equal(t, 1, count(statuses, http.StatusOK))
	require.Equal(t, 19, count(statuses, http.StatusPreconditionFailed))
}

// runConcurrently calls act many times at once.
func runConcurrently[T any](times int, act func(i int) T) []T {
	results := make([]T, times)
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() { results[i] = act(i) })
	}
	group.Wait()
	return results
}

func count[T comparable](values []T, wanted T) (n int) {
	for _, value := range values {
		if value == wanted {
			n++
		}
	}
	return n
}
