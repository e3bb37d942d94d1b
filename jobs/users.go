package jobs

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

const welcomeSlot = slot(KindWelcome)

func syncSlot(directory string) slot { return slot(KindSync) + " " + slot(directory) }

// LastWelcome returns the running or last KindWelcome, or nil.
func (r *Runner) LastWelcome() *State { return r.last(welcomeSlot) }

// LastSync returns the running or last KindSync of a directory, or nil.
func (r *Runner) LastSync(directory string) *State { return r.last(syncSlot(directory)) }

// StartWelcome sends welcome emails to all new users in the scope of users. It
// returns a [store.ConflictError] when such a job is running. The actor of ctx is
// that of the job, which continues when ctx ends.
func (r *Runner) StartWelcome(ctx context.Context, users *userman.Service) (*State, error) {
	return r.start(ctx, welcomeSlot, State{Kind: KindWelcome}, func(ctx context.Context, update updateFunc) error {
		report, err := users.Mails().SendPendingWelcomes(ctx, func(p userman.WelcomeProgress) {
			update(func(s *State) { s.Done, s.Total = p.Done, p.Total })
		})
		update(func(s *State) { s.Welcome = report })
		return err
	})
}

// InScope returns the state for an administrator who may see the users in the scope of
// users now: without the undelivered mails to other users, and with the report of a sync
// only if no user is out of scope.
func (s *State) InScope(ctx context.Context, users *userman.Service) (*State, error) {
	access, err := users.Access(ctx)
	if err != nil {
		return nil, err
	}
	if access.Scope().IsUnrestricted() {
		return s, nil
	}
	shown := s.clone()
	shown.Sync = nil
	if s.Welcome == nil {
		return shown, nil
	}
	report := *s.Welcome
	report.Undelivered = []userman.Delivery{}
	for _, d := range s.Welcome.Undelivered {
		switch _, err := access.UserByID(ctx, d.UserID); {
		case err == nil:
			report.Undelivered = append(report.Undelivered, d)
		case !errors.Is(err, store.ErrForbidden) && !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	shown.Welcome = &report
	return shown, nil
}

// StartSync synchronizes a directory. opts can be nil. It
// returns a [store.NotFoundError] when there is no directory of that name, and a
// [store.ConflictError] when it is being synchronized.
func (r *Runner) StartSync(ctx context.Context, directory string, opts *userman.SyncOptions) (*State, error) {
	if _, err := r.opts.Users.Directories().Get(directory); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &userman.SyncOptions{}
	}
	syncOpts := *opts
	return r.start(ctx, syncSlot(directory), State{Kind: KindSync, Directory: directory}, func(ctx context.Context, update updateFunc) error {
		syncOpts.Progress = func(done int) {
			update(func(s *State) { s.Done = done })
			if opts.Progress != nil {
				opts.Progress(done)
			}
		}
		report, err := r.opts.Users.Sync(ctx, directory, &syncOpts)
		update(func(s *State) { s.Sync = report })
		return err
	})
}
