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

// pollJob answers htmx, which asks how far a job is: nothing where that is what
// the page shows already, and the whole of its part once the job has ended. It
// reports whether there is nothing to draw.
func (v *pageHandler) pollJob(state *jobs.State) bool {
	if !v.isHTMX() {
		return false
	}
	if !state.Running() {
		v.w.Header().Set("Hx-Retarget", "#job")
		v.w.Header().Set("Hx-Reselect", "#job")
		return false
	}
	known, err := strconv.Atoi(v.r.URL.Query().Get("known"))
	if err == nil && known == state.Done {
		v.w.WriteHeader(http.StatusNoContent)
		return true
	}
	return false
}
