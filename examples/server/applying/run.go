package applying

import (
	"context"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// Operation is the kind of a run.
type Operation string

// The operations.
const (
	Apply    Operation = "apply"
	Rollback Operation = "rollback"
	Recover  Operation = "recover"

	// readOnly changes nothing.
	readOnly Operation = ""
)

// runTimeout bounds a run, so that an unresponsive Asterisk does not block all
// later runs.
const runTimeout = 10 * time.Minute

// Run is one apply, in progress or done.
type Run struct {
	Operation Operation `json:"operation"`
	StartedBy string    `json:"started_by"`
	StartedAt time.Time `json:"started_at"`
	// Steps are the steps that have started.
	Steps []asteriskconf.Progress `json:"steps"`
	Done  bool                    `json:"done"`
	// Report is the result of an apply or a rollback that succeeded, and Recovery
	// that of a recovery. Err and Hint describe a failure. They are set when
	// Done.
	Report   *asteriskconf.Report   `json:"report,omitempty"`
	Recovery *asteriskconf.Recovery `json:"recovery,omitempty"`
	Err      error                  `json:"-"`
	Hint     string                 `json:"-"`

	// finished is closed when Done is set.
	finished chan struct{}
}

// Start starts an operation with the actor of ctx; the run continues when ctx
// ends. It returns a store.ConflictError when a run is in progress.
func (r *Runner) Start(ctx context.Context, op Operation, by string) error {
	_, err := r.startRun(ctx, op, by)
	return err
}

// Run starts an operation like Start, and waits for its end or that of ctx. It
// returns a copy of the run: one that is not Done continues.
func (r *Runner) Run(ctx context.Context, op Operation, by string) (*Run, error) {
	run, err := r.startRun(ctx, op, by)
	if err != nil {
		return nil, err
	}
	return r.wait(ctx, run), nil
}

func (r *Runner) wait(ctx context.Context, run *Run) *Run {
	select {
	case <-run.finished:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return run.clone()
}

func (r *Runner) startRun(ctx context.Context, op Operation, by string) (*Run, error) {
	if op != Apply && op != Rollback && op != Recover {
		return nil, store.NewInvalidError(store.FieldError{Field: "operation", Code: store.CodeOneOf, Message: "choose apply, rollback or recover"})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return nil, errShuttingDown()
	case r.run != nil && !r.run.Done:
		return nil, &store.ConflictError{Reason: "another run is at work; wait for its end"}
	}
	run := &Run{Operation: op, StartedBy: by, StartedAt: r.clock().UTC(), Steps: []asteriskconf.Progress{}, finished: make(chan struct{})}
	r.run = run
	r.background.Go(func() { r.execute(context.WithoutCancel(ctx), run) })
	return run, nil
}

func errShuttingDown() error {
	return &store.ConflictError{Reason: "the server is stopping; try again when it runs"}
}

// execute runs an operation.
func (r *Runner) execute(ctx context.Context, run *Run) {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	result := r.runOperation(ctx, run)
	r.InvalidateStatus()
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Report, run.Recovery, run.Err = result.Report, result.Recovery, result.Err
	if result.Err != nil {
		run.Hint = app.Hint(result.Err)
	}
	run.Done = true
	close(run.finished)
}

// runOperation returns the result of an operation.
func (r *Runner) runOperation(ctx context.Context, run *Run) (result Run) {
	defer r.recoverPanic(ctx, func(err error) {
		r.recordFailure(ctx, run.Operation, err)
		result = Run{Err: err}
	})
	f, closeFn, err := r.open(ctx, run.Operation, func(p asteriskconf.Progress) { r.addStep(run, p) })
	if err != nil {
		return Run{Err: err}
	}
	defer closeFn()
	switch run.Operation {
	case Rollback:
		result.Report, result.Err = f.Rollback(ctx)
	case Recover:
		result.Recovery, result.Err = f.Recover(ctx)
	default:
		result.Report, result.Err = f.Apply(ctx)
	}
	return result
}

func (r *Runner) addStep(run *Run, p asteriskconf.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The folder reports the login again: both are one step.
	if len(run.Steps) == 0 || run.Steps[len(run.Steps)-1] != p {
		run.Steps = append(run.Steps, p)
	}
}

// Last returns a copy of the run in progress, or of the last one; nil when there
// was none since the start of the program.
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
