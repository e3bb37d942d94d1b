package jobs

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
)

// State is the progress of a job, or the result of the last one.
type State struct {
	Kind Kind `json:"kind"`
	// Directory is the name of the directory of a KindSync.
	Directory string `json:"directory,omitempty"`
	// Actor is the administrator who started it.
	Actor     string    `json:"actor"`
	StartedAt time.Time `json:"started_at"`
	// EndedAt is zero while the job runs.
	EndedAt time.Time `json:"ended_at,omitzero"`
	Done    int       `json:"done"`
	// Total is 0 when it is unknown.
	Total int `json:"total"`
	// Problem says why the job failed as a whole: a domain error, or why the
	// directory cannot be read. For other failures it refers to the log of the
	// server.
	Problem string `json:"problem"`
	// Welcome and Sync are the results, once the job has ended. They never
	// change.
	Welcome *userman.WelcomeReport `json:"welcome,omitempty"`
	Sync    *userman.SyncReport    `json:"sync,omitempty"`

	job *job
}

// Running reports whether the job is in progress.
func (s *State) Running() bool { return s != nil && s.EndedAt.IsZero() }

func (s *State) clone() *State {
	c := *s
	return &c
}
