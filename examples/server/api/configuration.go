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
	Failure string `json:"failure,omitempty"`
}

type runOutput struct {
	Status int
	Body   shownRun
}

func (a *api) registerConfiguration() {
	g := operationGroup{api: a, tag: tagConfiguration, section: ampusers.SectionApply}
	live := time.Date(2026, 1, 31, 9, 5, 0, 0, time.UTC)
	register(g, operation{
		id: "getConfigurationStatus", method: http.MethodGet, path: "/config/status", summary: "Say whether there is something to apply",
		errors: []int{http.StatusConflict}, response: asteriskconf.Status{Pending: true, Generation: 3, LiveAt: &live, CanRollBack: true},
	}, a.configurationStatus)
	register(g, operation{
		id: "getConfigurationPlan", method: http.MethodGet, path: "/config/plan", summary: "Show what an apply would change, secrets masked",
		errors: []int{http.StatusConflict}, response: examplePlan(),
	}, a.configurationPlan)
	for _, act := range []struct {
		act                  applying.Operation
		summary, description string
	}{
		{applying.Apply, "Make the records live", "Files are written, checked by Asterisk, reloaded and verified; what Asterisk does not take is rolled back."},
		{applying.Rollback, "Go back to the generation before the live one", "The records keep what they hold, so that there is something to apply again."},
		{applying.Recover, "End an apply that was cut short", "It ends on the old or on the new generation, whole."},
	} {
		register(g, operation{
			id: string(act.act) + "Configuration", method: http.MethodPost, path: "/config/" + string(act.act),
			summary:     act.summary,
			description: act.description + " The answer comes at the end, or is 202 when that takes too long: GET /config/run tells more. The end of the request does not end the run.",
			errors:      []int{http.StatusConflict, http.StatusBadGateway}, accepted: true, response: exampleRun(act.act),
		}, func(ctx context.Context, _ *struct{}) (*runOutput, error) { return a.configurationRun(ctx, act.act) })
	}
	register(g, operation{
		id: "getConfigurationRun", method: http.MethodGet, path: "/config/run", summary: "Tell how far the run at work has come, or how the last one ended",
		errors: []int{http.StatusNotFound}, response: exampleRun(applying.Apply),
	}, a.lastRun)
}

func (a *api) configurationStatus(ctx context.Context, _ *struct{}) (*struct{ Body *asteriskconf.Status }, error) {
	status, err := a.applyRunner.Status(ctx)
	if err != nil {
		return nil, configurationError(err)
	}
	return &struct{ Body *asteriskconf.Status }{status}, nil
}

func (a *api) configurationPlan(ctx context.Context, _ *struct{}) (*struct{ Body *asteriskconf.Plan }, error) {
	plan, err := a.applyRunner.Plan(ctx)
	if err != nil {
		return nil, configurationError(err)
	}
	return &struct{ Body *asteriskconf.Plan }{plan}, nil
}

// configurationRun begins a run and waits for its end.
func (a *api) configurationRun(ctx context.Context, act applying.Operation) (*runOutput, error) {
	wait, cancel := a.waitContext(ctx)
	defer cancel()
	run, err := a.applyRunner.Run(wait, act, a.sessions.Administrator(ctx).Username)
	switch {
	case err != nil:
		return nil, err
	case run.Err != nil:
		return nil, configurationError(run.Err)
	case !run.Done:
		return &runOutput{http.StatusAccepted, shownRun{Run: run}}, ctx.Err()
	}
	return &runOutput{http.StatusOK, shownRun{Run: run}}, nil
}

func (a *api) lastRun(context.Context, *struct{}) (*runOutput, error) {
	run := a.applyRunner.Last()
	if run == nil {
		return nil, &store.NotFoundError{Kind: "run since the server was started"}
	}
	shown := shownRun{Run: run}
	if run.Err != nil {
		shown.Failure = withHint(run.Err)
	}
	return &runOutput{http.StatusOK, shown}, nil
}

// configurationError words what kept the configuration from Asterisk. The
// errors of package asteriskconf are made to be shown: they hold no secret.
func configurationError(err error) error {
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

// withHint is an error and what to do about it.
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
