package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/store"
)

const tagConfiguration = "configuration"

// shownRun is a run as the API shows it.
type shownRun struct {
	*applying.Run

	Failure string `doc:"Why the run failed, what the state is now, and what to do." json:"failure,omitempty"`
}

func (a *api) registerConfiguration() {
	g := operationGroup{api: a, tag: tagConfiguration, section: ampusers.SectionApply}
	live := time.Date(2026, 1, 31, 9, 5, 0, 0, time.UTC)
	g.register(operation{
		id: "getConfigurationStatus", method: http.MethodGet, path: "/config/status", summary: "Get the apply status",
		errors: []int{http.StatusConflict}, response: asteriskconf.Status{Pending: true, Generation: 3, LiveAt: &live, CanRollBack: true},
	}, func(ctx context.Context, _ *request) (*response, error) {
		status, err := a.applyRunner.Status(ctx)
		return reply(status, configurationError(err))
	})
	g.register(operation{
		id: "getConfigurationPlan", method: http.MethodGet, path: "/config/plan", summary: "Show the changes that an apply would make",
		description: "Secrets are masked.", errors: []int{http.StatusConflict}, response: examplePlan(),
	}, func(ctx context.Context, _ *request) (*response, error) {
		plan, err := a.applyRunner.Plan(ctx)
		return reply(plan, configurationError(err))
	})
	for _, act := range []struct {
		act                  applying.Operation
		summary, description string
	}{
		{applying.Apply, "Apply the configuration", "Writes, checks, reloads and verifies the files; rolls back on failure."},
		{applying.Rollback, "Roll back to the previous generation", "The records stay as they are, and can be applied again."},
		{applying.Recover, "Recover from an interrupted apply", "Ends on the old or the new generation, never in between."},
	} {
		g.register(operation{
			id: string(act.act) + "Configuration", method: http.MethodPost, path: "/config/" + string(act.act),
			summary:     act.summary,
			description: act.description + " The response comes when the run ends, or is 202 if it is still running: GET /config/run for its progress. The run continues if the request ends.",
			errors:      []int{http.StatusConflict, http.StatusBadGateway}, accepted: true, response: exampleRun(act.act),
		}, func(ctx context.Context, _ *request) (*response, error) { return a.configurationRun(ctx, act.act) })
	}
	g.register(operation{
		id: "getConfigurationRun", method: http.MethodGet, path: "/config/run", summary: "Get the current or last apply run",
		errors: []int{http.StatusNotFound}, response: exampleRun(applying.Apply),
	}, a.lastRun)
}

// configurationRun starts a run and waits for its end.
func (a *api) configurationRun(ctx context.Context, act applying.Operation) (*response, error) {
	wait, cancel := a.waitContext(ctx)
	defer cancel()
	run, err := a.applyRunner.Run(wait, act, a.sessions.Administrator(ctx).Username)
	switch {
	case err != nil:
		return nil, err
	case run.Err != nil:
		return nil, configurationError(run.Err)
	case !run.Done:
		return &response{status: http.StatusAccepted, body: shownRun{Run: run}}, ctx.Err()
	}
	return &response{body: shownRun{Run: run}}, nil
}

func (a *api) lastRun(context.Context, *request) (*response, error) {
	run := a.applyRunner.Last()
	if run == nil {
		return nil, &store.NotFoundError{Kind: "run since the server was started"}
	}
	shown := shownRun{Run: run}
	if run.Err != nil {
		shown.Failure = withHint(run.Err)
	}
	return &response{body: shown}, nil
}

func (a *api) probeAMIAccount(ctx context.Context, r *request) (*response, error) {
	result, err := a.app.Probe(ctx, r.text("name"), nil)
	if !errors.Is(err, store.ErrNotFound) {
		err = configurationError(err)
	}
	return reply(result, err)
}

// configurationError turns an error of an apply or of the connection to Asterisk
// into a problem. The errors of package asteriskconf contain no secret.
func configurationError(err error) error {
	if err == nil {
		return nil
	}
	status, code := http.StatusBadGateway, "apply_failed"
	switch {
	case errors.As(err, new(*asteriskconf.ApplyError)):
	case errors.Is(err, store.ErrConflict), app.Hint(err) != "":
		status, code = http.StatusConflict, "conflict"
	default:
		return err
	}
	return newProblem(status, code, withHint(err))
}

// withHint returns the message of an error and its hint.
func withHint(err error) string {
	return strings.TrimSuffix(strings.TrimSpace(err.Error()+". "+app.Hint(err)), ".")
}

func examplePlan() asteriskconf.Plan {
	return asteriskconf.Plan{Files: []asteriskconf.FilePlan{{
		Name: "pbxusers_manager.conf", Path: "/etc/asterisk/pbxusers_manager.conf", Module: "manager",
		Sections: []asteriskconf.SectionPlan{{
			Name: "crmpro_ami", Action: "add", Lines: []asteriskconf.LinePlan{
				{Sign: "+", Key: "secret", Value: "[redacted]"}, {Sign: "+", Key: "permit", Value: "10.0.0.0/8"},
			},
		}},
	}}}
}

func exampleRun(act applying.Operation) shownRun {
	run := &applying.Run{
		Operation: act, StartedBy: "jane.admin", StartedAt: time.Date(2026, 1, 31, 9, 5, 0, 0, time.UTC),
		Steps: []asteriskconf.Progress{{Step: asteriskconf.StepConnect}}, Done: true,
	}
	if act == applying.Recover {
		run.Recovery = &asteriskconf.Recovery{Interrupted: true, RolledForward: true, Verified: true}
		return shownRun{Run: run}
	}
	run.Report = &asteriskconf.Report{Generation: 4, Changed: true, Verified: true, Files: []asteriskconf.FileReport{{
		Name: "pbxusers_manager.conf", Path: "/etc/asterisk/pbxusers_manager.conf", Added: 1, ReloadedModule: "manager",
	}}}
	return shownRun{Run: run}
}
