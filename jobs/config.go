package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
)

const configSlot slot = "config"

// configTimeout bounds a run of the configuration, so that an unresponsive Asterisk
// does not block all later runs.
const configTimeout = 10 * time.Minute

// configDir is the part of asteriskconf.ConfigDir that a runner uses.
type configDir interface {
	Apply(ctx context.Context) (*asteriskconf.Report, error)
	Rollback(ctx context.Context) (*asteriskconf.Report, error)
	Recover(ctx context.Context) (*asteriskconf.Recovery, error)
	Status(ctx context.Context) (*asteriskconf.Status, error)
	Plan(ctx context.Context) (*asteriskconf.Plan, error)
}

// configOpener opens the configuration folder for a run that reports its progress,
// or with a nil progress only to read the files. closeFn ends the connection to
// Asterisk.
type configOpener func(ctx context.Context, progress func(asteriskconf.Progress)) (dir configDir, closeFn func(), err error)

// LastConfig returns the running or last KindApply, KindRollback or KindRecover, or
// nil.
func (r *Runner) LastConfig() *State { return r.last(configSlot) }

// StartConfig starts a KindApply, KindRollback or KindRecover. It returns a
// [store.ConflictError] when one of them is running. The job runs as
// the actor of ctx, and continues when ctx ends.
func (r *Runner) StartConfig(ctx context.Context, kind Kind) (*State, error) {
	if !slices.Contains([]Kind{KindApply, KindRollback, KindRecover}, kind) {
		return nil, store.NewInvalidError(store.FieldError{Field: "operation", Code: store.CodeOneOf, Message: "choose apply, rollback or recover"})
	}
	return r.start(ctx, configSlot, State{Kind: kind, Steps: []asteriskconf.Progress{}}, func(ctx context.Context, update updateFunc) error {
		// Close does not stop it: the configuration must not end up half applied.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), configTimeout)
		defer cancel()
		defer r.InvalidateStatus()
		err := r.recoverPanic(ctx, func() error { return r.runConfig(ctx, kind, update) })
		if errors.Is(err, errInternal) {
			r.recordFailure(ctx, kind, err)
		}
		return err
	})
}

func (r *Runner) runConfig(ctx context.Context, kind Kind, update updateFunc) error {
	dir, closeFn, err := r.open(ctx, func(p asteriskconf.Progress) {
		update(func(s *State) { s.addStep(p) })
	})
	if err != nil {
		r.recordFailure(ctx, kind, err)
		return err
	}
	defer closeFn()
	var report *asteriskconf.Report
	var recovery *asteriskconf.Recovery
	switch kind {
	case KindRollback:
		report, err = dir.Rollback(ctx)
	case KindRecover:
		recovery, err = dir.Recover(ctx)
	default:
		report, err = dir.Apply(ctx)
	}
	update(func(s *State) { s.Report, s.Recovery = report, recovery })
	return err
}

func (s *State) addStep(p asteriskconf.Progress) {
	// The folder reports the login again: both are one step.
	if len(s.Steps) == 0 || s.Steps[len(s.Steps)-1] != p {
		s.Steps = append(s.Steps, p)
	}
}

// recordFailure records in the audit log that a run failed outside of the folder,
// which records all other failures.
func (r *Runner) recordFailure(ctx context.Context, kind Kind, err error) {
	r.opts.Audit.RecordFailure(ctx, r.opts.Host().AuditEvent(string(kind)), err)
}

// Plan returns what an apply would change. It reads the files, and asks Asterisk only
// for the AMI accounts that a program prints. Errors are those of asteriskconf.ConfigDir.Plan, and
// fs.ErrNotExist when there is no configuration folder.
func (r *Runner) Plan(ctx context.Context) (*asteriskconf.Plan, error) {
	dir, closeFn, err := r.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer closeFn()
	return dir.Plan(ctx)
}

// openConfigDir opens the configuration folder, for a run with an AMI client of its
// own.
func (r *Runner) openConfigDir(ctx context.Context, progress func(asteriskconf.Progress)) (dir configDir, closeFn func(), err error) {
	if progress == nil {
		dir, err = r.opts.Host().ConfigDir(nil, nil)
		return dir, func() {}, err
	}
	if address, err := r.opts.Host().Address(); err != nil || address != asterisk.None {
		progress(asteriskconf.Progress{Step: asteriskconf.StepConnect})
	}
	client, err := r.opts.Host().Dial(ctx, "")
	if err != nil {
		return nil, nil, &asteriskconf.ApplyError{Step: asteriskconf.StepConnect, Err: err}
	}
	closeFn = func() {
		if client != nil {
			_ = client.Close()
		}
	}
	if dir, err = r.opts.Host().ConfigDir(client, progress); err != nil {
		closeFn()
		return nil, nil, err
	}
	return dir, closeFn, nil
}
