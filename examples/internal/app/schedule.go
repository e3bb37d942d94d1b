package app

import (
	"context"
	"time"
)

// SyncSchedule is the schedule of the syncs of the directory.
type SyncSchedule struct {
	Interval time.Duration
	// Next is the time of the next sync, in the past if it is due.
	Next time.Time
	// Last is the last scheduled sync; nil before the first one.
	Last *ScheduledSync
}

// ScheduledSync is the result of a scheduled sync.
type ScheduledSync struct {
	StartedAt time.Time `json:"started_at"`
	// Problem says why the sync failed as a whole; empty on success.
	Problem string `json:"problem"`
	// Changes counts the users that it changed, and Problems the entries with problems.
	Changes  int `json:"changes"`
	Problems int `json:"problems"`
}

// SyncSchedule returns the schedule, nil if there are no scheduled syncs.
func (s *App) SyncSchedule(context.Context) (*SyncSchedule, error) { return nil, nil }
