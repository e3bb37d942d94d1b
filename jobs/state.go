package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Kind is a kind of job.
type Kind string

// The kinds of jobs. At a time, one job of the first three can run, one
// KindWelcome, and one KindSync for each directory.
const (
	// KindApply applies the configuration, KindRollback restores its previous
	// generation, and KindRecover completes an interrupted apply.
	KindApply    Kind = "apply"
	KindRollback Kind = "rollback"
	KindRecover  Kind = "recover"
	// KindWelcome sends welcome emails to all new users.
	KindWelcome Kind = "welcome"
	// KindSync synchronizes the users of a directory.
	KindSync Kind = "sync"
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
	// Done and Total are the progress of a KindWelcome or a KindSync. Total is 0
	// when it is unknown.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Problem says why the job failed as a whole: a domain error, or why the
	// directory cannot be read. For other failures it refers to the log of the
	// server.
	Problem string `json:"problem"`
	// Welcome and Sync are the results, once the job has ended. They never
	// change.
	Welcome *userman.WelcomeReport `json:"welcome,omitempty"`
	Sync    *userman.SyncReport    `json:"sync,omitempty"`

	// Steps are the progress of the other kinds: the steps that have started.
	// Report is the result of an apply or a rollback, and Recovery that of a
	// recovery.
	Steps    []asteriskconf.Progress `json:"-"`
	Report   *asteriskconf.Report    `json:"-"`
	Recovery *asteriskconf.Recovery  `json:"-"`
	// Err is the error of a failed job, with all details, and Hint its hint.
	Err  error  `json:"-"`
	Hint string `json:"-"`

	job *job
}

// Running reports whether the job is in progress.
func (s *State) Running() bool { return s != nil && s.EndedAt.IsZero() }

// Remaining estimates the time until the job ends, from what it has done so far. It is 0 when
// it is unknown.
func (s *State) Remaining(now time.Time) time.Duration {
	if !s.Running() || s.Done <= 0 || s.Total <= s.Done {
		return 0
	}
	return time.Duration(float64(now.Sub(s.StartedAt)) / float64(s.Done) * float64(s.Total-s.Done))
}

func (s *State) clone() *State {
	c := *s
	c.Steps = slices.Clone(s.Steps)
	return &c
}

// errorMessage is the message of an error for administrators: the text of domain
// errors and of directory errors, with the hint. It hides other errors, which are
// logged.
func errorMessage(err error, hint string) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "the server was stopped before the job ended; start it again"
	case errors.Is(err, errInternal):
		return errInternal.Error()
	case !isDomainError(err):
		return "the server failed; see its log"
	}
	if hint != "" {
		return err.Error() + ". " + hint
	}
	return err.Error()
}

// isDomainError reports whether err is an error of the services or of a
// directory.
func isDomainError(err error) bool {
	if _, isDirectoryErr := errors.AsType[*userman.DirectoryError](err); isDirectoryErr {
		return true
	}
	return slices.ContainsFunc([]error{
		store.ErrNotFound, store.ErrAlreadyExists, store.ErrConflict, store.ErrInUse, store.ErrInvalid, store.ErrForbidden, store.ErrRateLimited, store.ErrBusy,
	}, func(target error) bool { return errors.Is(err, target) })
}
