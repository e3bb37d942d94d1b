// Package serving puts the parts of the reference server together: pages, API,
// health and metrics behind one handler, and the listener that serves it.
package serving

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/examples/server/api"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/examples/server/web"
)

// Options of [New].
type Options struct {
	// BaseURL is what links begin with, such as "https://pbx.example.com";
	// https makes cookies secure. The server answers to this name, to
	// localhost and to every IP address, and to no other name: a web site
	// that points a name of its own at the server is refused. Required.
	BaseURL string
	// TrustedProxies are where X-Forwarded-For is believed from. Defaults to
	// nowhere.
	TrustedProxies []netip.Prefix
	// Logger is told of requests that fail, and, at the level of debugging,
	// of each request: by its route, never by its path, which may hold a
	// secret. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// Server is the reference server.
type Server struct {
	site    *app.App
	base    *url.URL
	log     *slog.Logger
	clock   func() time.Time
	runner  *applying.Runner
	jobs    *jobs.Runner
	metrics *metrics
	http    *http.Server
	// shutdownTimeout is how long requests may take to end.
	shutdownTimeout time.Duration
	// stopWaiting has requests that wait for something at work wait no longer.
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
		site: s, base: base, log: opts.Logger, clock: opts.Clock, metrics: newMetrics(), shutdownTimeout: 10 * time.Second,
		runner: applying.New(s, &applying.Options{Logger: opts.Logger, Clock: opts.Clock}),
		jobs:   jobs.New(s, &jobs.Options{Logger: opts.Logger, Clock: opts.Clock}),
	}
	if server.log == nil {
		server.log = slog.New(slog.DiscardHandler)
	}
	if server.clock == nil {
		server.clock = time.Now
	}
	stopping, stop := context.WithCancel(context.Background())
	server.stopWaiting = stop
	sessions := access.New(s, &access.Options{
		Secure: base.Scheme == "https", TrustedProxies: opts.TrustedProxies, Clock: opts.Clock, HandleError: server.writeInternalError,
	})
	server.http = server.newHTTPServer(server.routes(sessions,
		api.New(s, sessions, server.runner, server.jobs, &api.Options{BaseURL: base.String(), Logger: opts.Logger, Clock: opts.Clock, Stopping: stopping}),
		web.New(s, sessions, server.runner, server.jobs, &web.Options{BaseURL: base.String(), Logger: opts.Logger}),
	))
	return server, nil
}

// newHTTPServer sets what a request may cost. A client that is slower than that is
// cut off.
func (s *Server) newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// Handler returns everything that is served.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Close answers requests that wait for something at work, gives the jobs ten
// seconds to end, stops them, and waits for a running apply. [Server.Serve] ends
// with it; it is for those who serve [Server.Handler] themselves.
func (s *Server) Close() {
	s.stopWaiting()
	s.closeJobs(context.Background())
}

func (s *Server) closeJobs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.shutdownTimeout)
	defer cancel()
	if err := s.jobs.Close(ctx); err != nil {
		s.log.WarnContext(ctx, "jobs were stopped: they took too long to end")
	}
	s.runner.Close()
}

// writeInternalError answers a request that failed because of err.
func (s *Server) writeInternalError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.log.ErrorContext(r.Context(), "request failed", "method", methodLabel(r.Method), "error", err)
	}
	s.writeProblem(w, r, http.StatusInternalServerError, internalErrorDetail)
}

// sweepInterval is how often what has expired is removed.
const sweepInterval = 10 * time.Minute

// deleteExpired removes what has expired, now and then, until ctx ends.
func (s *Server) deleteExpired(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		if _, err := s.site.TTLStore.DeleteExpired(ctx, s.clock()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sessions that have expired could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
