package serving_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/examples/server/serving"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store/audit"
)

const password = "walnut-harbour-tulip-93"

func rootAdministrator() ampusers.Administrator {
	return ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}
}

// startServer returns a server with one administrator.
func startServer(t *testing.T, opts *servertest.Options) *servertest.Server {
	t.Helper()
	s := servertest.Start(t, opts)
	s.AddAdministrator(t, rootAdministrator(), password)
	return s
}

// isLoggedIn reports whether the client is logged in.
func isLoggedIn(t *testing.T, s *servertest.Server, client *http.Client) bool {
	t.Helper()
	response, body := s.Get(t, client, "/account")
	if response.StatusCode == http.StatusSeeOther {
		require.Contains(t, response.Header.Get("Location"), "/login")
		return false
	}
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	return true
}

func TestServer_sessionsSurviveRestart(t *testing.T) {
	t.Parallel()
	first := startServer(t, nil)
	client := first.LogIn(t, "root.admin", password)
	token := first.Token(t, "root.admin", password)
	first.Stop(t)

	second := servertest.Start(t, &servertest.Options{DataDir: first.DataDir})
	firstURL, err := url.Parse(first.URL)
	require.NoError(t, err)
	secondURL, err := url.Parse(second.URL)
	require.NoError(t, err)
	client.Jar.SetCookies(secondURL, client.Jar.Cookies(firstURL))
	require.True(t, isLoggedIn(t, second, client))
	require.False(t, isLoggedIn(t, second, second.Client(t)))
	require.Equal(t, http.StatusOK, requestWithToken(t, second, token).StatusCode)
}

// requestWithToken requests the session with a bearer token.
func requestWithToken(t *testing.T, s *servertest.Server, token string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/session", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, _ := servertest.Do(t, s.Client(t), request)
	require.Empty(t, response.Header.Get("Set-Cookie"))
	return response
}

func TestServer_pagesAndAPIShareSessions(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	token := s.Token(t, "root.admin", password)
	client := s.LogIn(t, "root.admin", password)
	require.Equal(t, http.StatusOK, requestWithToken(t, s, token).StatusCode)
	require.Equal(t, http.StatusUnauthorized, requestWithToken(t, s, "dead").StatusCode)
	require.NoError(t, s.Site.Administrators.EndSessions(t.Context(), "root.admin"))
	require.Equal(t, http.StatusUnauthorized, requestWithToken(t, s, token).StatusCode)
	require.False(t, isLoggedIn(t, s, client))
}

func TestServer_logoutEndsSession(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	client := s.LogIn(t, "root.admin", password)
	at, err := url.Parse(s.URL)
	require.NoError(t, err)
	cookies := client.Jar.Cookies(at)
	response, _ := s.Post(t, client, "/logout", nil)
	require.Equal(t, http.StatusSeeOther, response.StatusCode)
	require.False(t, isLoggedIn(t, s, client))
	client.Jar.SetCookies(at, cookies)
	require.False(t, isLoggedIn(t, s, client), "with the cookie of before")
}

func TestServer_sessionsExpire(t *testing.T) {
	t.Parallel()
	now := make(chan time.Time, 1)
	now <- time.Now()
	clock := func() time.Time {
		at := <-now
		now <- at
		return at
	}
	s := startServer(t, &servertest.Options{Clock: clock})
	client := s.LogIn(t, "root.admin", password)
	require.True(t, isLoggedIn(t, s, client))
	now <- (<-now).Add(time.Hour)
	require.False(t, isLoggedIn(t, s, client))
}

func TestServer_crossOriginPostChangesNothing(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	client := s.LogIn(t, "root.admin", password)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/logout", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Origin", "https://evil.example.com")
	response, _ := servertest.Do(t, client, request)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.True(t, isLoggedIn(t, s, client))
}

func TestServer_unknownPathsAreNotFound(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	client := s.LogIn(t, "root.admin", password)
	for _, path := range []string{"/nothing", "/administrators/nobody", "/static/../serving.go", "/static/%2e%2e/serving.go", "/api/v1/nothing", "/api/nothing", "/.git/config"} {
		response, body := s.Get(t, client, path)
		if response.StatusCode == http.StatusTemporaryRedirect || response.StatusCode == http.StatusMovedPermanently {
			require.Truef(t, strings.HasPrefix(response.Header.Get("Location"), "/"), "%s: cleaned", path)
			continue
		}
		require.Equal(t, http.StatusNotFound, response.StatusCode, "%s: %s", path, body)
	}
}

func TestServer_rejectsHeaderInjection(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	const evil = "%0d%0aSet-Cookie:%20evil=1%0d%0aX-Evil:%201"
	for _, path := range []string{"/login?next=/" + evil, "/" + evil, "/administrators?after=" + evil, "/api/v1/administrators/" + evil} {
		response, _ := s.Get(t, s.Client(t), path)
		require.Empty(t, response.Header.Get("X-Evil"), path)
		require.NotContains(t, response.Header.Get("Set-Cookie"), "evil", path)
	}
	response, _ := s.Post(t, s.Client(t), "/login", url.Values{
		"username": {"root.admin"}, "password": {password}, "next": {"/\r\nX-Evil: 1"},
	})
	require.Empty(t, response.Header.Get("X-Evil"))
}

