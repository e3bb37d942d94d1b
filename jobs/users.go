package jobs

import (
	"context"

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
