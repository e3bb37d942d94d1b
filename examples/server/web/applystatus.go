package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/server/applying"
)

// runPage is the page /config/run.
type runPage struct {
	*applying.Run

	Title string
	// Words are the steps so far.
	Words []string
	// Summary says how it ended, and Failure why it did not end well.
	Summary, Failure string
}

func (v *pageHandler) configRun() error {
	run := v.runner.Last()
	if run == nil {
		return v.redirect("/config")
	}
	if known, err := strconv.Atoi(v.r.URL.Query().Get("known")); err == nil && v.isHTMX() && !run.Done && known == len(run.Steps) {
		// Nothing is read out again that has been said.
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	page := runPage{Run: run, Title: runTitle(run), Words: make([]string, len(run.Steps))}
	for i, step := range run.Steps {
		page.Words[i] = stepText(step)
	}
	if run.Done {
		page.Summary, page.Failure = runResult(run)
	}
	return v.render("run", page.Title, page)
}

func runTitle(run *applying.Run) string {
	titles := map[applying.Operation][2]string{
		applying.Apply:    {"Applying the configuration", "Apply"},
		applying.Rollback: {"Rolling back", "Roll back"},
		applying.Recover:  {"Recovering", "Recovery"},
	}[run.Operation]
	switch {
	case !run.Done:
		return titles[0]
	case run.Err != nil:
		return titles[1] + " failed"
	}
	return titles[1] + " done"
}

// stepText says what is done in a step.
func stepText(p asteriskconf.Progress) string {
	words, ok := map[string]string{
		asteriskconf.StepConnect: "Logging in to Asterisk",
		asteriskconf.StepRender:  "Writing down what the records say",
		asteriskconf.StepCheck:   "Checking what was written, before it counts",
		asteriskconf.StepWrite:   "Putting the files in place",
		asteriskconf.StepReload:  "Having Asterisk load it",
		asteriskconf.StepVerify:  "Asking Asterisk what it serves now",
		asteriskconf.StepRevoke:  "Ending sessions that have too many rights",
	}[p.Step]
	if !ok {
		words = p.Step
	}
	if p.File != "" {
		words += " (" + p.File + ")"
	}
	return words
}

// runResult says how a run ended, or why it failed.
func runResult(run *applying.Run) (summary, failure string) {
	switch {
	case run.Err != nil:
		return "", sentence(run.Err.Error())
	case run.Recovery != nil:
		return recoveryText(run.Recovery), ""
	case run.Report == nil:
		return "It is done.", ""
	case !run.Report.Changed:
		return "There was nothing to do: Asterisk serves what the records hold.", ""
	case run.Report.Verified:
		return fmt.Sprintf("Live: Asterisk was seen to serve generation %d.", run.Report.Generation), ""
	}
	return "Written, and not verified: there was no Asterisk to talk to. It stays pending.", ""
}

func recoveryText(r *asteriskconf.Recovery) string {
	switch {
	case !r.Interrupted:
		return "No apply was cut short."
	case r.RolledForward:
		return "The new generation was completed."
	case r.Reason != "":
		return "The old generation was put back: " + sentence(r.Reason)
	}
	return "The old generation was put back."
}
