// Package jobs runs long operations in the background, independent of the request
// that started them, and reports their progress. Jobs that would disturb each other
// run one at a time. The package also caches the state of the configuration folder,
// which some of the jobs change.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
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
	open  configOpener
	// ctx ends with Close, and stops the jobs that can be stopped.
	ctx    context.Context
	cancel context.CancelFunc
	// background counts the running jobs and the running check of the status.
	background sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// jobs are the running jobs, or the last ones.
	jobs   map[slot]*job
	status statusCache
}

// slot names a group of jobs of which only one runs at a time.
type slot string

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
	r := &Runner{site: s, log: opts.Logger, clock: opts.Clock, jobs: map[slot]*job{}}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.clock == nil {
		r.clock = time.Now
	}
	r.open = r.openConfigDir
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// last returns the state of the running or last job, or nil.
func (r *Runner) last(in slot) *State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j := r.jobs[in]; j != nil {
		return j.state.clone()
	}
	return nil
}

// Wait waits for the end of this job, even if another one starts later, or of ctx.
// It returns the current state of the job: one that is Running continues.
func (r *Runner) Wait(ctx context.Context, job *State) *State {
	select {
	case <-job.job.finished:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return job.job.state.clone()
}

// Close waits for jobs. When ctx ends first, it stops all jobs but a run of the
// configuration, waits for that, and returns the error of ctx. No more jobs start.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	notEnded := context.AfterFunc(ctx, r.cancel)
	r.background.Wait()
	if !notEnded() {
		return ctx.Err()
	}
	r.cancel()
	return nil
}

// updateFunc changes the state of a job.
type updateFunc func(change func(*State))

// workFunc does the work of a job.
type workFunc func(ctx context.Context, update updateFunc) error

// start starts a job with the actor of ctx. It returns a [store.ConflictError] when
// the slot is in use. The job continues when ctx ends.
func (r *Runner) start(ctx context.Context, in slot, initial State, work workFunc) (*State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch last := r.jobs[in]; {
	case r.closed:
		return nil, errShuttingDown()
	case last != nil && last.state.Running():
		return nil, &store.ConflictError{Reason: "another run is in progress; wait until it ends"}
	}
	actor := audit.ActorFromContext(ctx)
	j := &job{state: initial, finished: make(chan struct{})}
	j.state.Actor, j.state.StartedAt, j.state.job = actor.Name, r.clock().UTC(), j
	r.jobs[in] = j
	// No other value of ctx is passed on: it may end with the request.
	r.background.Go(func() { r.execute(audit.WithActor(r.ctx, actor), j, work) }) //nolint:contextcheck // a job outlives the request
	return j.state.clone(), nil
}

func errShuttingDown() error {
	return &store.ConflictError{Reason: "the server is shutting down; retry later"}
}

// execute runs a job.
func (r *Runner) execute(ctx context.Context, j *job, work workFunc) {
	update := func(change func(*State)) {
		r.mu.Lock()
		defer r.mu.Unlock()
		change(&j.state)
	}
	err := r.recoverPanic(ctx, func() error { return work(ctx, update) })
	if err != nil {
		r.log.WarnContext(ctx, "a job failed", "job", string(j.state.Kind), "directory", j.state.Directory, "error", err)
	}
	update(func(s *State) { s.Err, s.Problem, s.EndedAt = err, errorMessage(err), r.clock().UTC() })
	close(j.finished)
}

// errInternal hides the details of a panic.
var errInternal = errors.New("an internal error ended this; see the log of the server")

// recoverPanic runs fn, and turns a panic into errInternal.
func (r *Runner) recoverPanic(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			r.log.ErrorContext(ctx, "internal error", "panic", recovered, "stack", string(debug.Stack()))
			err = errInternal
		}
	}()
	return fn()
}
