// Package applying runs one apply of the configuration at a time, independent of
// the request that started it, and reports its progress.
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
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Runner runs applies in the background. Close waits for the running one.
type Runner struct {
	site  *app.App
	clock func() time.Time
	log   *slog.Logger
	open  opener
	// background counts the run in progress and the status check in progress.
	background sync.WaitGroup

	mu     sync.Mutex
	closed bool
	run    *Run
	cache  statusCache
}

// configDir is the part of asteriskconf.ConfigDir that a runner uses.
type configDir interface {
	Apply(ctx context.Context) (*asteriskconf.Report, error)
	Rollback(ctx context.Context) (*asteriskconf.Report, error)
	Recover(ctx context.Context) (*asteriskconf.Recovery, error)
	Status(ctx context.Context) (*asteriskconf.Status, error)
	Plan(ctx context.Context) (*asteriskconf.Plan, error)
}

// opener opens the configuration folder: for an operation, which talks to
// Asterisk, or only to read the files. closing ends the connection.
type opener func(ctx context.Context, op Operation, progress func(asteriskconf.Progress)) (f configDir, closeFn func(), err error)

// Options of [New].
type Options struct {
	// Logger records panics. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// New returns a runner for s.
func New(s *app.App, opts *Options) *Runner {
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
	r.open = r.openConfigDir
	return r
}

// openConfigDir opens the configuration folder.
func (r *Runner) openConfigDir(ctx context.Context, op Operation, progress func(asteriskconf.Progress)) (configDir, func(), error) {
	if op == readOnly {
		f, err := r.site.ConfigDir(nil, nil)
		return f, func() {}, err
	}
	f, closeFn, err := r.openConnected(ctx, progress)
	if err != nil {
		r.recordFailure(ctx, op, err)
	}
	return f, closeFn, err
}

// recordFailure records in the audit log that an operation failed before the
// folder, which records the others, was opened.
func (r *Runner) recordFailure(ctx context.Context, op Operation, err error) {
	event := audit.Event{Action: string(op), Kind: "configuration", Key: filepath.Base(r.site.Settings.ConfDir)}
	r.site.AuditLog.RecordFailure(ctx, event, err)
}

// errInternal hides the details of a panic.
var errInternal = errors.New("a mistake in the program ended it; the log of the server says more")

// recoverPanic is deferred, and turns a panic into err.
func (r *Runner) recoverPanic(ctx context.Context, onPanic func(err error)) {
	if recovered := recover(); recovered != nil {
		r.log.ErrorContext(ctx, "a mistake in the program", "panic", recovered, "stack", string(debug.Stack()))
		onPanic(errInternal)
	}
}

// openConnected opens the folder with an AMI client of its own.
func (r *Runner) openConnected(ctx context.Context, progress func(asteriskconf.Progress)) (f configDir, closeFn func(), err error) {
	if address, err := r.site.Settings.Address(); err != nil || address != app.NoAsterisk {
		progress(asteriskconf.Progress{Step: asteriskconf.StepConnect})
	}
	client, err := r.site.Dial(ctx, "")
	if err != nil {
		return nil, nil, &asteriskconf.ApplyError{Step: asteriskconf.StepConnect, Err: err}
	}
	closeFn = func() {
		if client != nil {
			_ = client.Close()
		}
	}
	if f, err = r.site.ConfigDir(client, progress); err != nil {
		closeFn()
		return nil, nil, err
	}
	return f, closeFn, nil
}

// Plan returns what an apply would change. It reads the files and does not
// contact Asterisk. Errors are those of asteriskconf.ConfigDir.Plan, and
// fs.ErrNotExist when there is no configuration folder.
func (r *Runner) Plan(ctx context.Context) (*asteriskconf.Plan, error) {
	f, closeFn, err := r.open(ctx, readOnly, nil)
	if err != nil {
		return nil, err
	}
	defer closeFn()
	return f.Plan(ctx)
}

// Close waits for the running apply. Nothing can be started afterwards.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.background.Wait()
}
