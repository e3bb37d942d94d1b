// Package api is the REST API of the reference server, described by OpenAPI
// 3.1 at /api/v1/openapi.json. It has no rules of its own: it reads requests, calls
// the services, and reports their errors as problems (RFC 9457).
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// prefix begins every path.
const prefix = "/api/v1"

// Options of [New].
type Options struct {
	// BaseURL begins links that leave the server, such as
	// "https://pbx.example.com", unless the settings have one. Defaults to links that
	// begin with the path.
	BaseURL string
	// Logger records failures. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Wait is how long a request waits for an apply or a job to end. It must be
	// shorter than the write timeout of the server. Defaults to 45 seconds.
	Wait time.Duration
	// Stopping ends when the server shuts down: requests that wait return the
	// progress so far. Defaults to never.
	Stopping context.Context
}

// api holds what the operations share.
type api struct {
	app      *app.App
	sessions *websession.Manager
	jobs     *jobs.Runner
	startURL string // Options.BaseURL; baseURL returns the present one
	log      *slog.Logger
	clock    func() time.Time
	wait     time.Duration
	// stopping ends all waiting.
	stopping  context.Context
	responses *idempotency.Responses
	// exports holds one token for each running export.
	exports  chan struct{}
	mux      *http.ServeMux
	document *document
}

// baseURL returns the start of links.
func (a *api) baseURL() string { return cmp.Or(a.app.Current().BaseURL, a.startURL) }

// New returns the API of s. Serve it below /api/v1/, inside
// [websession.Manager.Handler].
func New(s *app.App, sessions *websession.Manager, jobRunner *jobs.Runner, opts *Options) http.Handler {
	if opts == nil {
		opts = &Options{}
	}
	a := &api{
		app: s, sessions: sessions, jobs: jobRunner, startURL: opts.BaseURL,
		log: cmp.Or(opts.Logger, slog.New(slog.DiscardHandler)), clock: opts.Clock,
		wait: cmp.Or(opts.Wait, 45*time.Second), stopping: cmp.Or(opts.Stopping, context.Background()),
		mux: http.NewServeMux(), exports: make(chan struct{}, maxExports),
		document: newDocument(sessions.CookieName(websession.CookieName)),
	}
	if a.clock == nil {
		a.clock = time.Now
	}
	a.responses = s.Responses(a.clock)
	a.registerSession()
	a.registerAccount()
	a.registerAdministrators()
	a.registerAMIAccounts()
	a.registerUsers()
	a.registerGroups()
	a.registerWelcomeMails()
	a.registerDirectories()
	a.registerVerify()
	a.registerConfiguration()
	a.registerAudit()
	a.registerSettings()
	a.mux.Handle("GET "+prefix+"/openapi.json", a.document.handler())
	a.mux.HandleFunc("/", a.notFound)
	return validateURL(a.mux)
}

// waitContext returns a context that ends with ctx, after Options.Wait, or when the
// server shuts down.
func (a *api) waitContext(ctx context.Context) (context.Context, context.CancelFunc) {
	wait, cancel := context.WithTimeout(ctx, a.wait)
	stop := context.AfterFunc(a.stopping, cancel)
	return wait, func() {
		stop()
		cancel()
	}
}
