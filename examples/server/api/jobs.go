package api

import (
	"context"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
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
	g := operationGroup{api: a, tag: tagUsers, section: app.SectionUsers}
	register(g, operation{
		id: "getWelcomeMails", method: http.MethodGet, path: "/welcome-mails", summary: "Tell how far the welcome mails have come, or how the last run ended",
		description: "Somebody who does not reach everybody is told of single people only after a run of their own.",
		errors:      []int{http.StatusNotFound}, response: exampleWelcomes(),
	}, func(ctx context.Context, _ *struct{}) (*jobOutput, error) {
		return a.latestJob(ctx, jobs.KindWelcome, "")
	})
	register(g, operation{
		id: "sendWelcomeMails", method: http.MethodPost, path: "/welcome-mails", summary: "Send the welcome mail to everybody new",
		description: "To those who are enabled, have no password and were never sent one. It can be run again safely." + jobNote,
		errors:      []int{http.StatusConflict}, accepted: true, response: exampleWelcomes(),
	}, func(ctx context.Context, _ *struct{}) (*jobOutput, error) {
		job, err := a.jobs.StartWelcome(ctx, a.users(ctx))
		if err != nil {
			return nil, err
		}
		return a.waitForJob(ctx, job)
	})
}

// DirectoryPath is the directory that a path names.
type DirectoryPath struct {
	Name string `doc:"The name of the directory." path:"name"`
}

// NewSync says how a directory is to be synced.
type NewSync struct {
	DryRun bool `json:"dry_run,omitempty"`
}

type syncInput struct {
	DirectoryPath
	Body *NewSync
}

func (a *api) registerDirectories() {
	g := operationGroup{api: a, tag: tagDirectories, section: app.SectionUsers}
	register(g, operation{
		id: "listDirectories", method: http.MethodGet, path: "/directories", summary: "List the directories that people come from",
		response: singlePage([]app.DirectoryState{exampleDirectory()}),
	}, a.listDirectories)
	register(g, operation{
		id: "getSync", method: http.MethodGet, path: "/directories/{name}/sync", summary: "Tell how far the sync of a directory has come, or how the last one ended",
		response: exampleSync(),
	}, func(ctx context.Context, input *DirectoryPath) (*jobOutput, error) {
		if err := a.requireUnscoped(ctx); err != nil {
			return nil, err
		}
		return a.latestJob(ctx, jobs.KindSync, input.Name)
	})
	register(g, operation{
		id: "syncDirectory", method: http.MethodPost, path: "/directories/{name}/sync", summary: "Bring the people of a directory up to date, or plan it",
		description: "With dry_run nothing is changed, and the steps say what would be." + jobNote,
		errors:      []int{http.StatusConflict}, accepted: true, optionalBody: true,
		request: map[string]any{"dry_run": true}, response: exampleSync(),
	}, a.syncDirectory)
}

// requireUnscoped refuses visitors who reach some people only: a directory is about
// all of its people.
func (a *api) requireUnscoped(ctx context.Context) error {
	if !a.isScoped(ctx) {
		return nil
	}
	return &store.ForbiddenError{Reason: "directories are for administrators who reach everybody; ask one of them"}
}

func (a *api) listDirectories(ctx context.Context, _ *struct{}) (*listOutput[app.DirectoryState], error) {
	if err := a.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	directories, err := a.app.Directories(ctx)
	if err != nil {
		return nil, err
	}
	return &listOutput[app.DirectoryState]{singlePage(directories)}, nil
}

func (a *api) syncDirectory(ctx context.Context, input *syncInput) (*jobOutput, error) {
	if err := a.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	opts := a.app.Settings.SyncOptions()
	opts.DryRun = input.Body != nil && input.Body.DryRun
	job, err := a.jobs.StartSync(ctx, input.Name, opts)
	if err != nil {
		return nil, err
	}
	return a.waitForJob(ctx, job)
}

// waitForJob waits for the end of a job, for as long as a request may take.
func (a *api) waitForJob(ctx context.Context, job *jobs.State) (*jobOutput, error) {
	wait, cancel := a.waitContext(ctx)
	defer cancel()
	state := a.jobs.Wait(wait, job)
	status := http.StatusOK
	if state.Running() {
		status = http.StatusAccepted
	}
	return &jobOutput{status, a.redactJob(ctx, state)}, ctx.Err()
}

// latestJob tells of the job that is at work, or was last.
func (a *api) latestJob(ctx context.Context, kind jobs.Kind, directory string) (*jobOutput, error) {
	state := a.jobs.State(kind, directory)
	if state == nil {
		return nil, &store.NotFoundError{Kind: "run since the server was started"}
	}
	return &jobOutput{http.StatusOK, a.redactJob(ctx, state)}, nil
}

// redactJob leaves out whom others have sent mails to where the visitor does not
// reach everybody.
func (a *api) redactJob(ctx context.Context, state *jobs.State) *jobs.State {
	shown := *state
	if a.isScoped(ctx) && shown.Actor != a.sessions.Administrator(ctx).Username {
		shown.Welcome = nil
	}
	return &shown
}

func exampleWelcomes() *jobs.State {
	startTime := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &jobs.State{
		Kind: jobs.KindWelcome, Actor: "jane.admin", StartedAt: startTime, EndedAt: startTime.Add(time.Minute), Done: 2, Total: 2,
		Welcome: &userman.WelcomeReport{
			Counts:      map[userman.DeliveryStatus]int{userman.DeliverySent: 1, userman.DeliveryNoAddress: 1},
			Undelivered: []userman.Delivery{{Username: "4002", Status: userman.DeliveryNoAddress, Message: "this person has no primary email; enter one"}},
		},
	}
}

func exampleSync() *jobs.State {
	startTime := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &jobs.State{
		Kind: jobs.KindSync, Directory: "ldap", Actor: "jane.admin", StartedAt: startTime, EndedAt: startTime.Add(time.Second), Done: 1,
		Sync: &userman.SyncReport{
			Directory: "ldap", DryRun: true, Entries: 1,
			Steps:    []userman.SyncStep{{Action: userman.SyncCreate, ExternalID: "e4f1c2", Username: "jane.roe", Fields: []string{"email"}}},
			Problems: []userman.SyncProblem{}, Groups: []string{},
		},
	}
}

func exampleDirectory() app.DirectoryState {
	return app.DirectoryState{
		Name: "ldap", URL: "ldaps://dc1.example.com", BaseDN: "dc=example,dc=com", Users: 42,
		Capabilities: userman.Capabilities{Authenticate: true, Groups: true, Sync: true},
	}
}
