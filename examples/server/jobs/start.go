package jobs

import (
	"context"
	"runtime/debug"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// StartWelcome sends welcome emails to all new users in the scope of users. It
// returns a [store.ConflictError] when such a job is running. The actor of ctx is
// that of the job, which continues when ctx ends.
func (r *Runner) StartWelcome(ctx context.Context, users *userman.Service) (*State, error) {
	return r.start(ctx, jobKey{kind: KindWelcome}, func(ctx context.Context, update func(func(*State))) error {
		report, err := users.SendPendingWelcomes(ctx, func(p userman.WelcomeProgress) {
			update(func(s *State) { s.Done, s.Total = p.Done, p.Total })
		})
		update(func(s *State) { s.Welcome = report })
		return err
	})
}

// StartSync synchronizes a directory. nil opts are those of the settings. It
// returns a [store.NotFoundError] when there is no directory of that name, and a
// [store.ConflictError] when it is being synchronized.
func (r *Runner) StartSync(ctx context.Context, directory string, opts *userman.SyncOptions) (*State, error) {
	if err := r.site.RequireDirectory(directory); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = r.site.Settings.SyncOptions()
	}
	syncOpts := *opts
	return r.start(ctx, jobKey{KindSync, directory}, func(ctx context.Context, update func(func(*State))) error {
		syncOpts.Progress = func(done int) {
			update(func(s *State) { s.Done = done })
			if opts.Progress != nil {
				opts.Progress(done)
			}
		}
		report, err := r.site.Users.Sync(ctx, directory, &syncOpts)
		update(func(s *State) { s.Sync = report })
		return err
	})
}

// jobFunc does the work of a job. It changes the state with tell, at any time.
type jobFunc func(ctx context.Context, tell func(func(*State))) error

// start starts a job with the actor of ctx; the job continues when ctx ends.
func (r *Runner) start(ctx context.Context, k jobKey, fn jobFunc) (*State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch last := r.jobs[k]; {
	case r.closed:
		return nil, &store.ConflictError{Reason: "the server is stopping; try again when it runs"}
	case last != nil && last.state.Running():
		return nil, &store.ConflictError{Reason: "this is at work already; wait for its end"}
	}
	actor := audit.ActorFromContext(ctx)
	j := &job{
		state:    State{Kind: k.kind, Directory: k.directory, Actor: actor.Name, StartedAt: r.clock().UTC()},
		finished: make(chan struct{}),
	}
	j.state.job = j
	r.jobs[k] = j
	// No other value of ctx is passed on: it may end with the request.
	r.background.Go(func() { r.execute(audit.WithActor(r.ctx, actor), j, fn) }) //nolint:contextcheck // a job outlives the request
	return j.state.clone(), nil
}

// execute runs a job.
func (r *Runner) execute(ctx context.Context, j *job, fn jobFunc) {
	err := r.recoverPanic(ctx, j, fn)
	if err != nil {
		r.log.WarnContext(ctx, "a job failed", "job", string(j.state.Kind), "directory", j.state.Directory, "error", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	j.state.Problem = errorMessage(err)
	j.state.EndedAt = r.clock().UTC()
	close(j.finished)
}

// recoverPanic runs fn, and turns a panic into an error.
func (r *Runner) recoverPanic(ctx context.Context, j *job, fn jobFunc) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			r.log.ErrorContext(ctx, "a mistake in the program", "panic", recovered, "stack", string(debug.Stack()))
			err = errInternal
		}
	}()
	return fn(ctx, func(change func(*State)) {
		r.mu.Lock()
		defer r.mu.Unlock()
		change(&j.state)
	})
}
