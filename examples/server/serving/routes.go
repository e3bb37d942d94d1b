package serving

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
)

// routes serves everything. Health and metrics need no login, and accept any host
// name.
func (s *Server) routes(sessions *websession.Manager, api, pages http.Handler) http.Handler {
	withSession := http.NewServeMux()
	withSession.Handle("/api/v1/", recordRoute(api))
	withSession.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, http.StatusNotFound, "unknown resource; the API is at /api/v1/")
	})
	withSession.Handle("/", recordRoute(pages))

	origin := &websession.Origin{URL: s.base, Others: s.site.Origins, Deny: s.denyForeign}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metrics.handler(s.log))
	mux.Handle("/", origin.Handler(stripStaticCredentials(sessions.Handler(limitBodies(sessions, withSession)))))
	return s.instrument(s.securityHeaders(recordRoute(mux)))
}

// stripStaticCredentials removes the credentials from requests for static files,
// so that no session is read for them.
func stripStaticCredentials(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			r = r.Clone(r.Context())
			r.Header.Del("Cookie")
			r.Header.Del("Authorization")
		}
		next.ServeHTTP(w, r)
	})
}

// readinessTimeout bounds the check of the database.
const readinessTimeout = 2 * time.Second

// ready reports whether the server can answer requests: whether the database
// responds.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readinessTimeout)
	defer cancel()
	_, err := s.site.TTLStore.Get(ctx, "ready", "", s.clock())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.log.WarnContext(ctx, "the database does not respond", "error", err)
		http.Error(w, "the database does not respond", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}
