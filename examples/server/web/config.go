package web

import (
	"context"
	"errors"
	"io/fs"
	"strconv"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
)

// configPages are the pages of the area Apply.
type configPages struct{ *pages }

func (p configPages) routes() []route {
	const section, config = ampusers.SectionApply, "/config"
	return []route{
		get(config, section, p.plan), post(config+"/apply", section, p.start(jobs.KindApply)),
		get(config+"/rollback", section, p.askRollback), post(config+"/rollback", section, p.start(jobs.KindRollback)),
		post(config+"/recover", section, p.start(jobs.KindRecover)), get(config+"/run", section, p.run), get(config+"/banner", "", p.banner),
	}
}

// configPage is the page /config.
type configPage struct {
	// Files are the changes; State says why they are unknown, see [configState].
	Files  []plannedFile
	Issues []asteriskconf.Issue
	State  string
	Err    error
	Status *asteriskconf.Status
	// Offline says that files are written but nothing is reloaded.
	Offline bool
	Last    *jobs.State
}

// maxPlannedSections bounds the sections of a plan that the page shows: a first apply
// may bring very many accounts.
const maxPlannedSections = 200

// plannedFile is the part of the changes in one file that the page shows.
type plannedFile struct {
	asteriskconf.FilePlan

	// More counts the sections that are left out.
	More int
}

func plannedFiles(plan *asteriskconf.Plan) []plannedFile {
	left := maxPlannedSections
	files := make([]plannedFile, len(plan.Files))
	for i, f := range plan.Files {
		var more int
		f.Sections, more = firstOf(f.Sections, left)
		left -= len(f.Sections)
		files[i] = plannedFile{f, more}
	}
	return files
}

func (p configPages) plan(ctx context.Context, _ *request) (response, error) {
	body := configPage{Offline: p.site.Current().AMI == app.NoAsterisk, Last: p.jobs.LastConfig()}
	body.Status, body.Err = p.jobs.Status(ctx)
	if body.Err == nil {
		var plan *asteriskconf.Plan
		if plan, body.Err = p.jobs.Plan(ctx); body.Err == nil {
			body.Files, body.Issues = plannedFiles(plan), plan.Issues
		}
	}
	if ctx.Err() != nil {
		return nil, body.Err
	}
	body.State = configState(body.Err)
	return page{Name: "config", Title: "Apply", Body: body}, nil
}

// configState names the state of a configuration that cannot be read: "absent"
// without a configuration folder, "not installed" when Asterisk does not read our
// files yet, and "unavailable" otherwise. It is "" for one that can be read.
func configState(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return "not installed"
	}
	return "unavailable"
}

// start returns the handler that starts a run, and shows its progress. If another
// run is in progress it shows that one.
func (p configPages) start(kind jobs.Kind) handler {
	return func(ctx context.Context, _ *request) (response, error) {
		_, err := p.jobs.StartConfig(ctx, kind)
		return started("/config/run", err)
	}
}

// run shows the progress of a run, or its result.
func (p configPages) run(_ context.Context, r *request) (response, error) {
	run := p.jobs.LastConfig()
	if run == nil {
		return redirect{Path: "/config"}, nil
	}
	if known, err := strconv.Atoi(r.query("known")); err == nil && r.isHTMX() && run.Running() && known == len(run.Steps) {
		return noContent(), nil // screen readers would read the same steps again
	}
	return page{Name: "applystatus", Body: run}, nil
}

func (p configPages) askRollback(context.Context, *request) (response, error) {
	return confirmation{Action: "/config/rollback", Back: "/config"}.response("configuration-rollback", formErrors{}), nil
}

// banner shows pending changes to an administrator, on each page. State is that of
// configState, or "running", "interrupted", "pending", or "" for nothing to show.
type banner struct {
	State string
	Admin *ampusers.Administrator
}

func (p configPages) banner(ctx context.Context, r *request) (response, error) {
	body := banner{p.bannerState(ctx), r.admin}
	if r.isHTMX() {
		return fragment{"banner", body}, nil
	}
	return page{Name: "banner", Title: "Pending changes", Body: body}, nil
}

func (p configPages) bannerState(ctx context.Context) string {
	if p.jobs.LastConfig().Running() {
		return "running"
	}
	status, err := p.jobs.Status(ctx)
	state := configState(err)
	switch {
	case state == "unavailable": // the page says why, to administrators who can see it
		p.log.WarnContext(ctx, "status of the configuration failed", "error", err)
	case state == "" && status.Interrupted:
		return "interrupted"
	case state == "" && status.Pending:
		return "pending"
	}
	return state
}
