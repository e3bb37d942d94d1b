package web

import (
	"context"
	"errors"
	"io/fs"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/store"
)

// configPages are the pages of the configuration.
type configPages struct{ *pages }

func (p configPages) routes() []route {
	const section, config = ampusers.SectionApply, "/config"
	return []route{
		get(config, section, p.plan), post(config+"/apply", section, p.start(applying.Apply)),
		get(config+"/rollback", section, p.askRollback), post(config+"/rollback", section, p.start(applying.Rollback)),
		post(config+"/recover", section, p.start(applying.Recover)), get(config+"/run", section, p.run), get(config+"/banner", "", p.banner),
	}
}

// configPage is the page /config.
type configPage struct {
	// Planned says that Files are the changes; otherwise Reason says why they are
	// unknown.
	Planned bool
	Files   []plannedFile
	Status  *asteriskconf.Status
	// Absent says that there is no configuration folder, and NotInstalled that
	// Asterisk does not read our files yet.
	Absent, NotInstalled bool
	Reason, Hint         string
	// Offline says that files are written but nothing is reloaded.
	Offline     bool
	MaySettings bool
	Last        *applying.Run
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
		shown := min(left, len(f.Sections))
		left -= shown
		more := len(f.Sections) - shown
		f.Sections = f.Sections[:shown]
		files[i] = plannedFile{f, more}
	}
	return files
}

func (p configPages) plan(ctx context.Context, r *request) (response, error) {
	body := configPage{
		Offline: p.site.Settings.AMI == app.NoAsterisk, MaySettings: r.admin.Can(app.SectionSettings), Last: p.runner.Last(),
	}
	var err error
	body.Status, err = p.runner.Status(ctx)
	if err == nil {
		var plan *asteriskconf.Plan
		if plan, err = p.runner.Plan(ctx); err == nil {
			body.Planned, body.Files = true, plannedFiles(plan)
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, err
	case errors.Is(err, fs.ErrNotExist):
		body.Absent = true
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		body.NotInstalled = true
	case err != nil:
		body.Reason, body.Hint = sentence(err.Error()), app.Hint(err)
	}
	return page{Name: "config", Title: "Configuration", Body: body}, nil
}

// start returns the handler that starts a run, and shows its progress. If another
// run is in progress it shows that one.
func (p configPages) start(operation applying.Operation) handler {
	return func(ctx context.Context, r *request) (response, error) {
		err := p.runner.Start(ctx, operation, r.admin.Username)
		if errors.Is(err, store.ErrConflict) {
			return redirect{Path: "/config/run", Flash: sentence(err.Error())}, nil
		}
		return redirect{Path: "/config/run"}, err
	}
}

func (p configPages) askRollback(context.Context, *request) (response, error) {
	return confirmation{
		Title: "Roll back?", Back: "/config", Action: "/config/rollback", Yes: "Roll back",
		Consequences: []string{
			"The previous configuration is restored, checked and verified in the same steps as an apply.",
			"The records stay unchanged, so their changes are pending again. Correct the records before you apply.",
		},
	}.response(formErrors{}), nil
}

// banner says on each page whether there are pending changes.
type banner struct {
	// Tone is the class: "calm", "wait" or "alarm".
	Tone string
	Text string
	// Href and Action are the next step; empty when the administrator cannot take
	// it.
	Href, Action string
}

func (p configPages) banner(ctx context.Context, r *request) (response, error) {
	drawn := p.bannerOf(ctx, r)
	if r.isHTMX() {
		return fragment{"banner", drawn}, nil
	}
	return page{Name: "banner", Title: "Pending changes", Body: drawn}, nil
}

// bannerOf returns nil when there is nothing to show.
func (p configPages) bannerOf(ctx context.Context, r *request) *banner {
	if run := p.runner.Last(); run != nil && !run.Done {
		return applyBanner(r, "wait", "The configuration is being applied.", "/config/run", "Show progress")
	}
	status, err := p.runner.Status(ctx)
	if err != nil {
		return p.errorBanner(ctx, r, err)
	}
	switch {
	case status.Interrupted:
		return applyBanner(r, "alarm", "An apply was interrupted. Recover to complete it or to roll it back.", "/config", "Review and recover")
	case status.Pending && r.admin.Can(ampusers.SectionApply):
		return applyBanner(r, "wait", "There are changes that are not live yet.", "/config", "Review and apply")
	case status.Pending:
		return &banner{Tone: "wait", Text: "There are changes that are not live yet. Ask an administrator with access to Apply."}
	}
	return nil
}

// applyBanner has a link for administrators with access to Apply.
func applyBanner(r *request, tone, text, href, action string) *banner {
	return bannerFor(r, ampusers.SectionApply, tone, text, href, action)
}

func bannerFor(r *request, section, tone, text, href, action string) *banner {
	b := &banner{Tone: tone, Text: text}
	if r.admin.Can(section) {
		b.Href, b.Action = href, action
	}
	return b
}

// errorBanner says why it is unknown whether there are pending changes.
func (p configPages) errorBanner(ctx context.Context, r *request, err error) *banner {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bannerFor(r, app.SectionSettings, "calm", "No Asterisk is connected. Changes are saved but do not go live.", "/settings", "Connect")
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return bannerFor(r, app.SectionSettings, "wait", "Asterisk does not use the accounts of this server yet.", "/settings/install", "Connect Asterisk")
	default: // the page says why, to administrators who can see it
		p.log.WarnContext(ctx, "status of the configuration failed", "error", err)
		return applyBanner(r, "alarm", "The configuration status is unavailable.", "/config", "Show details")
	}
}
