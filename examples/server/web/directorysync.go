package web

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// directoryPage is the page of a directory: the plan of a sync, or its result.
type directoryPage struct {
	app.DirectoryState

	Job jobPage
	// Link are the username and the external ID in the form that links a user.
	Link []formField
	// Steps and Problems are those of the sync that the page shows.
	Steps    []userman.SyncStep
	Problems []userman.SyncProblem
	// Warnings are about single fields.
	Warnings []userman.SyncProblem
	// MoreSteps, MoreProblems and MoreWarnings count what is left out.
	MoreSteps, MoreProblems, MoreWarnings int
}

// maxSyncSteps bounds the steps, and the problems, that the page shows.
const maxSyncSteps = 200

// directoryPath is the page of a directory.
func directoryPath(name string) string { return "/directories/" + name }

// forDirectory returns a handler for the directory that the address names. A sync
// concerns all its users: it is for unrestricted administrators only.
func (u *userPages) forDirectory(do func(ctx context.Context, r *request, d app.DirectoryState) (response, error)) handler {
	return func(ctx context.Context, r *request) (response, error) {
		if err := u.site.AuthorizeDirectories(ctx, r.admin); err != nil {
			return nil, err
		}
		states, err := u.site.Directories(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(states, func(d app.DirectoryState) bool { return d.Name == r.PathValue("directory") })
		if i < 0 {
			return nil, &store.NotFoundError{Kind: "directory"}
		}
		return do(ctx, r, states[i])
	}
}

func (u *userPages) directorySync(_ context.Context, r *request, directory app.DirectoryState) (response, error) {
	state := u.jobs.LastSync(directory.Name)
	body := directoryPage{DirectoryState: directory, Job: u.jobPage(state, directoryPath(directory.Name)), Link: []formField{
		{Name: "username", Label: "Username", Value: r.query("user"), Required: true, Hint: "A local user, or one who has left the directory."},
		{Name: "external_id", Label: "External ID of the entry", Value: r.query("entry"), Required: true},
	}}
	if state != nil && state.Sync != nil {
		body.report(state.Sync)
	}
	return body.Job.answer(r, page{Name: "directory", Title: "Directory " + directory.Name, Body: body}), nil
}

// report adds the result of a sync to the page. A sync that was rejected reports
// its plan; one that was aborted reports the steps that were done.
func (p *directoryPage) report(r *userman.SyncReport) {
	p.Steps, p.MoreSteps = firstOf(r.Steps, maxSyncSteps)
	p.Problems, p.MoreProblems = firstOf(r.Problems, maxSyncSteps)
	p.Warnings, p.MoreWarnings = firstOf(r.Warnings, maxSyncSteps)
	p.MoreWarnings += r.MoreWarnings
}

// startDirectorySync plans a sync, does it, or links a user to an entry.
func (u *userPages) startDirectorySync(ctx context.Context, r *request, directory app.DirectoryState) (response, error) {
	opts := u.site.Current().SyncOptions()
	switch r.form("do") {
	case "plan":
		opts.DryRun = true
	case "sync":
	case "link":
		opts.Adoption = &userman.Adoption{Username: r.form("username"), ExternalID: r.form("external_id"), SameUser: r.form("same_user") != ""}
	default:
		return nil, invalidField("do", store.CodeOneOf, "choose plan, sync or link")
	}
	_, err := u.jobs.StartSync(ctx, directory.Name, opts)
	return started(directoryPath(directory.Name), err)
}
