package app

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/jobs"
)

// Schedule returns the present schedule of the syncs.
func (s *App) Schedule() jobs.Schedule {
	current := s.Current()
	directory, err := s.Users.Directories().Default()
	if err != nil {
		return jobs.Schedule{} // there is no directory
	}
	return jobs.Schedule{Interval: current.LDAP.SyncInterval, Directory: directory.Name(), Options: current.SyncOptions()}
}

// SyncSchedule is the schedule of the syncs of the directory.
type SyncSchedule struct {
	// Next is the time of the next sync; zero means now.
	Next time.Time
	// Last is the last scheduled sync; nil before the first one.
	Last *jobs.ScheduledSync
}

// SyncSchedule returns the schedule at a time; nil if there are no scheduled syncs.
func (s *App) SyncSchedule(ctx context.Context, now time.Time) (*SyncSchedule, error) {
	schedule := s.Schedule()
	if schedule.Interval == 0 {
		return nil, nil
	}
	last, err := jobs.LastScheduledSync(ctx, s.TTLStore, schedule.Directory, now)
	if err != nil {
		return nil, err
	}
	return &SyncSchedule{Next: schedule.Next(last), Last: last}, nil
}
