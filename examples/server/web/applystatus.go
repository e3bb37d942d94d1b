package web

import (
	"context"
	"strconv"

	"github.com/pbxusers/pbxusers/examples/server/applying"
)

// run is the page /config/run.
func (p configPages) run(_ context.Context, r *request) (response, error) {
	run := p.runner.Last()
	if run == nil {
		return redirect{Path: "/config"}, nil
	}
	if known, err := strconv.Atoi(r.query("known")); err == nil && r.isHTMX() && !run.Done && known == len(run.Steps) {
		return noContent(), nil // screen readers would read the same steps again
	}
	return page{Name: "applystatus", Title: runTitle(run), Body: run}, nil
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
