package websession_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers/websession"
)

// status returns the status of a request to a product at https://pbx.example.com.
func status(t *testing.T, method, target string, header ...string) int {
	t.Helper()
	origin := &websession.Origin{
		URL:  &url.URL{Scheme: "https", Host: "pbx.example.com"},
		Deny: func(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) },
	}
	request, answer := httptest.NewRequestWithContext(t.Context(), method, target, nil), httptest.NewRecorder()
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	origin.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(answer, request)
	return answer.Code
}

func TestOrigin_Handler_rejectsOtherSites(t *testing.T) {
	t.Parallel()
	const at = "https://pbx.example.com"
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.com"}, {"Origin", "null"},
		{"Origin", "http://pbx.example.com"}, {"Origin", "HTTP://pbx.example.com:80"},
	} {
		require.Equal(t, http.StatusForbidden, status(t, http.MethodPost, at, header...), header)
		require.Equal(t, http.StatusOK, status(t, http.MethodGet, at, header...), header)
	}
	for _, header := range [][]string{{}, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", at}} {
		require.Equal(t, http.StatusOK, status(t, http.MethodPost, at, header...), header)
	}
	require.Equal(t, http.StatusOK, status(t, http.MethodPost, "http://10.0.0.5:8080", "Origin", at), "a proxy that changes the Host")
}

func TestOrigin_Handler_rejectsForeignHosts(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"https://PBX.example.com.:8443", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080"} {
		require.Equal(t, http.StatusOK, status(t, http.MethodGet, own), own)
	}
	for _, foreign := range []string{"https://evil.example.com", "https://pbx.example.com.evil.example.com", "http://127.0.0.1.evil.example.com"} {
		require.Equal(t, http.StatusMisdirectedRequest, status(t, http.MethodGet, foreign), foreign)
	}
}

func TestOrigin_Handler_panicsWithoutOrigin(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { (&websession.Origin{URL: &url.URL{Path: "/pbx"}}).Handler(http.NotFoundHandler()) })
}

func TestLocalPath_rejectsForeignHosts(t *testing.T) {
	t.Parallel()
	for wanted, got := range map[string]string{
		"":                                    "",
		"/":                                   "/",
		"/ami-accounts":                       "/ami-accounts",
		"/ami-accounts?search=crm&sort=-name": "/ami-accounts?search=crm&sort=-name",
		"amiaccounts":                         "",
		"//evil.example":                      "",
		"///evil.example":                     "",
		`/\evil.example`:                      "",
		`\\evil.example`:                      "",
		`/a\b`:                                "",
		"https://evil.example/":               "",
		"javascript:alert(1)":                 "",
		"/\t/evil.example":                    "",
		"/\r\nLocation: //evil.example":       "",
		"/%zz":                                "",
	} {
		require.Equal(t, got, websession.LocalPath(wanted), wanted)
	}
}

// A browser strips tabs and line breaks, and reads a backslash as a slash.
func TestLocalPath_neverLeavesHost(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://pbx.example.com/login")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.StringMatching(`[/\\a-z:@?#%.\t\r\n ]{0,12}`).Draw(t, "wanted")
		got, err := base.Parse(websession.LocalPath(wanted))
		require.NoError(t, err)
		require.Equal(t, "pbx.example.com", got.Host)
		require.Equal(t, "https", got.Scheme)
	})
}
