// Package web serves the pages of the reference server. They work without
// JavaScript and load nothing from another host. They contain no rules: they show
// what the services return, and each error beside its field.
package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
	"github.com/pbxusers/pbxusers/examples/server/web/static"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// Options of [New].
type Options struct {
	// BaseURL is the start of links on pages, such as "https://pbx.example.com", unless
	// the settings have one.
	BaseURL string
	// Logger records failures. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// pages holds what every page needs.
type pages struct {
	site      *app.App
	sessions  *websession.Manager
	jobs      *jobs.Runner
	clock     func() time.Time
	forms     *forms.Forms
	responses *idempotency.Responses
	// startURL is Options.BaseURL; baseURL returns the present one.
	startURL  string
	log       *slog.Logger
	assets    static.Assets
	templates templateSets
	mux       *http.ServeMux
}

// New returns the pages of s. They are served at / inside
// [websession.Manager.Handler].
func New(s *app.App, sessions *websession.Manager, jobRunner *jobs.Runner, opts *Options) http.Handler {
	if opts == nil {
		opts = &Options{}
	}
	clock := opts.Clock
	if clock == nil {
		clock = time.Now
	}
	p := &pages{
		site: s, clock: clock, sessions: sessions, jobs: jobRunner, forms: forms.New(s.TTLStore, s.Keyring(), clock), responses: s.Responses(clock),
		startURL: strings.TrimSuffix(opts.BaseURL, "/"),
		log:      opts.Logger,
		mux:      http.NewServeMux(),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.assets, p.templates = embedded()
	p.mux.Handle("GET /static/{name}", p.assets)
	for _, rt := range p.routes() {
		p.mux.Handle(rt.method+" "+rt.path, p.serve(rt))
	}
	return p
}

// baseURL returns the start of links on pages.
func (p *pages) baseURL() string { return cmp.Or(p.site.Current().BaseURL, p.startURL) }

// ServeHTTP answers unknown addresses with a page, too.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, pattern := p.mux.Handler(r)
	if pattern != "" {
		p.mux.ServeHTTP(w, r)
		return
	}
	recorder := &statusRecorder{header: w.Header(), status: http.StatusOK}
	handler.ServeHTTP(recorder, r)
	ctx := r.Context()
	p.writeError(ctx, w, &request{Request: r, admin: p.sessions.Administrator(ctx)}, statusError(recorder.status))
}

// statusRecorder records the status and the header of a response without a body.
type statusRecorder struct {
	header http.Header
	status int
}

func (s *statusRecorder) Header() http.Header            { return s.header }
func (s *statusRecorder) Write(body []byte) (int, error) { return len(body), nil }
func (s *statusRecorder) WriteHeader(status int)         { s.status = status }
