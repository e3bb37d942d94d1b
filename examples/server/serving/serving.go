// Package serving assembles the reference server: it serves pages, API, health
// and metrics with one handler, and shuts down gracefully.
package serving

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/api"
	"github.com/pbxusers/pbxusers/examples/server/web"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
)

// Options of [New].
type Options struct {
	// BaseURL is the start of links, such as "https://pbx.example.com"; https
	// makes cookies secure, with the prefix __Host-. The server answers to this name, to localhost and to
	// every IP address. It rejects other names, which other web sites could point
	// at the server. Required.
	BaseURL string
	// TrustedProxies are the proxies whose X-Forwarded-For is trusted. Defaults
	// to none.
	TrustedProxies []netip.Prefix
	// Logger records failed requests and, at level debug, each request: by its
	// route, never by its path, which may contain a secret. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// Server is the reference server.
type Server struct {
	site    *app.App
	ttl     store.TTLStore
	base    *url.URL
	log     *slog.Logger
	clock   func() time.Time
	jobs    *jobs.Runner
	metrics *metrics
	http    *http.Server
	// shutdownTimeout is the time that requests have to end.
	shutdownTimeout time.Duration
	// stopWaiting ends the waiting of requests for a job or an apply.
	stopWaiting context.CancelFunc
}

// New returns the server of s.
func New(s *app.App, opts *Options) (*Server, error) {
	if opts == nil {
		opts = &Options{}
	}
	base, err := app.ParseBaseURL(opts.BaseURL)
	if err != nil {
		return nil, err
	}
	server := &Server{
		site: s, ttl: s.TTLStore, base: base, log: opts.Logger, clock: opts.Clock, metrics: newMetrics(), shutdownTimeout: 10 * time.Second,
		jobs: jobs.New(&jobs.Options{
			Host: s.Host, Users: s.Users, Audit: s.AuditLog, Hint: app.Hint, Logger: opts.Logger, Clock: opts.Clock,
		}),
	}
	if server.log == nil {
		server.log = slog.New(slog.DiscardHandler)
	}
	if server.clock == nil {
		server.clock = time.Now
	}
	stopping, stop := context.WithCancel(context.Background())
	server.stopWaiting = stop
	sessions := websession.New(s.Administrators, s.TTLStore, &websession.Options{
		Audit: s.AuditLog, Secure: base.Scheme == "https", TrustedProxies: opts.TrustedProxies, Clock: opts.Clock, HandleError: server.writeInternalError,
	})
	s.ObserveSettings(func(current *app.Settings) { sessions.SetLimits(current.SessionLifetime, current.SessionIdle) })
	server.http = server.newHTTPServer(server.routes(sessions,
		api.New(s, sessions, server.jobs, &api.Options{BaseURL: base.String(), Logger: opts.Logger, Clock: opts.Clock, Stopping: stopping}),
		web.New(s, sessions, server.jobs, &web.Options{BaseURL: base.String(), Logger: opts.Logger, Clock: opts.Clock}),
	))
	return server, nil
}

// newHTTPServer sets the limits of requests. Slower clients are disconnected.
func (s *Server) newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// A connection holds no more of bodies that are not read yet.
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 64, MaxReceiveBufferPerConnection: 64 << 10, MaxReceiveBufferPerStream: 64 << 10},
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// Handler returns the handler of the whole server.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Close answers requests that wait for a job or an apply, gives jobs ten seconds
// to end, stops them, and waits for a running apply. [Server.Serve] calls it at
// its end; programs that serve [Server.Handler] themselves call it, too.
func (s *Server) Close() {
	s.stopWaiting()
	s.closeJobs(context.Background())
}

func (s *Server) closeJobs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.shutdownTimeout)
	defer cancel()
	if err := s.jobs.Close(ctx); err != nil {
		s.log.WarnContext(ctx, "jobs took too long to end; all but an apply were stopped")
	}
}

// writeInternalError answers a request that failed because of err.
func (s *Server) writeInternalError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.log.ErrorContext(r.Context(), "request failed", "method", methodLabel(r.Method), "error", err)
	}
	s.writeProblem(w, r, http.StatusInternalServerError, internalErrorDetail)
}
