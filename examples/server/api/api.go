// Package api is the REST API of the reference server, described by OpenAPI
// 3.1 at /api/v1/openapi.json. It holds no rule: it reads requests, calls the
// services, and words their refusals as problems (RFC 9457).
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
)

// prefix is what every path begins with.
const prefix = "/api/v1"

// Options of [New].
type Options struct {
	// BaseURL is what links that leave the server begin with, such as
	// "https://pbx.example.com". Defaults to links that begin with the path.
	BaseURL string
	// Logger is told of failures. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Wait is how long a request waits for an apply or a job to end, less than
	// the server gives an answer. Defaults to 45 seconds.
	Wait time.Duration
	// Stopping ends when the server begins to stop: requests that wait are
	// answered with how far it is. Defaults to waiting on.
	Stopping context.Context
}

// api is what the operations work with.
type api struct {
	app         *app.App
	sessions    *access.Manager
	applyRunner *applying.Runner
	jobs        *jobs.Runner
	baseURL     string
	log         *slog.Logger
	clock       func() time.Time
	wait        time.Duration
	// stopping ends all waiting.
	stopping context.Context
	// exports holds one token for each export at work.
	exports chan struct{}
	mux     *http.ServeMux
	huma    huma.API
}

// New returns the API of s, to be served below /api/v1/ inside of
// [access.Manager.Handler].
func New(s *app.App, sessions *access.Manager, applyRunner *applying.Runner, jobRunner *jobs.Runner, opts *Options) http.Handler {
	if opts == nil {
		opts = &Options{}
	}
	a := &api{
		app: s, sessions: sessions, applyRunner: applyRunner, jobs: jobRunner, baseURL: opts.BaseURL,
		log: opts.Logger, clock: opts.Clock, wait: cmp.Or(opts.Wait, 45*time.Second), stopping: opts.Stopping,
		mux: http.NewServeMux(), exports: make(chan struct{}, maxExports),
	}
	if a.clock == nil {
		a.clock = time.Now
	}
	if a.stopping == nil {
		a.stopping = context.Background()
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	a.huma = humago.NewWithPrefix(a.mux, prefix, a.config())
	a.registerSession()
	a.registerAccount()
	a.registerAdministrators()
	a.registerAMIAccounts()
	a.registerUsers()
	a.registerTokens()
	a.registerGroups()
	a.registerWelcomeMails()
	a.registerDirectories()
	a.registerVerify()
	a.registerConfiguration()
	a.registerAudit()
	a.registerSettings()
	a.mux.Handle("GET "+prefix+"/openapi.json", a.document())
	a.mux.HandleFunc("/", a.notFound)
	return validateURL(a.mux)
}

// waitContext returns a context that ends with ctx, when the request has waited for
// as long as it may, and when the server stops.
func (a *api) waitContext(ctx context.Context) (context.Context, context.CancelFunc) {
	wait, cancel := context.WithTimeout(ctx, a.wait)
	stop := context.AfterFunc(a.stopping, cancel)
	return wait, func() {
		stop()
		cancel()
	}
}
