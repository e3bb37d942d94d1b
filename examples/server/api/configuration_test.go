package api_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
)

func TestAPI_configErrorsHintInstall(t *testing.T) {
	t.Parallel()
	h := &harness{Server: servertest.Start(t, &servertest.Options{Settings: func(s *app.Settings) {
		require.NoError(t, os.WriteFile(filepath.Join(s.ConfDir, "manager.conf"), []byte("[general]\nenabled = yes\n"), 0o640))
	}})}
	h.addAdministrator(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.logIn(t, "root")
	v.call(t, http.MethodGet, "/config/run", nil).requireStatus(t, http.StatusNotFound)
	require.Contains(t, v.call(t, http.MethodGet, "/config/plan", nil).requireStatus(t, http.StatusConflict).body, "pbxctl config install")
	for _, act := range []string{"apply", "rollback"} {
		rejected := v.call(t, http.MethodPost, "/config/"+act, nil)
		require.GreaterOrEqual(t, rejected.StatusCode, http.StatusConflict)
		rejected.requireStatus(t, rejected.StatusCode)
	}
	v.call(t, http.MethodPost, "/config/apply", nil).requireStatus(t, http.StatusBadGateway)
	last := v.call(t, http.MethodGet, "/config/run", nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Contains(t, last["failure"], "pbxctl config install")
	require.Contains(t, last["failure"], "nothing was changed")
}

func TestAPI_probeWithoutAsteriskConflicts(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withCRM(t, h, v)
	rejected := v.call(t, http.MethodPost, "/ami-accounts/crmpro_ami/probe", nil).requireStatus(t, http.StatusConflict)
	require.Contains(t, rejected.problem(t).Detail, "give an address")
	v.call(t, http.MethodPost, "/ami-accounts/nobody/probe", nil).requireStatus(t, http.StatusNotFound)
}
