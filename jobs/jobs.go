// Package jobs runs long operations in the background of a server, independent of the
// request that started them, and reports their progress: applies, rollbacks and
// recoveries of the configuration, syncs of directories, and welcome mails. Jobs that
// would disturb each other run one at a time. The package also caches the state of the
// configuration folder, which some of the jobs change.
//
// A job has the actor of the context that started it, in its [State] and in the audit
// log. [Runner.Wait] waits for its end; [Runner.LastConfig], [Runner.LastSync] and
// [Runner.LastWelcome] return its progress at any time. [Runner.Close] ends a server
// without leaving a configuration half applied.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// Options of [New].
type Options struct {
	// Host returns the Asterisk whose configuration is applied. It is called at each
	// use. Required for [Runner.StartConfig], [Runner.Status] and [Runner.Plan].
	Host func() *asterisk.Host
	// Users are the users of directories. Required for [Runner.StartSync].
	Users *userman.Service
	// Audit records runs of the configuration that fail before they start; the
	// services record everything else. Defaults to no audit log.
	Audit *audit.Log
	// Hint returns one sentence on what to do about the error of a job, or "".
	// Defaults to none.
	Hint func(error) string
	// Logger records failures. Defaults to none.
	Logger *slog.Logger
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
}

// Runner runs jobs. Close waits for the running ones.
type Runner struct {
	opts Options // with the defaults filled in
	open configOpener
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

// New returns a runner. It starts nothing.
func New(opts *Options) *Runner {
	if opts == nil {
		opts = &Options{}
	}
	r := &Runner{opts: *opts, jobs: map[slot]*job{}}
	if r.opts.Hint == nil {
		r.opts.Hint = func(error) string { return "" }
	}
	if r.opts.Logger == nil {
		r.opts.Logger = slog.New(slog.DiscardHandler)
	}
	if r.opts.Clock == nil {
		r.opts.Clock = time.Now
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
	j.state.Actor, j.state.StartedAt, j.state.job = actor.Name, r.opts.Clock().UTC(), j
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
		r.opts.Logger.WarnContext(ctx, "a job failed", "job", string(j.state.Kind), "directory", j.state.Directory, "error", err)
	}
	hint := ""
	if err != nil {
		hint = r.opts.Hint(err)
	}
	update(func(s *State) {
		s.Err, s.Hint, s.Problem, s.EndedAt = err, hint, errorMessage(err, hint), r.opts.Clock().UTC()
	})
	close(j.finished)
}

// errInternal hides the details of a panic.
var errInternal = errors.New("an internal error ended this; see the log of the server")

// recoverPanic runs fn, and turns a panic into errInternal.
func (r *Runner) recoverPanic(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			r.opts.Logger.ErrorContext(ctx, "internal error", "panic", recovered, "stack", string(debug.Stack()))
			err = errInternal
		}
	}()
	return fn()
}
