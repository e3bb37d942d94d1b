package web

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocalPath_returnsOverviewForOthers(t *testing.T) {
	t.Parallel()
	for wanted, got := range map[string]string{
		"": "/", "/": "/", "/ami-accounts?search=crm": "/ami-accounts?search=crm", "//evil.example": "/", "/login?next=/": "/",
	} {
		require.Equal(t, got, localPath(wanted), wanted)
	}
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
