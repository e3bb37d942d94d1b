// Package applying runs one apply of the configuration at a time, whatever
// becomes of the browser that asked for it, and tells how far it has come.
package applying

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Runner runs applies in the background. Close waits for the one at work.
type Runner struct {
	site  *site.Site
	clock func() time.Time
	log   *slog.Logger
	open  opener
	// work is what runs in the background: the run, and at most one look at
	// the status.
	work sync.WaitGroup

	mu     sync.Mutex
	closed bool
	run    *Run
	seen   lookup
}

// folder is what a runner asks of an asteriskconf.Folder.
type folder interface {
	Apply(ctx context.Context) (*asteriskconf.Report, error)
	Rollback(ctx context.Context) (*asteriskconf.Report, error)
	Recover(ctx context.Context) (*asteriskconf.Recovery, error)
	Status(ctx context.Context) (*asteriskconf.Status, error)
	Plan(ctx context.Context) (*asteriskconf.Plan, error)
}

// opener opens the configuration folder: for an act, which talks to Asterisk,
// or only to look at the files. closing ends the talk.
type opener func(ctx context.Context, act Act, progress func(asteriskconf.Progress)) (f folder, closing func(), err error)

// Options of [New].
type Options struct {
	// Logger is told of mistakes in the program. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// New returns a runner for s.
func New(s *site.Site, opts *Options) *Runner {
	if opts == nil {
		opts = &Options{}
	}
	r := &Runner{site: s, clock: opts.Clock, log: opts.Logger}
	if r.clock == nil {
		r.clock = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.open = r.openSite
	return r
}

// openSite opens the folder of the site.
func (r *Runner) openSite(ctx context.Context, act Act, progress func(asteriskconf.Progress)) (folder, func(), error) {
	if act == look {
		f, err := r.site.Folder(nil, nil)
		return f, func() {}, err
	}
	f, closing, err := r.openLive(ctx, progress)
	if err != nil {
		r.keepFailure(ctx, act, err)
	}
	return f, closing, err
}

// keepFailure keeps in the trail what came of an act where the folder, which
// else does it, could not.
func (r *Runner) keepFailure(ctx context.Context, act Act, err error) {
	event := audit.Event{Action: string(act), Kind: "configuration", Key: filepath.Base(r.site.Settings.ConfDir)}
	r.site.Trail.RecordFailure(ctx, event, err)
}

// errMistake says of a mistake in the program what a visitor may know.
var errMistake = errors.New("a mistake in the program ended it; the log of the server says more")

// survive is deferred, and has a mistake in the program fail with err in the
// place of ending the server.
func (r *Runner) survive(ctx context.Context, failed func(err error)) {
	if mistake := recover(); mistake != nil {
		r.log.ErrorContext(ctx, "a mistake in the program", "panic", mistake, "stack", string(debug.Stack()))
		failed(errMistake)
	}
}

// openLive opens the folder with a client of its own.
func (r *Runner) openLive(ctx context.Context, progress func(asteriskconf.Progress)) (f folder, closing func(), err error) {
	if address, err := r.site.Settings.Address(); err != nil || address != site.NoAsterisk {
		progress(asteriskconf.Progress{Step: asteriskconf.StepConnect})
	}
	client, err := r.site.Dial(ctx, "")
	if err != nil {
		return nil, nil, &asteriskconf.ApplyError{Step: asteriskconf.StepConnect, Err: err}
	}
	closing = func() {
		if client != nil {
			_ = client.Close()
		}
	}
	if f, err = r.site.Folder(client, progress); err != nil {
		closing()
		return nil, nil, err
	}
	return f, closing, nil
}

// Plan returns what an apply would change. It asks the files, not Asterisk.
// The errors are those of asteriskconf.Folder.Plan, and fs.ErrNotExist when
// there is no configuration folder.
func (r *Runner) Plan(ctx context.Context) (*asteriskconf.Plan, error) {
	f, closing, err := r.open(ctx, look, nil)
	if err != nil {
		return nil, err
	}
	defer closing()
	return f.Plan(ctx)
}

// Close waits for the run at work. Nothing can be started afterwards.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.work.Wait()
}
