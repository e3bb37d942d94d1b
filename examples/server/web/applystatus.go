package web

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/server/applying"
)

// runPage is the page /config/run.
type runPage struct {
	*applying.Run

	Title string
	// Steps are the steps so far.
	Steps []string
	// Summary is the result, and Failure the error of a failed run.
	Summary, Failure string
}

func (p configPages) run(_ context.Context, r *request) (response, error) {
	run := p.runner.Last()
	if run == nil {
		return redirect{Path: "/config"}, nil
	}
	if known, err := strconv.Atoi(r.query("known")); err == nil && r.isHTMX() && !run.Done && known == len(run.Steps) {
		return noContent(), nil // screen readers would read the same steps again
	}
	body := runPage{Run: run, Title: runTitle(run), Steps: make([]string, len(run.Steps))}
	for i, step := range run.Steps {
		body.Steps[i] = stepText(step)
	}
	if run.Done {
		body.Summary, body.Failure = runResult(run)
	}
	return page{Name: "applystatus", Title: body.Title, Body: body}, nil
}

func runTitle(run *applying.Run) string {
	titles := map[applying.Operation][2]string{
		applying.Apply:    {"Applying configuration", "Apply"},
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

// stepText describes a step.
func stepText(p asteriskconf.Progress) string {
	words, ok := map[string]string{
		asteriskconf.StepConnect: "Logging in to Asterisk",
		asteriskconf.StepRender:  "Generating files",
		asteriskconf.StepCheck:   "Checking files",
		asteriskconf.StepWrite:   "Installing files",
		asteriskconf.StepReload:  "Reloading Asterisk",
		asteriskconf.StepVerify:  "Verifying running configuration",
		asteriskconf.StepRevoke:  "Closing sessions with outdated rights",
	}[p.Step]
	if !ok {
		words = p.Step
	}
	if p.File != "" {
		words += " (" + p.File + ")"
	}
	return words
}

// runResult describes the result of a run, or its error.
func runResult(run *applying.Run) (summary, failure string) {
	switch {
	case run.Err != nil:
		return "", sentence(run.Err.Error())
	case run.Recovery != nil:
		return recoveryText(run.Recovery), ""
	case run.Report == nil:
		return "Done.", ""
	case !run.Report.Changed:
		return "No changes: Asterisk already uses the current configuration.", ""
	case run.Report.Verified:
		return fmt.Sprintf("Version %d is live.", run.Report.Generation), ""
	}
	return "Files written but not verified, because no Asterisk is connected. The changes stay pending.", ""
}

func recoveryText(r *asteriskconf.Recovery) string {
	switch {
	case !r.Interrupted:
		return "No interrupted apply found."
	case r.RolledForward:
		return "The new version was completed."
	case r.Reason != "":
		return "Rolled back to the previous version: " + sentence(r.Reason)
	}
	return "Rolled back to the previous version."
}
