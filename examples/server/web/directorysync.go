package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// directoryPage is the page of a directory: the plan of a sync, or its result.
type directoryPage struct {
	app.DirectoryState

	Job *jobPage
	// Planned says that nothing was changed: it was a plan, or was rejected.
	Planned  bool
	Summary  string
	Steps    []syncStep
	Problems []syncProblem
	// Groups are those that were created.
	Groups []string
	// MoreSteps and MoreProblems count what is left out.
	MoreSteps, MoreProblems int
}

// syncStep is one step of a sync. Tone is the CSS class of the action.
type syncStep struct {
	Action, Tone string
	Username     string
	Fields       []string
}

// syncProblem is an entry that a sync could not process.
type syncProblem struct{ Entry, Message string }

// maxSyncSteps bounds the steps, and the problems, that the page shows.
const maxSyncSteps = 200

// directoryPath is the page of a directory.
func directoryPath(name string) string { return "/directories/" + name }

// forDirectory returns a handler for the directory that the address names. A sync
// concerns all its users: it is for unrestricted administrators only.
func (u *userPages) forDirectory(do func(ctx context.Context, r *request, d app.DirectoryState) (response, error)) handler {
	return func(ctx context.Context, r *request) (response, error) {
		if !u.isUnrestricted(ctx) {
			return nil, &store.ForbiddenError{Reason: "a directory contains users outside your scope; ask an unrestricted administrator"}
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
	state := u.jobs.State(jobs.KindSync, directory.Name)
	if answer := pollJob(r, state); answer != nil {
		return answer, nil
	}
	body := directoryPage{DirectoryState: directory, Job: newJobPage(state, directoryPath(directory.Name), syncTitles(state))}
	if state != nil && state.Sync != nil {
		body.report(state.Sync)
	}
	return page{Name: "directory", Title: "Directory " + directory.Name, Header: jobHeader(r, state), Body: body}, nil
}

func syncTitles(state *jobs.State) jobTitles {
	titles := jobTitles{"Synchronizing", "Sync failed", "Sync result"}
	if state != nil && state.Sync != nil && state.Sync.DryRun {
		titles.done = "Sync preview"
	}
	return titles
}

// report adds the result of a sync to the page. A sync that was rejected reports
// its plan; one that was aborted reports the steps that were done.
func (p *directoryPage) report(r *userman.SyncReport) {
	p.Planned, p.Groups = r.DryRun, r.Groups
	p.Summary = fmt.Sprintf("The directory has %d entries; %d unchanged.", r.Entries, r.Unchanged)
	p.MoreSteps, p.MoreProblems = max(len(r.Steps)-maxSyncSteps, 0), max(len(r.Problems)-maxSyncSteps, 0)
	for _, step := range r.Steps[:len(r.Steps)-p.MoreSteps] {
		action, tone := stepOf(step.Action)
		p.Steps = append(p.Steps, syncStep{action, tone, step.Username, step.Fields})
	}
	for _, problem := range r.Problems[:len(r.Problems)-p.MoreProblems] {
		p.Problems = append(p.Problems, syncProblem{cmp.Or(problem.Username, problem.ExternalID, "–"), problem.Message})
	}
}

func stepOf(action userman.SyncAction) (text, tone string) {
	switch action {
	case userman.SyncCreate:
		return "Created", "on"
	case userman.SyncUpdate:
		return "Updated", ""
	case userman.SyncEnable:
		return "Enabled", "on"
	case userman.SyncDisable:
		return "Disabled", "wait"
	case userman.SyncDelete:
		return "Deleted", "off"
	}
	return string(action), ""
}

// startDirectorySync plans a sync, or does it.
func (u *userPages) startDirectorySync(ctx context.Context, r *request, directory app.DirectoryState) (response, error) {
	opts := u.site.Settings.SyncOptions()
	switch r.form("do") {
	case "plan":
		opts.DryRun = true
	case "sync":
	default:
		return nil, invalidField("do", store.CodeOneOf, "choose plan or sync")
	}
	_, err := u.jobs.StartSync(ctx, directory.Name, opts)
	return started(directoryPath(directory.Name), err)
}
