package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *api) registerWelcomeMails() {
	g, job := a.group("users", app.SectionUsers), schemaFor[jobs.State](a.document)
	g.register(operation{id: "getWelcomeMails", route: "GET /welcome-mails", response: job}, func(ctx context.Context, _ *request) (*response, error) {
		return a.latestJob(ctx, a.jobs.LastWelcome())
	})
	g.register(operation{id: "sendWelcomeMails", route: "POST /welcome-mails", accepted: true, response: job},
		func(ctx context.Context, _ *request) (*response, error) {
			job, err := a.jobs.StartWelcome(ctx, a.users(ctx))
			return a.runJob(ctx, job, err)
		})
}

// NewSync says how a directory is synchronized.
type NewSync struct {
	DryRun   bool              `doc:"Plans the changes without making them."            json:"dry_run,omitempty"`
	Adoption *userman.Adoption `doc:"Only links one user to an entry of the directory." json:"adoption,omitempty"`
}

func (a *api) registerDirectories() {
	const path = "/directories/{name}/sync"
	g, job := a.group("directories", app.SectionUsers), schemaFor[jobs.State](a.document)
	g.register(operation{id: "listDirectories", route: "GET /directories", response: schemaFor[list[app.DirectoryState]](a.document)}, a.listDirectories)
	g.register(operation{id: "getSync", route: "GET " + path, response: job}, func(ctx context.Context, r *request) (*response, error) {
		if err := a.authorizeDirectories(ctx); err != nil {
			return nil, err
		}
		return a.latestJob(ctx, a.jobs.LastSync(r.text("name")))
	})
	registerBody(g, operation{id: "syncDirectory", route: "POST " + path, accepted: true, optionalBody: true, response: job}, a.syncDirectory)
}

// authorizeDirectories rejects administrators with a limited scope.
func (a *api) authorizeDirectories(ctx context.Context) error {
	return a.app.AuthorizeDirectories(ctx, a.sessions.Administrator(ctx))
}

func (a *api) listDirectories(ctx context.Context, _ *request) (*response, error) {
	if err := a.authorizeDirectories(ctx); err != nil {
		return nil, err
	}
	directories, err := a.app.Directories(ctx)
	return reply(singlePage(directories), err)
}

func (a *api) syncDirectory(ctx context.Context, r *request, body *NewSync) (*response, error) {
	if err := a.authorizeDirectories(ctx); err != nil {
		return nil, err
	}
	opts := a.app.Current().SyncOptions()
	if body != nil {
		opts.DryRun, opts.Adoption = body.DryRun, body.Adoption
	}
	job, err := a.jobs.StartSync(ctx, r.text("name"), opts)
	return a.runJob(ctx, job, err)
}

// runJob returns a job that was started, at its end or after Options.Wait.
func (a *api) runJob(ctx context.Context, started *jobs.State, err error) (*response, error) {
	job, err := a.waitForJob(ctx, started, err)
	if err != nil {
		return nil, err
	}
	shown, err := job.InScope(ctx, a.users(ctx))
	if err != nil {
		return nil, err
	}
	return replyJob(job, shown)
}

// waitForJob waits for the end of a job that was started, but not longer than
// Options.Wait.
func (a *api) waitForJob(ctx context.Context, started *jobs.State, err error) (*jobs.State, error) {
	if err != nil {
		return nil, err
	}
	wait, cancel := a.waitContext(ctx)
	defer cancel()
	return a.jobs.Wait(wait, started), ctx.Err()
}

// replyJob returns a job as body shows it: 202 while it is running.
func replyJob(job *jobs.State, body any) (*response, error) {
	if job.Running() {
		return &response{status: http.StatusAccepted, body: body}, nil
	}
	return &response{body: body}, nil
}

// latestJob returns the running or last job; nil if there was none.
func (a *api) latestJob(ctx context.Context, job *jobs.State) (*response, error) {
	if job == nil {
		return nil, errNoRun()
	}
	return reply(job.InScope(ctx, a.users(ctx)))
}

func errNoRun() error { return &store.NotFoundError{Kind: "run since the server was started"} }
