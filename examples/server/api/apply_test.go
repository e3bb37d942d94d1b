package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers"
)

func TestAPI_applyRollbackAndRecover(t *testing.T) {
	t.Parallel()
	h := &harness{Server: servertest.Start(t, &servertest.Options{Asterisk: testservers.StartAsterisk(t, nil)})}
	h.addAdministrator(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.logIn(t, "root")
	_, err := h.Site.Host().Install(t.Context())
	require.NoError(t, err)

	v.call(t, http.MethodPost, "/ami-accounts", map[string]any{"name": "crmpro_ami", "preset": "click-to-call"}).requireStatus(t, http.StatusCreated)
	require.Equal(t, true, v.call(t, http.MethodGet, "/config/status", nil).requireStatus(t, http.StatusOK).decodeObject(t)["pending"])
	plan := v.call(t, http.MethodGet, "/config/plan", nil).requireStatus(t, http.StatusOK)
	require.Contains(t, plan.body, "crmpro_ami")
	require.Equal(t, "unknown_account", v.probe(t, "crmpro_ami"))

	applied := v.call(t, http.MethodPost, "/config/apply", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	report, _ := applied["report"].(map[string]any)
	require.Equal(t, true, report["verified"])
	require.Equal(t, "root", applied["started_by"])
	require.Equal(t, "logged_in", v.probe(t, "crmpro_ami"))
	require.Equal(t, applied, v.call(t, http.MethodGet, "/config/run", nil).requireStatus(t, http.StatusOK).decodeObject(t))
	require.Equal(t, false, v.call(t, http.MethodGet, "/config/status", nil).requireStatus(t, http.StatusOK).decodeObject(t)["pending"])

	v.call(t, http.MethodPost, "/config/rollback", nil).requireStatus(t, http.StatusOK)
	require.Equal(t, "unknown_account", v.probe(t, "crmpro_ami"))
	v.call(t, http.MethodPost, "/config/recover", nil).requireStatus(t, http.StatusOK)
	require.Equal(t, true, v.call(t, http.MethodPost, "/asterisk/test", nil).requireStatus(t, http.StatusOK).decodeObject(t)["ok"])
}

// probe returns how a login as the account went.
func (v *apiClient) probe(t *testing.T, name string) string {
	t.Helper()
	outcome, _ := v.call(t, http.MethodPost, "/ami-accounts/"+name+"/probe", nil).requireStatus(t, http.StatusOK).decodeObject(t)["outcome"].(string)
	return outcome
}
