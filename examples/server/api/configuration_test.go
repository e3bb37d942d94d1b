package api_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
)

func TestWithoutAnInstallationTheWayOutIsTold(t *testing.T) {
	t.Parallel()
	h := &harness{Server: servertest.Start(t, &servertest.Options{Settings: func(s *site.Settings) {
		require.NoError(t, os.WriteFile(filepath.Join(s.ConfDir, "manager.conf"), []byte("[general]\nenabled = yes\n"), 0o640))
	}})}
	h.add(t, ampusers.Administrator{Username: "root", Access: ampusers.Full})
	v := h.as(t, "root")
	v.call(t, http.MethodGet, "/config/run", nil).is(t, http.StatusNotFound)
	require.Contains(t, v.call(t, http.MethodGet, "/config/plan", nil).is(t, http.StatusConflict).body, "pbxctl config install")
	for _, act := range []string{"apply", "rollback"} {
		refused := v.call(t, http.MethodPost, "/config/"+act, nil)
		require.GreaterOrEqual(t, refused.StatusCode, http.StatusConflict)
		refused.is(t, refused.StatusCode)
	}
	v.call(t, http.MethodPost, "/config/apply", nil).is(t, http.StatusBadGateway)
	last := v.call(t, http.MethodGet, "/config/run", nil).is(t, http.StatusOK).object(t)
	require.Contains(t, last["failure"], "pbxctl config install")
	require.Contains(t, last["failure"], "nothing was changed")
}

func TestWithoutAnAsteriskThereIsNothingToLogInTo(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withCRM(t, h, v)
	refused := v.call(t, http.MethodPost, "/managers/crmpro_ami/probe", nil).is(t, http.StatusConflict)
	require.Contains(t, refused.problem(t).Detail, "say where AMI listens")
	v.call(t, http.MethodPost, "/managers/nobody/probe", nil).is(t, http.StatusNotFound)
}
