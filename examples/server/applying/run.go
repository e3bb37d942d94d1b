package applying

import (
	"context"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
)

// Act is what a run does.
type Act string

// The acts.
const (
	Apply    Act = "apply"
	Rollback Act = "rollback"
	Recover  Act = "recover"

	// look changes nothing.
	look Act = ""
)

// maxRun bounds a run, so that an Asterisk that hangs does not keep all later
// ones from beginning.
const maxRun = 10 * time.Minute

// Run is one apply, finished or not.
type Run struct {
	Act       Act       `json:"act"`
	StartedBy string    `json:"started_by"`
	StartedAt time.Time `json:"started_at"`
	// Steps are those begun so far.
	Steps []asteriskconf.Progress `json:"steps"`
	Done  bool                    `json:"done"`
	// Report of an apply or a roll back that went well, Recovery of a
	// recovery, Err and WayOut of what failed. Set when Done.
	Report   *asteriskconf.Report   `json:"report,omitempty"`
	Recovery *asteriskconf.Recovery `json:"recovery,omitempty"`
	Err      error                  `json:"-"`
	WayOut   string                 `json:"-"`

	// ended is closed when Done is set.
	ended chan struct{}
}

// Start begins an act, with the actor of ctx, whose end does not end the run.
// A store.ConflictError when one is at work already.
func (r *Runner) Start(ctx context.Context, act Act, by string) error {
	_, err := r.begin(ctx, act, by)
	return err
}

// Run begins an act as Start does, and waits for the end of that run, or for
// that of ctx. It returns a copy of the run: one that is not Done goes on.
func (r *Runner) Run(ctx context.Context, act Act, by string) (*Run, error) {
	run, err := r.begin(ctx, act, by)
	if err != nil {
		return nil, err
	}
	return r.wait(ctx, run), nil
}

func (r *Runner) wait(ctx context.Context, run *Run) *Run {
	select {
	case <-run.ended:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return run.clone()
}

func (r *Runner) begin(ctx context.Context, act Act, by string) (*Run, error) {
	if act != Apply && act != Rollback && act != Recover {
		return nil, store.Invalid(store.FieldError{Field: "act", Code: "oneof", Message: "choose apply, rollback or recover"})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return nil, errStopping()
	case r.run != nil && !r.run.Done:
		return nil, &store.ConflictError{Reason: "another run is at work; wait for its end"}
	}
	run := &Run{Act: act, StartedBy: by, StartedAt: r.clock().UTC(), Steps: []asteriskconf.Progress{}, ended: make(chan struct{})}
	r.run = run
	r.work.Go(func() { r.carryOut(context.WithoutCancel(ctx), run) })
	return run, nil
}

func errStopping() error {
	return &store.ConflictError{Reason: "the server is stopping; try again when it runs"}
}

// carryOut is a run from its beginning to its end.
func (r *Runner) carryOut(ctx context.Context, run *Run) {
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	result := r.do(ctx, run)
	r.Changed()
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Report, run.Recovery, run.Err = result.Report, result.Recovery, result.Err
	if result.Err != nil {
		run.WayOut = site.WayOut(result.Err)
	}
	run.Done = true
	close(run.ended)
}

// do returns the result of a run.
func (r *Runner) do(ctx context.Context, run *Run) (result Run) {
	defer r.survive(ctx, func(err error) {
		r.keepFailure(ctx, run.Act, err)
		result = Run{Err: err}
	})
	f, closing, err := r.open(ctx, run.Act, func(p asteriskconf.Progress) { r.progress(run, p) })
	if err != nil {
		return Run{Err: err}
	}
	defer closing()
	switch run.Act {
	case Rollback:
		result.Report, result.Err = f.Rollback(ctx)
	case Recover:
		result.Recovery, result.Err = f.Recover(ctx)
	default:
		result.Report, result.Err = f.Apply(ctx)
	}
	return result
}

func (r *Runner) progress(run *Run, p asteriskconf.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The login here and the first question of the folder are one step.
	if len(run.Steps) == 0 || run.Steps[len(run.Steps)-1] != p {
		run.Steps = append(run.Steps, p)
	}
}

// Last returns a copy of the run at work, or else of the last one; nil when
// there was none since the start of the program.
func (r *Runner) Last() *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.run == nil {
		return nil
	}
	return r.run.clone()
}

func (run *Run) clone() *Run {
	c := *run
	c.Steps = slices.Clone(run.Steps)
	return &c
}
