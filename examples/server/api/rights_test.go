package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestALimitedAdministratorIsRefusedWhateverTheNameIs(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.add(t, ampusers.Administrator{Username: "nothing"})
	h.add(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"administrators"}})
	withCRM(t, h, nil)
	v := h.as(t, "nothing")
	readDocument(t, h).each(func(method, path string, op *operation) {
		open := slices.Contains([]string{"session", "account"}, op.Tags[0]) || slices.Contains([]string{"listSections", "listPermissions"}, op.OperationID)
		if open {
			return
		}
		for _, at := range []string{h.path(path), filled(path)} {
			for _, body := range []any{nil, "}garbage", map[string]any{"no_such_field": 1}} {
				refused := v.call(t, method, at, body).is(t, http.StatusForbidden)
				require.Equal(t, "forbidden", refused.problem(t).Code, op.OperationID)
			}
		}
	})
	kept, err := h.Site.Trail.List(t.Context(), audit.Query{Actor: "nothing", Outcome: audit.Refused})
	require.NoError(t, err)
	require.NotEmpty(t, kept.Items)
}

func TestNobodyGivesWhatTheyHaveNot(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.add(t, ampusers.Administrator{Username: "keeper", Sections: []string{"administrators", "managers"}})
	v := h.as(t, "keeper")
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "friend", "sections": []string{"audit"}}).is(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "friend", "access": "full"}).is(t, http.StatusForbidden)
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": "friend", "sections": []string{"managers"}}).is(t, http.StatusCreated)
	v.call(t, http.MethodPatch, "/administrators/friend", map[string]any{"access": "full", "sections": nil}).is(t, http.StatusForbidden)
	for _, at := range []string{"/administrators/root", "/administrators/nobody"} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			status := v.call(t, method, at, nil).StatusCode
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, status)
		}
	}
	require.NotContains(t, v.call(t, http.MethodGet, "/administrators", nil).is(t, http.StatusOK).body, `"root"`)
	kept, err := h.Site.Trail.List(t.Context(), audit.Query{Actor: "keeper", Action: "create", Outcome: audit.Refused})
	require.NoError(t, err)
	require.Len(t, kept.Items, 2, "a refusal is kept once")
}

func TestTheLastFullAdministratorStays(t *testing.T) {
	t.Parallel()
	v := start(t).as(t, "root")
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
		require.Equal(t, "conflict", v.call(t, change.method, change.path, change.body).is(t, http.StatusConflict).problem(t).Code)
	}
	v.call(t, http.MethodGet, "/session", nil).is(t, http.StatusOK)
}

func TestWhatIsInUseIsToldWithItsReferences(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	installed(t, h, v)
	refused := v.call(t, http.MethodDelete, "/managers/pbxusers", nil).is(t, http.StatusConflict).problem(t)
	require.Equal(t, "in_use", refused.Code)
	require.NotEmpty(t, refused.References)
}

func TestASecretInTheFieldOfTheNameIsNotKeptInTheTrail(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	const misplaced = "seventeen purple lanterns"
	v.call(t, http.MethodPost, "/managers", map[string]any{"name": misplaced}).is(t, http.StatusUnprocessableEntity)
	v.call(t, http.MethodPost, "/administrators", map[string]any{"username": misplaced}).is(t, http.StatusUnprocessableEntity)
	for _, at := range []string{"/managers/", "/administrators/"} {
		v.call(t, http.MethodDelete, at+url.PathEscape(misplaced), nil, "If-Match", "*").is(t, http.StatusNotFound)
	}
	kept, err := h.Site.Trail.List(t.Context(), audit.Query{Actor: "root", Outcome: audit.Refused})
	require.NoError(t, err)
	require.Len(t, kept.Items, 4)
	for _, entry := range kept.Items {
		require.Empty(t, entry.Key)
	}
}
