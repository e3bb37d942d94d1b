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
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
)

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
	g, run := a.group("configuration", ampusers.SectionApply), schemaFor[shownRun](a.document)
	registerValue(g, "getConfigurationStatus", "GET /config/status", func(ctx context.Context) (*asteriskconf.Status, error) {
		status, err := a.jobs.Status(ctx)
		return status, configurationError(err)
	})
	registerValue(g, "getConfigurationPlan", "GET /config/plan", func(ctx context.Context) (*asteriskconf.Plan, error) {
		plan, err := a.jobs.Plan(ctx)
		return plan, configurationError(err)
	})
	for _, kind := range []jobs.Kind{jobs.KindApply, jobs.KindRollback, jobs.KindRecover} {
		g.register(operation{id: string(kind) + "Configuration", route: "POST /config/" + string(kind), accepted: true, response: run},
			func(ctx context.Context, _ *request) (*response, error) { return a.configurationRun(ctx, kind) })
	}
	g.register(operation{id: "getConfigurationRun", route: "GET /config/run", response: run}, a.lastRun)
}

// configurationRun starts a run and waits for its end.
func (a *api) configurationRun(ctx context.Context, kind jobs.Kind) (*response, error) {
	started, err := a.jobs.StartConfig(ctx, kind)
	run, err := a.waitForJob(ctx, started, err)
	switch {
	case err != nil:
		return nil, err
	case !run.Running() && run.Err != nil:
		return nil, configurationError(run.Err)
	}
	return replyJob(run, showRun(run))
}

func (a *api) lastRun(context.Context, *request) (*response, error) {
	run := a.jobs.LastConfig()
	if run == nil {
		return nil, errNoRun()
	}
	return &response{body: showRun(run)}, nil
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
