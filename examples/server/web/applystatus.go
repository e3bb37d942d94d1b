package web

import (
	"context"
	"strconv"

	"github.com/pbxusers/pbxusers/examples/server/jobs"
)

// run is the page /config/run.
func (p configPages) run(_ context.Context, r *request) (response, error) {
	run := p.jobs.LastConfig()
	if run == nil {
		return redirect{Path: "/config"}, nil
	}
	if known, err := strconv.Atoi(r.query("known")); err == nil && r.isHTMX() && run.Running() && known == len(run.Steps) {
		return noContent(), nil // screen readers would read the same steps again
	}
	return page{Name: "applystatus", Title: runTitle(run), Body: run}, nil
}

func runTitle(run *jobs.State) string {
	titles := map[jobs.Kind][2]string{
		jobs.KindApply:    {"Applying configuration", "Apply"},
		jobs.KindRollback: {"Rolling back", "Roll back"},
		jobs.KindRecover:  {"Recovering", "Recovery"},
	}[run.Kind]
	switch {
	case run.Running():
		return titles[0]
	case run.Err != nil:
		return titles[1] + " failed"
	}
	return titles[1] + " done"
}
