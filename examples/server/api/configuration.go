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
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
)

const tagConfiguration = "configuration"

// shownRun is a run of the configuration as the API shows it.
type shownRun struct {
	Operation jobs.Kind               `json:"operation"`
	StartedBy string                  `json:"started_by"`
	StartedAt time.Time               `json:"started_at"`
	Steps     []asteriskconf.Progress `json:"steps"`
	Done      bool                    `json:"done"`
	Report    *asteriskconf.Report    `json:"report,omitempty"`
	Recovery  *asteriskconf.Recovery  `json:"recovery,omitempty"`
	Failure   string                  `doc:"Why the run failed, what the state is now, and what to do." json:"failure,omitempty"`
}

func showRun(run *jobs.State) shownRun {
	shown := shownRun{
		Operation: run.Kind, StartedBy: run.Actor, StartedAt: run.StartedAt,
		Steps: run.Steps, Done: !run.Running(), Report: run.Report, Recovery: run.Recovery,
	}
	if run.Err != nil {
		shown.Failure = withHint(run.Err)
	}
	return shown
}

func (a *api) registerConfiguration() {
	g := operationGroup{api: a, tag: tagConfiguration, section: ampusers.SectionApply}
	live := time.Date(2026, 1, 31, 9, 5, 0, 0, time.UTC)
	g.register(operation{
		id: "getConfigurationStatus", method: http.MethodGet, path: "/config/status", summary: "Get the apply status",
		errors: []int{http.StatusConflict}, response: asteriskconf.Status{Pending: true, Generation: 3, LiveAt: &live, CanRollBack: true},
	}, func(ctx context.Context, _ *request) (*response, error) {
		status, err := a.jobs.Status(ctx)
		return reply(status, configurationError(err))
	})
	g.register(operation{
		id: "getConfigurationPlan", method: http.MethodGet, path: "/config/plan", summary: "Show the changes that an apply would make",
		description: "Secrets are masked.", errors: []int{http.StatusConflict}, response: examplePlan(),
	}, func(ctx context.Context, _ *request) (*response, error) {
		plan, err := a.jobs.Plan(ctx)
		return reply(plan, configurationError(err))
	})
	for _, act := range []struct {
		kind                 jobs.Kind
		summary, description string
	}{
		{jobs.KindApply, "Apply the configuration", "Writes, checks, reloads and verifies the files; rolls back on failure."},
		{jobs.KindRollback, "Roll back to the previous generation", "The records stay as they are, and can be applied again."},
		{jobs.KindRecover, "Recover from an interrupted apply", "Ends on the old or the new generation, never in between."},
	} {
		g.register(operation{
			id: string(act.kind) + "Configuration", method: http.MethodPost, path: "/config/" + string(act.kind),
			summary:     act.summary,
			description: act.description + " The response comes when the run ends, or is 202 if it is still running: GET /config/run for its progress. The run continues if the request ends.",
			errors:      []int{http.StatusConflict, http.StatusBadGateway}, accepted: true, response: exampleRun(act.kind),
		}, func(ctx context.Context, _ *request) (*response, error) { return a.configurationRun(ctx, act.kind) })
	}
	g.register(operation{
		id: "getConfigurationRun", method: http.MethodGet, path: "/config/run", summary: "Get the current or last apply run",
		errors: []int{http.StatusNotFound}, response: exampleRun(jobs.KindApply),
	}, a.lastRun)
}

// configurationRun starts a run and waits for its end.
func (a *api) configurationRun(ctx context.Context, kind jobs.Kind) (*response, error) {
	run, err := a.jobs.StartConfig(ctx, kind)
	if err != nil {
		return nil, err
	}
	wait, cancel := a.waitContext(ctx)
	defer cancel()
	run = a.jobs.Wait(wait, run)
	switch {
	case run.Running():
		return &response{status: http.StatusAccepted, body: showRun(run)}, ctx.Err()
	case run.Err != nil:
		return nil, configurationError(run.Err)
	}
	return &response{body: showRun(run)}, nil
}

func (a *api) lastRun(context.Context, *request) (*response, error) {
	run := a.jobs.LastConfig()
	if run == nil {
		return nil, &store.NotFoundError{Kind: "run since the server was started"}
	}
	return &response{body: showRun(run)}, nil
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

func exampleRun(kind jobs.Kind) shownRun {
	run := shownRun{
		Operation: kind, StartedBy: "jane.admin", StartedAt: time.Date(2026, 1, 31, 9, 5, 0, 0, time.UTC),
		Steps: []asteriskconf.Progress{{Step: asteriskconf.StepConnect}}, Done: true,
	}
	if kind == jobs.KindRecover {
		run.Recovery = &asteriskconf.Recovery{Interrupted: true, RolledForward: true, Verified: true}
		return run
	}
	run.Report = &asteriskconf.Report{Generation: 4, Changed: true, Verified: true, Files: []asteriskconf.FileReport{{
		Name: "pbxusers_manager.conf", Path: "/etc/asterisk/pbxusers_manager.conf", Added: 1, ReloadedModule: "manager",
	}}}
	return run
}
