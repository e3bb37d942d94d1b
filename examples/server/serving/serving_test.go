package serving

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

// env is a server with pages and resources of the test.
type env struct {
	*Server

	sessions *websession.Manager
	log      *syncBuffer
	// mux has the handlers of the test, by pattern.
	mux *http.ServeMux
}

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *syncBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *syncBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func setup(t *testing.T, base string) *env {
	t.Helper()
	db := memstore.New()
	s := &app.App{
		TTLStore: db.TTLStore(),
		Administrators: ampusers.New(db.Administrators(), &ampusers.Options{
			Sections: app.Sections(), Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
		}),
		Users: userman.New(db.Users(""), nil),
	}
	b := &env{log: &syncBuffer{}, mux: http.NewServeMux()}
	logger := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	b.Server, err = New(s, &Options{BaseURL: base, Logger: logger})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	b.sessions = websession.New(s.Administrators, s.TTLStore, &websession.Options{Audit: s.AuditLog, HandleError: b.writeInternalError})
	b.http = b.newHTTPServer(b.routes(b.sessions, b.mux, b.mux))
	return b
}

// do sends a request without a network.
func (b *env) do(t *testing.T, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	b.Handler().ServeHTTP(recorder, request)
	return recorder
}

const localBaseURL = "http://localhost:8080"

// requireProblem checks an error response of the server, in the format for its
// path.
func requireProblem(t *testing.T, answer *httptest.ResponseRecorder, status int, problem bool) {
	t.Helper()
	require.Equal(t, status, answer.Code, answer.Body)
	require.NotEmpty(t, answer.Header().Get("Content-Security-Policy"))
	if !problem {
		require.Equal(t, "text/html; charset=utf-8", answer.Header().Get("Content-Type"))
		require.Contains(t, answer.Body.String(), "<h1>"+http.StatusText(status)+"</h1>")
		return
	}
	require.Equal(t, "application/problem+json", answer.Header().Get("Content-Type"))
	var document problemDetails
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &document))
	require.Equal(t, status, document.Status)
	require.NotEmpty(t, document.Detail)
	require.NotEmpty(t, document.Code)
}

func TestNew_requiresBaseURLToBeOrigin(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"", "pbx.example.com", "ftp://pbx.example.com", "http://", "https://pbx.example.com/pbx", "https://pbx.example.com/?a=b",
		"https://user:secret@pbx.example.com", "https://pbx.example.com/#x", "https://pbx.example.com:port", "javascript:alert(1)",
	} {
		_, err := New(&app.App{}, &Options{BaseURL: base})
		require.ErrorIs(t, err, store.ErrInvalid, base)
		require.NotContains(t, err.Error(), "secret")
	}
	b := setup(t, "HTTPS://PBX.example.com/")
	require.Equal(t, "https://pbx.example.com", b.base.String(), "as a browser names an origin")
}

func TestServer_Handler_recoversPanic(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	for _, path := range []string{"/broken", "/api/v1/broken"} {
		b.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Set-Cookie", "half=done")
			panic("a detail that is nobody's business")
		})
	}
	b.mux.HandleFunc("GET /whole", func(http.ResponseWriter, *http.Request) {})
	for path, problem := range map[string]bool{"/broken": false, "/api/v1/broken": true} {
		answer := b.do(t, http.MethodGet, localBaseURL+path)
		requireProblem(t, answer, http.StatusInternalServerError, problem)
		require.NotContains(t, answer.Body.String(), "detail that is nobody")
		require.Empty(t, answer.Header().Get("Location"))
		require.Empty(t, answer.Header().Get("Set-Cookie"))
	}
	require.Contains(t, b.log.String(), "nobody's business")
	require.Contains(t, b.log.String(), "serving_test.go", "the stack")
	require.Equal(t, http.StatusOK, b.do(t, http.MethodGet, localBaseURL+"/whole").Code)
}

func TestServer_Handler_abortsPartialResponseOnPanic(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	b.mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("half ", 10_000))
		panic("too late")
	})
	server := httptest.NewServer(b.Handler())
	t.Cleanup(server.Close)
	response, err := server.Client().Get(server.URL + "/broken")
	if err == nil {
		_, err = io.ReadAll(response.Body)
		require.NoError(t, response.Body.Close())
	}
	require.Error(t, err)
}

func TestServer_Handler_setsSecurityHeaders(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	b.mux.HandleFunc("GET /page", func(http.ResponseWriter, *http.Request) {})
	for _, path := range []string{"/page", "/missing", "/api/v2/missing", "/healthz", "/metrics"} {
		header := b.do(t, http.MethodGet, localBaseURL+path).Header()
		require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", header.Get("Referrer-Policy"))
		require.Equal(t, "same-origin", header.Get("Cross-Origin-Opener-Policy"))
		require.Equal(t, "no-store", header.Get("Cache-Control"))
		require.NotEmpty(t, header.Get("Permissions-Policy"))
		require.Empty(t, header.Get("Strict-Transport-Security"))
	}
	secured := setup(t, "https://pbx.example.com")
	require.NotEmpty(t, secured.do(t, http.MethodGet, "https://pbx.example.com/").Header().Get("Strict-Transport-Security"))
}

