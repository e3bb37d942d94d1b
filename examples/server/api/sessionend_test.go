package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
)

// bodyReader calls a function before its first byte.
type bodyReader struct {
	io.Reader

	before func()
}

func (b bodyReader) Read(p []byte) (int, error) {
	b.before()
	return b.Reader.Read(p)
}

// callDuring is call, but runs during once the server has accepted the session and waits
// for the body.
func (v *apiClient) callDuring(t *testing.T, method, path, body string, during func()) *apiResponse {
	t.Helper()
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), method, v.server.URL+"/api/v1"+path, bodyReader{strings.NewReader(body), sync.OnceFunc(during)})
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+v.token)
	request.Header.Set("Expect", "100-continue")
	response, text := servertest.Do(t, &http.Client{Transport: transport}, request)
	return &apiResponse{response, text}
}

// A client can send the body of a request slowly. Its session may end in between.
func TestAuthorization_requestOutlivesNoSession(t *testing.T) {
	t.Parallel()
	promote := func(a *ampusers.Administrator) error {
		a.Access, a.Sections = ampusers.Full, nil
		return nil
	}
	for name, end := range map[string]func(ctx context.Context, s *ampusers.Service) error{
		"more rights": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Update(ctx, "lim", promote)
			return err
		},
		"disabled": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Disable(ctx, "lim")
			return err
		},
		"section lost": func(ctx context.Context, s *ampusers.Service) error {
			_, err := s.Update(ctx, "lim", func(a *ampusers.Administrator) error {
				a.Sections = nil
				return nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t)
			sections := []string{app.SectionAdministrators, app.SectionUsers, app.SectionAMIAccounts}
			for _, username := range []string{"setter", "lim"} {
				h.addAdministrator(t, ampusers.Administrator{Username: username, Sections: sections})
			}
			for _, request := range []struct{ path, body string }{
				{"/administrators", `{"username":"evil","access":"full","password":"` + newPassword + `"}`},
				{"/users", `{"username":"evil"}`},
				{"/ami-accounts", `{"name":"evil","write":["system"]}`},
				{"/account/second-factor/confirm", `{"code":"123456"}`},
			} {
				_, err := h.Site.Administrators.Update(t.Context(), "lim", func(a *ampusers.Administrator) error {
					a.Access, a.Sections, a.Disabled = ampusers.Limited, sections, false
					return nil
				})
				require.NoError(t, err)
				_, err = h.Site.Administrators.ForActor("setter").SetPassword(t.Context(), "lim", store.NewSecret(password), nil)
				require.NoError(t, err)
				v := h.logIn(t, "lim")
				a := v.callDuring(t, http.MethodPost, request.path, request.body, func() {
					require.NoError(t, end(t.Context(), h.Site.Administrators))
				})
				if request.path == "/account/second-factor/confirm" && name == "section lost" {
					a.requireStatus(t, http.StatusNotFound)
					continue
				}
				require.Equal(t, http.StatusForbidden, a.StatusCode, "%s: %s", request.path, a.body)
			}
		})
	}
}
