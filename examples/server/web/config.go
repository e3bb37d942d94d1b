package web

import (
	"errors"
	"io/fs"
	"net/http"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/applying"
	"github.com/pbxusers/pbxusers/store"
)

// configPage is the page /config.
type configPage struct {
	// Planned says that Files are what would change; otherwise Reason says
	// why that is not known.
	Planned bool
	Files   []plannedFile
	Status  *asteriskconf.Status
	// Absent says that there is no configuration folder at all, and
	// NotInstalled that Asterisk does not read our files yet.
	Absent, NotInstalled bool
	Reason, Hint         string
	// Offline says that files are written and nothing is reloaded.
	Offline     bool
	MaySettings bool
	Last        *applying.Run
}

// maxPlannedSections bounds the sections of a plan that the page shows: a first apply
// may bring very many accounts.
const maxPlannedSections = 200

// plannedFile is what would change in one file, as much as the page shows.
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

func (v *pageHandler) configPlan() error {
	page := configPage{
		Offline: v.site.Settings.AMI == app.NoAsterisk, MaySettings: v.admin.Can(app.SectionSettings), Last: v.runner.Last(),
	}
	var err error
	page.Status, err = v.runner.Status(v.r.Context())
	if err == nil {
		var plan *asteriskconf.Plan
		if plan, err = v.runner.Plan(v.r.Context()); err == nil {
			page.Planned, page.Files = true, plannedFiles(plan)
		}
	}
	switch {
	case v.r.Context().Err() != nil:
		return err
	case errors.Is(err, fs.ErrNotExist):
		page.Absent = true
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		page.NotInstalled = true
	case err != nil:
		page.Reason, page.Hint = sentence(err.Error()), app.Hint(err)
	}
	return v.render("config", "Configuration", page)
}

func (v *pageHandler) configApply() error { return v.startApply(applying.Apply) }

func (v *pageHandler) configRollback() error { return v.startApply(applying.Rollback) }

func (v *pageHandler) configRecover() error { return v.startApply(applying.Recover) }

// startApply begins an act, and shows how far it is. Where another one is at work
// that one is shown.
func (v *pageHandler) startApply(act applying.Operation) error {
	err := v.runner.Start(v.r.Context(), act, v.admin.Username)
	if errors.Is(err, store.ErrConflict) {
		return v.redirectWithFlash("/config/run", sentence(err.Error()))
	}
	if err != nil {
		return err
	}
	return v.redirect("/config/run")
}

func (v *pageHandler) configConfirmRollback() error {
	return v.renderConfirmation(http.StatusOK, confirmation{
		Title: "Roll back?", Back: "/config", Action: "/config/rollback", Yes: "Roll back",
		Consequences: []string{
			"The previous configuration is restored, checked and verified in the same steps as an apply.",
			"The records stay unchanged, so their changes are pending again. Correct the records before you apply.",
		},
	})
}
