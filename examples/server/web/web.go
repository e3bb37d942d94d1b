// Package web is the pages of the reference server. They work without
// JavaScript, load nothing from another host, and hold no rule: they draw what
// the services return and put each refusal beside its field.
package web

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
)

// Options of [New].
type Options struct {
	// BaseURL is what links that leave the server begin with, such as
	// "https://pbx.example.com". Defaults to the address that the server
	// listens on, which New cannot know: give it.
	BaseURL string
	// Logger is told of failures. Defaults to none.
	Logger *slog.Logger
}

// pages is what every page is made of.
type pages struct {
	site      *app.App
	sessions  *access.Manager
	runner    *applying.Runner
	jobs      *jobs.Runner
	baseURL   string
	log       *slog.Logger
	assets    assets
	templates templateSets
	mux       *http.ServeMux
}

// New returns the pages of s, to be served at / inside of
// [access.Manager.Handler].
func New(s *app.App, sessions *access.Manager, runner *applying.Runner, jobRunner *jobs.Runner, opts *Options) http.Handler {
	if opts == nil {
		opts = &Options{}
	}
	p := &pages{
		site: s, sessions: sessions, runner: runner, jobs: jobRunner,
		baseURL: strings.TrimSuffix(opts.BaseURL, "/"),
		log:     opts.Logger,
		assets:  readAssets(),
		mux:     http.NewServeMux(),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.templates = parseTemplates(p.assets)
	p.mux.Handle("GET /static/{name}", p.assets)
	for _, rt := range routes() {
		p.mux.Handle(rt.method+" "+rt.path, p.serve(rt))
	}
	return p
}

// ServeHTTP answers with a page also where there is none.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, pattern := p.mux.Handler(r)
	if pattern != "" {
		p.mux.ServeHTTP(w, r)
		return
	}
	recorder := &statusRecorder{header: w.Header(), status: http.StatusOK}
	handler.ServeHTTP(recorder, r)
	v := &pageHandler{pages: p, w: w, r: r, admin: p.sessions.Administrator(r.Context())}
	v.renderError(&statusError{status: recorder.status}) //nolint:contextcheck // v holds the request, and its context
}

// statusRecorder learns the status, and the headers, of an answer without a page.
type statusRecorder struct {
	header http.Header
	status int
}

func (s *statusRecorder) Header() http.Header            { return s.header }
func (s *statusRecorder) Write(body []byte) (int, error) { return len(body), nil }
func (s *statusRecorder) WriteHeader(status int)         { s.status = status }
