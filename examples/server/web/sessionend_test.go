package web_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store/audit"
)

// formReader calls a function before its first byte.
type formReader struct {
	io.Reader

	before func()
}

func (f formReader) Read(p []byte) (int, error) {
	f.before()
	return f.Reader.Read(p)
}

// An apply is no transaction: it must not start for a form that arrived after the end of
// the session.
func TestAuthorization_formOutlivesNoSession(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{ampusers.SectionApply}}, password)
	jane := b.loginAs("jane.admin")
	disable := sync.OnceFunc(func() {
		_, err := b.server.Site.Administrators.Disable(t.Context(), "jane.admin")
		require.NoError(t, err)
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.server.URL+"/config/apply", formReader{strings.NewReader("x=1"), disable})
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Expect", "100-continue") // the server asks for the form once it has accepted the session
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	response, body := servertest.Do(t, &http.Client{Transport: transport, Jar: jane.client.Jar}, request)
	require.Equal(t, http.StatusForbidden, response.StatusCode, body)
	require.Contains(t, body, "Your session has ended")
	entries, err := b.server.Site.AuditLog.List(t.Context(), audit.Query{Action: "apply"})
	require.NoError(t, err)
	require.Empty(t, entries.Items)
}
