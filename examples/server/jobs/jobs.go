// Package jobs runs what takes long in the background, one of each kind at a
// time, whatever becomes of the browser that asked for it, and tells how far it
// has come. To apply the configuration is not among it: that is package
// applying.
package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// Kind is a kind of job.
type Kind string

// The kinds of jobs; there is one of Sync for each directory.
const (
	// KindWelcome sends the welcome mail to everybody new.
	KindWelcome Kind = "welcome"
	// KindSync brings the people of a directory up to date.
	KindSync Kind = "sync"
)

// Options of [New].
type Options struct {
	// Logger is told of failures. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// Runner runs jobs. Close waits for those at work.
type Runner struct {
	site  *app.App
	log   *slog.Logger
	clock func() time.Time
	// ctx ends with Close, and with it every job.
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// jobs are those at work, or else the last ones.
	jobs map[jobKey]*job
}

// jobKey is what there is one job of at a time.
type jobKey struct {
	kind      Kind
	directory string
}

// job is one job, at work or ended. The mutex of the runner guards its state.
type job struct {
	state State
	// finished is closed when state.EndedAt is set.
	finished chan struct{}
}

// New returns a runner for s.
func New(s *app.App, opts *Options) *Runner {
	if opts == nil {
		opts = &Options{}
	}
	r := &Runner{site: s, log: opts.Logger, clock: opts.Clock, jobs: map[jobKey]*job{}}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.clock == nil {
		r.clock = time.Now
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// State returns the job of that kind that is at work or was last, or nil.
func (r *Runner) State(kind Kind, directory string) *State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j := r.jobs[jobKey{kind, directory}]; j != nil {
		return j.state.clone()
	}
	return nil
}

// Wait waits for the end of that very job, whatever was begun since, or for that
// of ctx, and returns its state by then: one that is Running goes on.
func (r *Runner) Wait(ctx context.Context, job *State) *State {
	select {
	case <-job.job.finished:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return job.job.state.clone()
}

// Close lets jobs end within ctx, and then stops them: its error is then that
// of ctx. No others begin.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		r.background.Wait()
		close(ended)
	}()
	defer r.cancel()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		r.cancel()
		<-ended // a job ends with its context
		return ctx.Err()
	}
}
