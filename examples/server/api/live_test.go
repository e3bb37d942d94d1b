package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/peers"
)

func TestAChangeReachesAsterisk_andCanBeRolledBack(t *testing.T) {
	t.Parallel()
	h := &harness{Server: servertest.Start(t, &servertest.Options{Asterisk: peers.StartAsterisk(t, nil)})}
	h.add(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.as(t, "root")
	_, err := h.Site.Install(t.Context())
	require.NoError(t, err)

	v.call(t, http.MethodPost, "/managers", map[string]any{"name": "crmpro_ami", "preset": "click-to-call"}).is(t, http.StatusCreated)
	require.Equal(t, true, v.call(t, http.MethodGet, "/config/status", nil).is(t, http.StatusOK).object(t)["pending"])
	plan := v.call(t, http.MethodGet, "/config/plan", nil).is(t, http.StatusOK)
	require.Contains(t, plan.body, "crmpro_ami")
	require.Equal(t, "unknown_account", v.probe(t, "crmpro_ami"))

	applied := v.call(t, http.MethodPost, "/config/apply", nil).is(t, http.StatusOK).object(t)
	report, _ := applied["report"].(map[string]any)
	require.Equal(t, true, report["verified"])
	require.Equal(t, "root", applied["started_by"])
	require.Equal(t, "logged_in", v.probe(t, "crmpro_ami"))
	require.Equal(t, applied, v.call(t, http.MethodGet, "/config/run", nil).is(t, http.StatusOK).object(t))
	require.Equal(t, false, v.call(t, http.MethodGet, "/config/status", nil).is(t, http.StatusOK).object(t)["pending"])

	v.call(t, http.MethodPost, "/config/rollback", nil).is(t, http.StatusOK)
	require.Equal(t, "unknown_account", v.probe(t, "crmpro_ami"))
	v.call(t, http.MethodPost, "/config/recover", nil).is(t, http.StatusOK)
	require.Equal(t, true, v.call(t, http.MethodPost, "/asterisk/test", nil).is(t, http.StatusOK).object(t)["ok"])
}

// probe returns how a login as the account went.
func (v *visitor) probe(t *testing.T, name string) string {
	t.Helper()
	outcome, _ := v.call(t, http.MethodPost, "/managers/"+name+"/probe", nil).is(t, http.StatusOK).object(t)["outcome"].(string)
	return outcome
}
