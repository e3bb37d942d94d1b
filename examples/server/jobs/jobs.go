// Package jobs runs long operations in the background, one of each kind at a
// time, independent of the request that started them, and reports their progress.
// Package applying applies the configuration.
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

// The kinds of jobs; there can be one KindSync for each directory.
const (
	// KindWelcome sends welcome emails to all new users.
	KindWelcome Kind = "welcome"
	// KindSync synchronizes the users of a directory.
	KindSync Kind = "sync"
)

// Options of [New].
type Options struct {
	// Logger records failures. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// Runner runs jobs. Close waits for the running ones.
type Runner struct {
	site  *app.App
	log   *slog.Logger
	clock func() time.Time
	// ctx ends with Close, and stops every job.
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// jobs are the running jobs, or the last ones.
	jobs map[jobKey]*job
}

// jobKey identifies jobs of which only one runs at a time.
type jobKey struct {
	kind      Kind
	directory string
}

// job is one job, running or ended. The mutex of the runner guards its state.
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

// State returns the running or last job of that kind, or nil.
func (r *Runner) State(kind Kind, directory string) *State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j := r.jobs[jobKey{kind, directory}]; j != nil {
		return j.state.clone()
	}
	return nil
}

// Wait waits for the end of this job, even if another one starts later, or for
// that of ctx, and returns its current state: one that is Running continues.
func (r *Runner) Wait(ctx context.Context, job *State) *State {
	select {
	case <-job.job.finished:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return job.job.state.clone()
}

// Close waits for jobs until ctx ends, and then stops them and returns the error
// of ctx. No more jobs start.
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
