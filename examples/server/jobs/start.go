package jobs

import (
	"context"
	"runtime/debug"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// StartWelcome sends the welcome mail to everybody new whom people reaches. A
// [store.ConflictError] when that is at work already. The actor of ctx is that
// of the job; ctx may end.
func (r *Runner) StartWelcome(ctx context.Context, people *userman.Service) (*State, error) {
	return r.start(ctx, key{kind: Welcome}, func(ctx context.Context, tell func(func(*State))) error {
		report, err := people.SendWelcomes(ctx, func(p userman.WelcomeProgress) {
			tell(func(s *State) { s.Done, s.Total = p.Done, p.Total })
		})
		tell(func(s *State) { s.Welcome = report })
		return err
	})
}

// StartSync syncs a directory. nil opts are those of the settings. A
// [store.NotFoundError] when there is none of that name, and a
// [store.ConflictError] when it is at work already.
func (r *Runner) StartSync(ctx context.Context, directory string, opts *userman.SyncOptions) (*State, error) {
	if err := r.site.HasDirectory(directory); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = r.site.Settings.SyncOptions()
	}
	own := *opts
	return r.start(ctx, key{Sync, directory}, func(ctx context.Context, tell func(func(*State))) error {
		own.Progress = func(done int) {
			tell(func(s *State) { s.Done = done })
			if opts.Progress != nil {
				opts.Progress(done)
			}
		}
		report, err := r.site.People.Sync(ctx, directory, &own)
		tell(func(s *State) { s.Sync = report })
		return err
	})
}

// work is what a job does. It changes the state of the job with tell, at any
// time.
type work func(ctx context.Context, tell func(func(*State))) error

// start begins a job by the actor of ctx, whose end does not end it.
func (r *Runner) start(ctx context.Context, k key, do work) (*State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch last := r.jobs[k]; {
	case r.closed:
		return nil, &store.ConflictError{Reason: "the server is stopping; try again when it runs"}
	case last != nil && last.state.Running():
		return nil, &store.ConflictError{Reason: "this is at work already; wait for its end"}
	}
	actor := audit.ActorOf(ctx)
	j := &job{
		state: State{Kind: k.kind, Directory: k.directory, Actor: actor.Name, StartedAt: r.clock().UTC()},
		ended: make(chan struct{}),
	}
	j.state.job = j
	r.jobs[k] = j
	// Nothing else of ctx goes along: what it holds may end with the request.
	r.work.Go(func() { r.carryOut(audit.WithActor(r.stopping, actor), j, do) }) //nolint:contextcheck // a job outlives the request
	return j.state.clone(), nil
}

// carryOut is a job from its beginning to its end.
func (r *Runner) carryOut(ctx context.Context, j *job, do work) {
	err := r.survive(ctx, j, do)
	if err != nil {
		r.log.WarnContext(ctx, "a job failed", "job", string(j.state.Kind), "directory", j.state.Directory, "error", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	j.state.Problem = problem(err)
	j.state.EndedAt = r.clock().UTC()
	close(j.ended)
}

// survive does the work, and has a mistake in the program fail it in the place
// of ending the server.
func (r *Runner) survive(ctx context.Context, j *job, do work) (err error) {
	defer func() {
		if mistake := recover(); mistake != nil {
			r.log.ErrorContext(ctx, "a mistake in the program", "panic", mistake, "stack", string(debug.Stack()))
			err = errMistake
		}
	}()
	return do(ctx, func(change func(*State)) {
		r.mu.Lock()
		defer r.mu.Unlock()
		change(&j.state)
	})
}
