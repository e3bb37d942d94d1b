package servertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Client returns a client with its own cookies, which follows no redirects.
func (s *Server) Client(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// LogIn logs an administrator in with the login form, and returns the client.
func (s *Server) LogIn(t testing.TB, username, password string) *http.Client {
	t.Helper()
	client := s.Client(t)
	response, body := s.Post(t, client, "/login", url.Values{"username": {username}, "password": {password}})
	require.Equal(t, http.StatusSeeOther, response.StatusCode, body)
	return client
}

// Token logs an administrator in over the API, and returns the bearer token.
func (s *Server) Token(t testing.TB, username, password string) string {
	t.Helper()
	payload, err := json.Marshal(map[string]string{"username": username, "password": password})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/sessions", bytes.NewReader(payload))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, body := Do(t, s.Client(t), request)
	require.Less(t, response.StatusCode, 300, body)
	var session struct {
		Token string `json:"token"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &session), body)
	require.NotEmpty(t, session.Token, body)
	return session.Token
}

// Get gets a path.
func (s *Server) Get(t testing.TB, client *http.Client, path string) (response *http.Response, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, http.NoBody)
	require.NoError(t, err)
	return Do(t, client, request)
}

// Post posts a form to a path, as a page of the server does.
func (s *Server) Post(t testing.TB, client *http.Client, path string, form url.Values) (response *http.Response, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, bytes.NewReader([]byte(form.Encode())))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return Do(t, client, request)
}

// Do sends a request and reads the whole response.
func Do(t testing.TB, client *http.Client, request *http.Request) (response *http.Response, body string) {
	t.Helper()
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(content)
}