func TestServer_Handler_rejectsCrossOriginRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, "https://pbx.example.com")
	acts := 0
	for _, path := range []string{"/act", "/api/v1/act"} {
		b.mux.HandleFunc(path, func(http.ResponseWriter, *http.Request) { acts++ })
	}
	const at = "https://pbx.example.com"
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example.com"},
		{"Origin", "null"},
		{"Origin", "http://pbx.example.com"},
		{"Origin", "HTTP://pbx.example.com:80"},
		{"Origin", "http://10.0.0.5:8080"},
	} {
		requireProblem(t, b.do(t, http.MethodPost, at+"/act", headers...), http.StatusForbidden, false)
		requireProblem(t, b.do(t, http.MethodPut, at+"/api/v1/act", headers...), http.StatusForbidden, true)
	}
	require.Zero(t, acts)
	for _, headers := range [][]string{{}, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", at}} {
		require.Equal(t, http.StatusOK, b.do(t, http.MethodPost, at+"/act", headers...).Code)
	}
	require.Equal(t, http.StatusOK, b.do(t, http.MethodPost, "http://10.0.0.5:8080/act", "Origin", at).Code, "a proxy that changes the Host")
	require.Equal(t, 5, acts)
	require.Equal(t, http.StatusOK, b.do(t, http.MethodGet, at+"/act", "Origin", "http://pbx.example.com").Code, "it changes nothing")
	requireProblem(t, b.do(t, http.MethodPost, "http://10.0.0.5:8080/act", "Origin", "http://10.0.0.5:8080"), http.StatusForbidden, false)
}

func TestServer_Handler_rejectsForeignHosts(t *testing.T) {
	t.Parallel()
	b := setup(t, "https://pbx.example.com:8443")
	b.mux.HandleFunc("GET /page", func(http.ResponseWriter, *http.Request) {})
	for host, own := range map[string]bool{
		"pbx.example.com": true, "PBX.example.com:8443": true, "pbx.example.com.:8443": true,
		"localhost": true, "localhost:8080": true, "a.localhost:8080": true,
		"127.0.0.1:8080": true, "192.168.1.5": true, "[::1]:8080": true, "[::1]": true,
		"evil.example.com": false, "evil.example.com:8443": false, "localhost.evil.example.com": false,
		"pbx.example.com.evil.example.com": false, "127.0.0.1.evil.example.com:8080": false, "": false, ":8080": false, "[::1].evil": false,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/page", nil)
		request.Host = host
		answer := httptest.NewRecorder()
		b.Handler().ServeHTTP(answer, request)
		if own {
			require.Equal(t, http.StatusOK, answer.Code, host)
			continue
		}
		requireProblem(t, answer, http.StatusMisdirectedRequest, false)
		require.NotContains(t, answer.Body.String(), "evil")
	}
}

func TestServer_Handler_logsRoutesNotPaths(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	b.mux.HandleFunc("GET /set-password/{token}", func(http.ResponseWriter, *http.Request) {})
	b.mux.HandleFunc("POST /set-password/{token}", func(http.ResponseWriter, *http.Request) { panic("broken") })
	b.do(t, http.MethodGet, localBaseURL+"/set-password/TOPSECRET?token=TOPSECRET")
	b.do(t, http.MethodPost, localBaseURL+"/set-password/TOPSECRET")
	b.do(t, http.MethodGet, localBaseURL+"/setpassword/TOPSECRET")
	b.do(t, "TOPSECRET", localBaseURL+"/")
	require.NotContains(t, b.log.String(), "TOPSECRET")
	require.Contains(t, b.log.String(), `route="GET /set-password/{token}" status=200`)
	require.Contains(t, b.log.String(), `level=WARN msg=request method=POST route="POST /set-password/{token}" status=500`)
	require.Contains(t, b.log.String(), "method=other")
}

func TestServer_Handler_unknownAPIPathIsProblem(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	requireProblem(t, b.do(t, http.MethodGet, localBaseURL+"/api/v2/administrators"), http.StatusNotFound, true)
	requireProblem(t, b.do(t, http.MethodGet, localBaseURL+"/api/"), http.StatusNotFound, true)
}

func TestServer_Handler_servesStaticFilesWithoutSession(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	broken := failingTTLStore{b.site.TTLStore}
	b.site.TTLStore = broken
	b.sessions = websession.New(b.site.Administrators, broken, &websession.Options{HandleError: b.writeInternalError})
	b.http = b.newHTTPServer(b.routes(b.sessions, b.mux, b.mux))
	for _, path := range []string{"/static/app.css", "/page"} {
		b.mux.HandleFunc("GET "+path, func(http.ResponseWriter, *http.Request) {})
	}
	cookie := websession.CookieName + "=x"
	require.Equal(t, http.StatusOK, b.do(t, http.MethodGet, localBaseURL+"/static/app.css", "Cookie", cookie).Code)
	requireProblem(t, b.do(t, http.MethodGet, localBaseURL+"/page", "Cookie", cookie), http.StatusInternalServerError, false)
	require.Contains(t, b.log.String(), "the disk is gone")
}

// failingTTLStore fails.
type failingTTLStore struct{ store.TTLStore }

func (failingTTLStore) Get(context.Context, string, string, time.Time) ([]byte, error) {
	return nil, errors.New("the disk is gone")
}

func TestServer_Handler_readinessChecksDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t, localBaseURL)
	healthy := func(path string) int {
		return b.do(t, http.MethodGet, "http://probe.example.com"+path).Code
	}
	require.Equal(t, http.StatusOK, healthy("/healthz"))
	require.Equal(t, http.StatusOK, healthy("/readyz"))
	b.site.TTLStore = failingTTLStore{b.site.TTLStore}
	require.Equal(t, http.StatusOK, healthy("/healthz"))
	answer := b.do(t, http.MethodGet, localBaseURL+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.NotContains(t, answer.Body.String(), "disk")
}
