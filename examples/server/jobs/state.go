package jobs

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
)

// State is how far a job has come, or what came of the last one.
type State struct {
	Kind Kind `json:"kind"`
	// Directory is that of a Sync.
	Directory string `json:"directory,omitempty"`
	// Actor is the administrator who began it.
	Actor     string    `json:"actor"`
	StartedAt time.Time `json:"started_at"`
	// EndedAt is zero while it is at work.
	EndedAt time.Time `json:"ended_at,omitzero"`
	Done    int       `json:"done"`
	// Total is 0 when it is not known.
	Total int `json:"total"`
	// Problem says why it failed as a whole, and what to do: the refusal, or
	// why the directory cannot be read; of any other failure, that the log of
	// the server says more.
	Problem string `json:"problem"`
	// Welcome and Sync are what came of it, once it has ended; nobody changes
	// them.
	Welcome *userman.WelcomeReport `json:"welcome,omitempty"`
	Sync    *userman.SyncReport    `json:"sync,omitempty"`

	job *job
}

// Running reports whether the job is at work.
func (s *State) Running() bool { return s != nil && s.EndedAt.IsZero() }

func (s *State) clone() *State {
	c := *s
	return &c
}
