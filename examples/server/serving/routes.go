package serving

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
)

// routes is everything that is served. Health and metrics know no visitors:
// whoever asks for them may use any name of the host.
func (s *Server) routes(gate *access.Gate, api, pages http.Handler) http.Handler {
	visitors := http.NewServeMux()
	visitors.Handle("/api/v1/", routed(api))
	visitors.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusNotFound, "there is no such resource; the API begins at /api/v1/")
	})
	visitors.Handle("/", routed(pages))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metrics.handler(s.log))
	mux.Handle("/", s.sameHost(s.sameOrigin(anonymousFiles(gate.Handler(visitors)))))
	return s.observed(s.protected(s.bounded(routed(mux))))
}

// anonymousFiles has nobody log in to load the files of the pages: a session
// is not read for each of them.
func anonymousFiles(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			r = r.Clone(r.Context())
			r.Header.Del("Cookie")
			r.Header.Del("Authorization")
		}
		next.ServeHTTP(w, r)
	})
}

// maxAsk bounds what the database may take to answer that it is there.
const maxAsk = 2 * time.Second

// ready answers whether requests can be served: whether the database answers.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), maxAsk)
	defer cancel()
	_, err := s.site.Vault.Kept(ctx, "ready", "", s.clock())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.log.WarnContext(ctx, "the database does not answer", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}
