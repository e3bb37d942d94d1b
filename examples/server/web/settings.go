package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// setting is one line of the settings, and where it can be changed.
type setting struct{ Label, Value, Flag, Variable, Key string }

// settingsPage is the page /settings.
type settingsPage struct {
	Settings []setting
	// Connection is nil until it is tested.
	Connection  *app.Connection
	Mail        mailSettings
	Directories []directorySettings
	BaseURL     string
}

func (v *pageHandler) settings() error { return v.renderSettings(nil) }

func (v *pageHandler) renderSettings(tested *app.Connection) error {
	page, err := v.settingsPage(tested)
	if err != nil {
		return err
	}
	return v.render("settings", "Settings", page)
}

func (v *pageHandler) settingsPage(tested *app.Connection) (settingsPage, error) {
	s := v.site.Settings
	directories, err := v.directorySettings()
	return settingsPage{
		Connection: tested, BaseURL: v.baseURL, Mail: v.mailSettings(nil, formErrors{}), Directories: directories,
		Settings: []setting{
			newSetting("Asterisk configuration folder", s.ConfDir, "conf-dir", "CONF_DIR"),
			newSetting("AMI address", orDefault(s.AMI, "from manager.conf"), "ami", "AMI"),
			newSetting("AMI account for applying", s.AMIUser, "ami-user", "AMI_USER"),
			newSetting("Database", s.DB, "db", "DB"),
		},
	}, err
}

func newSetting(label, value, flag, variable string) setting {
	return setting{Label: label, Value: value, Flag: "--" + flag, Variable: "PBXUSERS_" + variable, Key: flag}
}

func orDefault(value, words string) string {
	if value == "" {
		return words
	}
	return value
}

// settingsTest tries to log in to Asterisk.
func (v *pageHandler) settingsTest() error {
	tested, err := v.site.CheckConnection(v.r.Context())
	if err != nil {
		return err
	}
	if v.isHTMX() {
		return v.renderFragment("connection", tested)
	}
	return v.renderSettings(tested)
}

// installPage is the page /settings/install.
type installPage struct {
	Problems []problem
	// Plan is nil when it cannot be made.
	Plan *asteriskconf.Installation
	// Reason says why, and Hint what to do.
	Reason, Hint string
	MayApply     bool
	// Report is that of the first apply.
	Report *asteriskconf.Report
	// Blocked says that the files are installed, and that an obstacle keeps
	// them from being applied.
	Blocked bool
	User    string
}

func (v *pageHandler) installPlan() error {
	page := installPage{MayApply: v.admin.Can(ampusers.SectionApply), User: v.site.Settings.AMIUser}
	plan, err := v.site.PlanInstall(v.r.Context())
	if v.r.Context().Err() != nil {
		return err
	}
	if err != nil {
		page.Reason, page.Hint = sentence(err.Error()), app.Hint(err)
	}
	page.Plan = plan
	return v.render("install", "Connect Asterisk", page)
}

// install ends with the first apply, and so needs that grant as well.
func (v *pageHandler) install() error {
	if _, err := v.sessions.Require(v.r.Context(), ampusers.SectionApply); err != nil {
		return err
	}
	installed, err := v.site.Install(v.r.Context(), v.form()["fix"]...)
	v.runner.InvalidateStatus()
	if v.r.Context().Err() != nil {
		return err
	}
	page := installPage{MayApply: true, User: v.site.Settings.AMIUser}
	if installed != nil {
		page.Plan, page.Report = installed.Installation, installed.Report
	}
	if err != nil {
		page.Reason, page.Hint = sentence(err.Error()), app.Hint(err)
		return v.renderStatus(http.StatusConflict, "install", "Asterisk is not connected", page)
	}
	page.Blocked = page.Report == nil
	if page.Blocked {
		return v.renderStatus(http.StatusConflict, "install", "Asterisk is not connected", page)
	}
	return v.render("install", "Asterisk is connected", page)
}
