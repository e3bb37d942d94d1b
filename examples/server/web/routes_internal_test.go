package web

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
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

func TestPages_pagesAboveArePartsOfPath(t *testing.T) {
	t.Parallel()
	p := &pages{mux: http.NewServeMux()}
	for _, rt := range allRoutes() {
		p.mux.HandleFunc(rt.method+" "+rt.path, func(http.ResponseWriter, *http.Request) {})
	}
	users, jane, tokens, token := pageLink{"/users", "Users"}, pageLink{"/users/jane%2Fdoe", "jane/doe"}, pageLink{"/users/jane%2Fdoe/tokens", "API tokens"}, pageLink{"/users/jane%2Fdoe/tokens/7", "Token"}
	for path, want := range map[string][]pageLink{
		"/": nil, "/users": nil, "/account": nil,
		"/users/new": {users}, "/users/jane%2Fdoe": {users}, "/deleted-users/7/purge": {users},
		"/users/jane%2Fdoe/delete": {users, jane}, "/users/jane%2Fdoe/password/generated": {users, jane}, "/users/jane%2Fdoe/mail/welcome": {users, jane},
		"/users/jane%2Fdoe/tokens": {users, jane}, "/users/jane%2Fdoe/tokens/new": {users, jane, tokens}, "/users/jane%2Fdoe/tokens/7/key": {users, jane, tokens, token},
		"/permissions": {{"/groups", "Groups"}}, "/config/rollback": {{"/config", "Apply"}}, "/settings/install": {{"/settings", "Settings"}},
		"/account/second-factor/begin": {{"/account", "Your account"}},
	} {
		plain, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		require.NoError(t, err)
		r := &request{Request: plain, admin: &ampusers.Administrator{Access: ampusers.Full}}
		require.Equal(t, want, p.pagesAbove(r, navigationOf(r)), path)
	}
}
