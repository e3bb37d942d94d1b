package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAChangeOnAStaleRecordIsRefused(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withJane(t, h, v)
	withCRM(t, h, v)
	for _, at := range []string{"/administrators/jane.admin", "/managers/crmpro_ami"} {
		first := v.call(t, http.MethodGet, at, nil).is(t, http.StatusOK).Header.Get("ETag")
		require.Regexp(t, `^"[\w-]{24}"$`, first)
		unchanged := v.call(t, http.MethodGet, at, nil, "If-None-Match", `"x", W/`+first).is(t, http.StatusNotModified)
		require.Empty(t, unchanged.body)
		require.Equal(t, first, unchanged.Header.Get("ETag"))

		changed := v.call(t, http.MethodPost, at+"/disable", nil, "If-Match", first).is(t, http.StatusOK)
		second := changed.Header.Get("ETag")
		require.NotEqual(t, first, second)
		require.Equal(t, second, v.call(t, http.MethodGet, at, nil, "If-None-Match", first).is(t, http.StatusOK).Header.Get("ETag"))

		for _, stale := range []string{first, `"x"`, "W/" + second, "garbage"} {
			for _, method := range []string{http.MethodPatch, http.MethodDelete} {
				var body any
				if method == http.MethodPatch {
					body = "{}"
				}
				refused := v.call(t, method, at, body, "If-Match", stale).is(t, http.StatusPreconditionFailed)
				require.Equal(t, "stale", refused.problem(t).Code)
			}
			v.call(t, http.MethodPost, at+"/enable", nil, "If-Match", stale).is(t, http.StatusPreconditionFailed)
		}
		require.Equal(t, second, v.call(t, http.MethodGet, at, nil).Header.Get("ETag"), "nothing was changed")
		third := v.call(t, http.MethodPatch, at, "{}", "If-Match", `"x",`+second).is(t, http.StatusOK).Header.Get("ETag")
		v.call(t, http.MethodDelete, at, nil, "If-Match", third).is(t, http.StatusNoContent)
		v.call(t, http.MethodDelete, at, nil, "If-Match", "*").is(t, http.StatusNotFound)
	}
}

func TestTheTagOfARecordThatWasMadeIsThatOfTheRecord(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
	for at, body := range map[string]any{"/managers": map[string]any{"name": "crm"}, "/administrators": map[string]any{"username": "jane.admin"}} {
		made := v.call(t, http.MethodPost, at, body).is(t, http.StatusCreated)
		read := v.call(t, http.MethodGet, strings.TrimPrefix(made.Header.Get("Location"), "/api/v1"), nil).is(t, http.StatusOK)
		require.Equal(t, read.Header.Get("ETag"), made.Header.Get("ETag"))
	}
}

func TestALoginDoesNotMakeARecordStale(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	before := v.call(t, http.MethodGet, "/administrators/root", nil).is(t, http.StatusOK)
	h.as(t, "root")
	after := v.call(t, http.MethodGet, "/administrators/root", nil).is(t, http.StatusOK)
	require.NotEqual(t, before.object(t)["last_login_at"], after.object(t)["last_login_at"])
	require.Equal(t, before.Header.Get("ETag"), after.Header.Get("ETag"))
	v.call(t, http.MethodPatch, "/administrators/root", map[string]any{"display_name": "Root"}, "If-Match", before.Header.Get("ETag")).is(t, http.StatusOK)
}

func TestOfTwoChangesOfTheSameRecordOneWins(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withCRM(t, h, v)
	tag := v.call(t, http.MethodGet, "/managers/crmpro_ami", nil).Header.Get("ETag")
	statuses := together(20, func(i int) int {
		return v.call(t, http.MethodPatch, "/managers/crmpro_ami", map[string]any{"note": fmt.Sprint("note ", i)}, "If-Match", tag).StatusCode
	})
	require.Equal(t, 1, count(statuses, http.StatusOK))
	require.Equal(t, 19, count(statuses, http.StatusPreconditionFailed))
}

// together calls act many times at once.
func together[T any](times int, act func(i int) T) []T {
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
