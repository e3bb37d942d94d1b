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

// jobNote describes operations that can take long.
const jobNote = " The response comes when the job ends, or is 202 if it is still running: GET the same path for its progress. The job continues if the request ends."

func (a *api) registerWelcomeMails() {
	g := operationGroup{api: a, tag: tagUsers, section: app.SectionUsers}
	g.register(operation{
		id: "getWelcomeMails", method: http.MethodGet, path: "/welcome-mails", summary: "Get the current or last run of welcome mails",
		description: "An administrator with a limited scope sees single users only in a run of their own.",
		errors:      []int{http.StatusNotFound}, response: exampleWelcomes(),
	}, func(ctx context.Context, _ *request) (*response, error) {
		return a.latestJob(ctx, a.jobs.LastWelcome())
	})
	g.register(operation{
		id: "sendWelcomeMails", method: http.MethodPost, path: "/welcome-mails", summary: "Send the welcome mail to all new users",
		description: "New users are enabled, have no password and never received one. It is safe to run again." + jobNote,
		errors:      []int{http.StatusConflict}, accepted: true, response: exampleWelcomes(),
	}, func(ctx context.Context, _ *request) (*response, error) {
		job, err := a.jobs.StartWelcome(ctx, a.users(ctx))
		if err != nil {
			return nil, err
		}
		return a.waitForJob(ctx, job)
	})
}

// NewSync says how a directory is synchronized.
type NewSync struct {
	DryRun bool `doc:"Plans the changes without making them." json:"dry_run,omitempty"`
}

func (a *api) registerDirectories() {
	g := operationGroup{api: a, tag: tagDirectories, section: app.SectionUsers}
	g.register(operation{
		id: "listDirectories", method: http.MethodGet, path: "/directories", summary: "List the directories that users come from",
		response: singlePage([]app.DirectoryState{exampleDirectory()}),
	}, a.listDirectories)
	g.register(operation{
		id: "getSync", method: http.MethodGet, path: "/directories/{name}/sync", summary: "Get the current or last synchronization of a directory",
		response: exampleSync(),
	}, func(ctx context.Context, r *request) (*response, error) {
		if err := a.requireUnscoped(ctx); err != nil {
			return nil, err
		}
		return a.latestJob(ctx, a.jobs.LastSync(r.text("name")))
	})
	registerBody(g, operation{
		id: "syncDirectory", method: http.MethodPost, path: "/directories/{name}/sync", summary: "Synchronize users from a directory",
		description: "With dry_run nothing is changed, and the steps are those that would be done." + jobNote,
		errors:      []int{http.StatusConflict}, accepted: true, optionalBody: true,
		request: map[string]any{"dry_run": true}, response: exampleSync(),
	}, a.syncDirectory)
}

// requireUnscoped rejects administrators with a limited scope: a directory concerns
// all of its users.
func (a *api) requireUnscoped(ctx context.Context) error {
	if !a.isScoped(ctx) {
		return nil
	}
	return &store.ForbiddenError{Reason: "directories are for unrestricted administrators"}
}

func (a *api) listDirectories(ctx context.Context, _ *request) (*response, error) {
	if err := a.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	directories, err := a.app.Directories(ctx)
	return reply(singlePage(directories), err)
}

func (a *api) syncDirectory(ctx context.Context, r *request, body *NewSync) (*response, error) {
	if err := a.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	opts := a.app.Settings.SyncOptions()
	opts.DryRun = body != nil && body.DryRun
	job, err := a.jobs.StartSync(ctx, r.text("name"), opts)
	if err != nil {
		return nil, err
	}
	return a.waitForJob(ctx, job)
}

// waitForJob waits for the end of a job, but not longer than Options.Wait.
func (a *api) waitForJob(ctx context.Context, job *jobs.State) (*response, error) {
	wait, cancel := a.waitContext(ctx)
	defer cancel()
	state := a.jobs.Wait(wait, job)
	status := http.StatusOK
	if state.Running() {
		status = http.StatusAccepted
	}
	return &response{status: status, body: a.redactJob(ctx, state)}, ctx.Err()
}

// latestJob answers with the running or last job, nil if there was none.
func (a *api) latestJob(ctx context.Context, state *jobs.State) (*response, error) {
	if state == nil {
		return nil, &store.NotFoundError{Kind: "run since the server was started"}
	}
	return &response{body: a.redactJob(ctx, state)}, nil
}

// redactJob removes the users of another administrator's job for an administrator
// with a limited scope.
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
			Undelivered: []userman.Delivery{{Username: "4002", Status: userman.DeliveryNoAddress, Message: "the user has no primary email address; enter one"}},
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
