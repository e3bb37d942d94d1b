package web

import (
	"net/http"
	"strconv"

	"github.com/pbxusers/pbxusers/examples/server/jobs"
)

// jobPage is how far a job is, or what came of the last one.
type jobPage struct {
	*jobs.State

	// Path is the address of the page.
	Path string
	// Heading says how far it is, and Done, as far as it is known, of how
	// many.
	Heading, Progress string
}

// newJobPage returns nil where there was no job yet.
func newJobPage(state *jobs.State, path string, titles jobTitles) *jobPage {
	if state == nil {
		return nil
	}
	page := &jobPage{State: state, Path: path, Heading: titles.done, Progress: strconv.Itoa(state.Done) + " done so far"}
	switch {
	case state.Running():
		page.Heading = titles.running
	case state.Problem != "":
		page.Heading = titles.failed
	}
	if state.Total > 0 {
		page.Progress = strconv.Itoa(state.Done) + " of " + strconv.Itoa(state.Total)
	}
	return page
}

// jobTitles say how far a job of one kind is.
type jobTitles struct{ running, failed, done string }

// Known is how far the page was when it was drawn, for the next question.
func (p jobPage) Known() int { return p.Done }

// pollJob answers htmx, which asks for the progress of a job. It returns nil when
// the page has to be rendered.
func pollJob(r *request, state *jobs.State) response {
	known, err := strconv.Atoi(r.query("known"))
	if r.isHTMX() && state.Running() && err == nil && known == state.Done {
		return noContent()
	}
	return nil
}

// jobHeader has htmx replace the whole part of the page when the job has ended.
func jobHeader(r *request, state *jobs.State) func(http.Header) {
	if !r.isHTMX() || state.Running() {
		return nil
	}
	return func(header http.Header) {
		header.Set("Hx-Retarget", "#job")
		header.Set("Hx-Reselect", "#job")
	}
}
