package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Schedule says when a directory is synchronized.
type Schedule struct {
	// Interval is the time between the starts of two syncs; 0 for none.
	Interval time.Duration
	// Directory is the name of the directory, and Options are the options of its syncs.
	Directory string
	Options   *userman.SyncOptions
}

// ScheduledSync is the last sync of a [Schedule].
type ScheduledSync struct {
	StartedAt time.Time `json:"started_at"`
	// EndedAt is zero while the sync runs, and if the server ended before the sync.
	EndedAt time.Time `json:"ended_at,omitzero"`
	// Problem is [State].Problem: why the sync failed as a whole, or empty.
	Problem string `json:"problem"`
	// Changes counts the steps of the sync, and Problems the entries that it could not
	// use.
	Changes  int `json:"changes"`
	Problems int `json:"problems"`
}

const (
	scheduleKind = "scheduled sync"
	// scheduleLifetime is how long the last sync is known.
	scheduleLifetime = 400 * 24 * time.Hour
)

// LastScheduledSync returns the last scheduled sync of a directory; nil if there was
// none. It is in st, and so survives a restart.
func LastScheduledSync(ctx context.Context, st store.TTLStore, directory string, now time.Time) (*ScheduledSync, error) {
	value, err := st.Get(ctx, scheduleKind, directory, now)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last := &ScheduledSync{}
	return last, json.Unmarshal(value, last)
}

func putScheduledSync(ctx context.Context, st store.TTLStore, directory string, last *ScheduledSync) error {
	value, err := json.Marshal(last)
	if err != nil {
		return err
	}
	return st.Put(ctx, scheduleKind, directory, value, last.StartedAt.Add(scheduleLifetime))
}

// Next returns the time of the sync after last, which is nil before the first one: the
// zero time then, which means now.
func (s Schedule) Next(last *ScheduledSync) time.Time {
	if last == nil {
		return time.Time{}
	}
	return last.StartedAt.Add(s.Interval)
}

// SyncIfDue synchronizes the directory of a schedule if a sync is due, and waits for its
// end. It returns nil if none is due. Several servers can share st: one of them starts a
// sync. A sync that cannot start, because another one runs, is due again after the
// interval.
func (r *Runner) SyncIfDue(ctx context.Context, st store.TTLStore, schedule Schedule) (*ScheduledSync, error) {
	claimed, err := r.claimSync(ctx, st, schedule)
	if err != nil || claimed == nil {
		return nil, err
	}
	job, err := r.StartSync(ctx, schedule.Directory, schedule.Options)
	if err != nil {
		claimed.Problem = errorMessage(err, "")
	} else {
		state := r.Wait(ctx, job)
		claimed.Problem = state.Problem
		if state.Sync != nil {
			claimed.Changes, claimed.Problems = len(state.Sync.Steps), len(state.Sync.Problems)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	claimed.EndedAt = r.opts.Clock().UTC()
	return claimed, putScheduledSync(ctx, st, schedule.Directory, claimed)
}

// claimSync notes that a sync starts, or returns nil if none is due.
func (r *Runner) claimSync(ctx context.Context, st store.TTLStore, schedule Schedule) (claimed *ScheduledSync, err error) {
	if schedule.Interval <= 0 {
		return nil, nil
	}
	err = st.RunInTx(ctx, func(ctx context.Context) error {
		claimed = nil // this may run more than once
		now := r.opts.Clock().UTC()
		last, err := LastScheduledSync(ctx, st, schedule.Directory, now)
		if err != nil || now.Before(schedule.Next(last)) {
			return err
		}
		claimed = &ScheduledSync{StartedAt: now}
		return putScheduledSync(ctx, st, schedule.Directory, claimed)
	})
	return claimed, err
}

// ScheduleOptions are the options of [Runner.RunSchedule].
type ScheduleOptions struct {
	// Store has the last sync. Required.
	Store store.TTLStore
	// Schedule returns the present schedule. It is called before each check. Required.
	Schedule func() Schedule
	// Interval is the time between two checks. Defaults to a minute.
	Interval time.Duration
}

// RunSchedule starts a sync whenever one is due, one at a time, until ctx ends. The actor
// of ctx is the actor of the syncs.
func (r *Runner) RunSchedule(ctx context.Context, opts *ScheduleOptions) {
	ticker := time.NewTicker(cmp.Or(opts.Interval, time.Minute))
	defer ticker.Stop()
	for {
		if _, err := r.SyncIfDue(ctx, opts.Store, opts.Schedule()); err != nil && ctx.Err() == nil {
			r.opts.Logger.WarnContext(ctx, "the scheduled sync was not recorded", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