func TestServer_passwordGuessingIsRateLimitedAndAudited(t *testing.T) {
	t.Parallel()
	s := startServer(t, &servertest.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	guess := func(from string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/login", strings.NewReader("username=root.admin&password=guess"))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("X-Forwarded-For", "127.0.0.1, "+from)
		response, _ := servertest.Do(t, s.Client(t), request)
		return response
	}
	client := s.LogIn(t, "root.admin", password)
	limited := false
	for range 50 {
		if limited = guess("203.0.113.9").StatusCode == http.StatusTooManyRequests; limited {
			break
		}
	}
	require.True(t, limited, "guessed 50 times")
	list, err := s.Site.AuditLog.List(t.Context(), audit.Query{Action: "login", Outcome: audit.Denied})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items)
	require.Equal(t, netip.MustParseAddr("203.0.113.9"), list.Items[0].Actor.RemoteAddr)

	require.True(t, isLoggedIn(t, s, client), "the session continues")
	response, body := s.Post(t, client, "/login", url.Values{"username": {"root.admin"}, "password": {password}})
	require.Equal(t, http.StatusSeeOther, response.StatusCode, "the owner gets in, from a device that is known: %s", body)
}

func TestServer_reportsLostDatabase(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	client := s.LogIn(t, "root.admin", password)
	response, _ := s.Get(t, client, "/readyz")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, s.Site.Close())
	response, body := s.Get(t, client, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.NotContains(t, body, "sql")
	response, body = s.Get(t, client, "/administrators")
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	require.NotContains(t, body, "sql")
	response, _ = s.Get(t, client, "/healthz")
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestServer_Serve_waitsForApplyBeforeShutdown(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	asterisk := amitest.NewServer(nil)
	t.Cleanup(asterisk.Close)
	asterisk.Handle("Challenge", func(c *amitest.Conn, r *amitest.Request) {
		close(entered)
		<-release
		c.Fail(r, "Authentication failed")
	})
	s := startServer(t, &servertest.Options{Settings: func(settings *app.Settings) {
		settings.AMI = asterisk.Addr()
		settings.AMISecretFile = filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(settings.AMISecretFile, []byte("secret"), 0o600))
	}})
	client := s.LogIn(t, "root.admin", password)
	response, body := s.Post(t, client, "/config/apply", nil)
	require.Equal(t, http.StatusSeeOther, response.StatusCode, body)
	<-entered
	stopped := make(chan struct{})
	go func() {
		s.Stop(t)
		close(stopped)
	}()
	require.Eventually(t, func() bool {
		response, err := http.Get(s.URL + "/healthz")
		if err == nil {
			_ = response.Body.Close()
		}
		return err != nil
	}, 10*time.Second, 5*time.Millisecond)
	select {
	case <-stopped:
		t.Fatal("the apply is still running")
	default:
	}
	close(release)
	<-stopped
}

func TestServer_cookiesAreHostOnlyAndHTTPOnly(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	response, _ := s.Post(t, s.Client(t), "/login", url.Values{"username": {"root.admin"}, "password": {password}})
	for _, cookie := range response.Cookies() {
		require.True(t, cookie.HttpOnly, cookie.Name)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite, cookie.Name)
		require.Empty(t, cookie.Domain, cookie.Name)
	}
	require.Contains(t, response.Header.Values("Set-Cookie")[0]+response.Header.Values("Set-Cookie")[1], websession.CookieName)
}

func TestServer_cookiesHaveHostPrefixOverHTTPS(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil)
	server, err := serving.New(s.Site, &serving.Options{BaseURL: "https://pbx.example.com"})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	cookies := map[string]*http.Cookie{}
	send := func(method, path, body string) *http.Response {
		request := httptest.NewRequestWithContext(t.Context(), method, "https://pbx.example.com"+path, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		response := recorder.Result()
		require.NoError(t, response.Body.Close())
		for _, cookie := range response.Cookies() {
			require.True(t, cookie.Secure, cookie.Name)
			require.Equal(t, "/", cookie.Path, cookie.Name)
			require.Empty(t, cookie.Domain, cookie.Name)
			cookies[cookie.Name] = cookie
		}
		return response
	}
	send(http.MethodPost, "/login", url.Values{"username": {"root.admin"}, "password": {password}}.Encode())
	require.ElementsMatch(t, []string{"__Host-" + websession.CookieName, "__Host-pbxusers_device"}, slices.Collect(maps.Keys(cookies)))
	require.Equal(t, http.StatusOK, send(http.MethodGet, "/account", "").StatusCode)

	// A cookie that another host of the domain could set is none.
	cookies = map[string]*http.Cookie{"": {Name: websession.CookieName, Value: cookies["__Host-"+websession.CookieName].Value}}
	require.Equal(t, http.StatusSeeOther, send(http.MethodGet, "/account", "").StatusCode)
}
