package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLocalPath_rejectsForeignHosts(t *testing.T) {
	t.Parallel()
	for wanted, got := range map[string]string{
		"":                                    "/",
		"/":                                   "/",
		"/ami-accounts":                       "/ami-accounts",
		"/ami-accounts?search=crm&sort=-name": "/ami-accounts?search=crm&sort=-name",
		"amiaccounts":                         "/",
		"//evil.example":                      "/",
		"///evil.example":                     "/",
		`/\evil.example`:                      "/",
		`\\evil.example`:                      "/",
		`/a\b`:                                "/",
		"https://evil.example/":               "/",
		"javascript:alert(1)":                 "/",
		"/\t/evil.example":                    "/",
		"/\r\nLocation: //evil.example":       "/",
		"/%zz":                                "/",
		"/login?next=/":                       "/",
	} {
		require.Equal(t, got, localPath(wanted), wanted)
	}
}

// A browser strips tabs and line breaks, and reads a backslash as a slash.
func TestLocalPath_neverLeavesHost(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://pbx.example.com/login")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.StringMatching(`[/\\a-z:@?#%.\t\r\n ]{0,12}`).Draw(t, "wanted")
		got, err := base.Parse(localPath(wanted))
		require.NoError(t, err)
		require.Equal(t, "pbx.example.com", got.Host)
		require.Equal(t, "https", got.Scheme)
	})
}

func TestRecordPath_avoidsReservedNames(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	for _, rt := range allRoutes() {
		mux.HandleFunc(rt.method+" "+rt.path, func(http.ResponseWriter, *http.Request) {})
	}
	for path, pattern := range map[string]string{
		administratorPath("new"):        "/administrators/{username}",
		administratorPath("jane.admin"): "/administrators/{username}",
		administratorPath("王@x"):        "/administrators/{username}",
		amiAccountPath("new"):           "/ami-accounts/{name}",
		amiAccountPath("check"):         "/ami-accounts/{name}",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			request, err := http.NewRequestWithContext(t.Context(), method, path, http.NoBody)
			require.NoError(t, err)
			_, got := mux.Handler(request)
			require.Equal(t, method+" "+pattern, got, path)
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "there is none": "There is none.", "Done.": "Done.", "ändern": "ändern."} {
		require.Equal(t, want, sentence(text))
	}
}
