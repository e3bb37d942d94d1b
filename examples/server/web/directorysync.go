package web

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// directoryPage is the page of a directory: what a sync would do, or did.
type directoryPage struct {
	app.DirectoryState

	Job *jobPage
	// Planned says that nothing was changed: it was a plan, or was refused.
	Planned  bool
	Summary  string
	Steps    []syncStep
	Problems []syncProblem
	// Groups are those that were made.
	Groups []string
	// MoreSteps and MoreProblems count what is left out.
	MoreSteps, MoreProblems int
}

// syncStep is one step of a sync, in words.
type syncStep struct {
	// Action is "Created" and the like, and Tone its class.
	Action, Tone string
	Username     string
	Fields       []string
}

// syncProblem is somebody whom a sync could not see to.
type syncProblem struct{ Entry, Message string }

// maxSyncSteps bounds the steps, and the problems, that the page shows.
const maxSyncSteps = 200

// directoryPath is the page of a directory.
func directoryPath(name string) string { return "/directories/" + name }

// directory returns the directory that the address names. A sync concerns
// everybody of it: who does not reach everybody may not even see what it does.
func (u *userPages) directory(ctx context.Context, r *request) (app.DirectoryState, error) {
	if !u.isUnrestricted(ctx) {
		return app.DirectoryState{}, &store.ForbiddenError{Reason: "a directory contains users outside your scope; ask an unrestricted administrator"}
	}
	states, err := u.site.Directories(ctx)
	if err != nil {
		return app.DirectoryState{}, err
	}
	for _, state := range states {
		if state.Name == r.PathValue("directory") {
			return state, nil
		}
	}
	return app.DirectoryState{}, &store.NotFoundError{Kind: "directory"}
}

func (u *userPages) directorySync(ctx context.Context, r *request) (response, error) {
	directory, err := u.directory(ctx, r)
	if err != nil {
		return nil, err
	}
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

// report puts what came of a sync into the page. One that was refused as a whole
// comes as its plan; one that broke off, as what was done until then.
func (p *directoryPage) report(r *userman.SyncReport) {
	p.Planned, p.Groups = r.DryRun, r.Groups
	p.Summary = fmt.Sprintf("The directory has %d entries; %d unchanged.", r.Entries, r.Unchanged)
	p.MoreSteps, p.MoreProblems = max(len(r.Steps)-maxSyncSteps, 0), max(len(r.Problems)-maxSyncSteps, 0)
	for _, step := range r.Steps[:len(r.Steps)-p.MoreSteps] {
		act, tone := stepOf(step.Action)
		p.Steps = append(p.Steps, syncStep{act, tone, step.Username, step.Fields})
	}
	for _, problem := range r.Problems[:len(r.Problems)-p.MoreProblems] {
		p.Problems = append(p.Problems, syncProblem{problemSubject(problem), problem.Message})
	}
}

func stepOf(action userman.SyncAction) (act, tone string) {
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

// problemSubject names whom a problem is about.
func problemSubject(p userman.SyncProblem) string {
	switch {
	case p.Username != "":
		return p.Username
	case p.ExternalID != "":
		return p.ExternalID
	}
	return "–"
}

// directorySyncStart plans a sync, or does it.
func (u *userPages) startDirectorySync(ctx context.Context, r *request) (response, error) {
	directory, err := u.directory(ctx, r)
	if err != nil {
		return nil, err
	}
	path, opts := directoryPath(directory.Name), u.site.Settings.SyncOptions()
	switch r.form("do") {
	case "plan":
		opts.DryRun = true
	case "sync":
	default:
		return nil, store.NewInvalidError(store.FieldError{Field: "do", Code: "oneof", Message: "choose plan or sync"})
	}
	_, err = u.jobs.StartSync(ctx, directory.Name, opts)
	if errors.Is(err, store.ErrConflict) {
		return redirect{Path: path, Warning: sentence(err.Error())}, nil
	}
	return redirect{Path: path}, err
}
