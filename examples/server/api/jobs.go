package api

import (
	"context"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

const tagDirectories = "directories"

// jobNote is said of everything that takes long.
const jobNote = " The answer comes at the end, or is 202 when that takes too long: GET at the same path tells more. The end of the request does not end the job."

type jobOutput struct {
	Status int
	Body   *jobs.State
}

func (a *api) registerWelcomeMails() {
	g := group{api: a, tag: tagPeople, section: site.SectionPeople}
	register(g, operation{
		id: "getWelcomeMails", method: http.MethodGet, path: "/welcome-mails", summary: "Tell how far the welcome mails have come, or how the last run ended",
		description: "Somebody who does not reach everybody is told of single people only after a run of their own.",
		errors:      []int{http.StatusNotFound}, response: exampleWelcomes(),
	}, func(ctx context.Context, _ *struct{}) (*jobOutput, error) {
		return a.jobState(ctx, jobs.Welcome, "")
	})
	register(g, operation{
		id: "sendWelcomeMails", method: http.MethodPost, path: "/welcome-mails", summary: "Send the welcome mail to everybody new",
		description: "To those who are enabled, have no password and were never sent one. It can be run again safely." + jobNote,
		errors:      []int{http.StatusConflict}, accepted: true, response: exampleWelcomes(),
	}, func(ctx context.Context, _ *struct{}) (*jobOutput, error) {
		begun, err := a.jobs.StartWelcome(ctx, a.people(ctx))
		if err != nil {
			return nil, err
		}
		return a.jobEnd(ctx, begun)
	})
}

// DirectoryName is the directory that a path names.
type DirectoryName struct {
	Name string `doc:"The name of the directory." path:"name"`
}

// NewSync says how a directory is to be synced.
type NewSync struct {
	DryRun bool `json:"dry_run,omitempty"`
}

type syncInput struct {
	DirectoryName
	Body *NewSync
}

func (a *api) registerDirectories() {
	g := group{api: a, tag: tagDirectories, section: site.SectionPeople}
	register(g, operation{
		id: "listDirectories", method: http.MethodGet, path: "/directories", summary: "List the directories that people come from",
		response: whole([]site.DirectoryState{exampleDirectory()}),
	}, a.listDirectories)
	register(g, operation{
		id: "getSync", method: http.MethodGet, path: "/directories/{name}/sync", summary: "Tell how far the sync of a directory has come, or how the last one ended",
		response: exampleSync(),
	}, func(ctx context.Context, input *DirectoryName) (*jobOutput, error) {
		if err := a.reachesAll(ctx); err != nil {
			return nil, err
		}
		return a.jobState(ctx, jobs.Sync, input.Name)
	})
	register(g, operation{
		id: "syncDirectory", method: http.MethodPost, path: "/directories/{name}/sync", summary: "Bring the people of a directory up to date, or plan it",
		description: "With dry_run nothing is changed, and the steps say what would be." + jobNote,
		errors:      []int{http.StatusConflict}, accepted: true, optionalBody: true,
		request: map[string]any{"dry_run": true}, response: exampleSync(),
	}, a.syncDirectory)
}

// reachesAll refuses visitors who reach some people only: a directory is about
// all of its people.
func (a *api) reachesAll(ctx context.Context) error {
	if !a.narrowed(ctx) {
		return nil
	}
	return &store.ForbiddenError{Reason: "directories are for administrators who reach everybody; ask one of them"}
}

func (a *api) listDirectories(ctx context.Context, _ *struct{}) (*listOutput[site.DirectoryState], error) {
	if err := a.reachesAll(ctx); err != nil {
		return nil, err
	}
	directories, err := a.site.Directories(ctx)
	if err != nil {
		return nil, err
	}
	return &listOutput[site.DirectoryState]{whole(directories)}, nil
}

func (a *api) syncDirectory(ctx context.Context, input *syncInput) (*jobOutput, error) {
	if err := a.reachesAll(ctx); err != nil {
		return nil, err
	}
	opts := a.site.Settings.SyncOptions()
	opts.DryRun = input.Body != nil && input.Body.DryRun
	begun, err := a.jobs.StartSync(ctx, input.Name, opts)
	if err != nil {
		return nil, err
	}
	return a.jobEnd(ctx, begun)
}

// jobEnd waits for the end of a job, for as long as a request may take.
func (a *api) jobEnd(ctx context.Context, begun *jobs.State) (*jobOutput, error) {
	wait, cancel := a.waiting(ctx)
	defer cancel()
	state := a.jobs.Wait(wait, begun)
	status := http.StatusOK
	if state.Running() {
		status = http.StatusAccepted
	}
	return &jobOutput{status, a.shownJob(ctx, state)}, ctx.Err()
}

// jobState tells of the job that is at work, or was last.
func (a *api) jobState(ctx context.Context, kind jobs.Kind, directory string) (*jobOutput, error) {
	state := a.jobs.State(kind, directory)
	if state == nil {
		return nil, &store.NotFoundError{Kind: "run since the server was started"}
	}
	return &jobOutput{http.StatusOK, a.shownJob(ctx, state)}, nil
}

// shownJob leaves out whom others have sent mails to where the visitor does not
// reach everybody.
func (a *api) shownJob(ctx context.Context, state *jobs.State) *jobs.State {
	shown := *state
	if a.narrowed(ctx) && shown.Actor != a.gate.Visitor(ctx).Username {
		shown.Welcome = nil
	}
	return &shown
}

func exampleWelcomes() *jobs.State {
	began := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &jobs.State{
		Kind: jobs.Welcome, Actor: "jane.admin", StartedAt: began, EndedAt: began.Add(time.Minute), Done: 2, Total: 2,
		Welcome: &userman.WelcomeReport{
			Counts:      map[userman.DeliveryStatus]int{userman.Delivered: 1, userman.NoAddress: 1},
			Undelivered: []userman.Delivery{{Username: "4002", Status: userman.NoAddress, Message: "this person has no primary email; enter one"}},
		},
	}
}

func exampleSync() *jobs.State {
	began := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &jobs.State{
		Kind: jobs.Sync, Directory: "ldap", Actor: "jane.admin", StartedAt: began, EndedAt: began.Add(time.Second), Done: 1,
		Sync: &userman.SyncReport{
			Directory: "ldap", DryRun: true, Seen: 1,
			Steps:    []userman.SyncStep{{Action: userman.SyncCreate, ExternalID: "e4f1c2", Username: "jane.roe", Fields: []string{"email"}}},
			Problems: []userman.SyncProblem{}, Groups: []string{},
		},
	}
}

func exampleDirectory() site.DirectoryState {
	return site.DirectoryState{
		Name: "ldap", URL: "ldaps://dc1.example.com", BaseDN: "dc=example,dc=com", People: 42,
		Abilities: userman.Abilities{Authenticate: true, Groups: true, Sync: true},
	}
}
