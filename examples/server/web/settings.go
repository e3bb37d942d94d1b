package web

import (
	"cmp"
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// settingsPages are the pages of the settings.
type settingsPages struct{ *pages }

func (p settingsPages) routes() []route {
	const section, settings, install = app.SectionSettings, "/settings", "/settings/install"
	return []route{
		get(settings, section, p.show), post(settings+"/test", section, p.testConnection), post(settings+"/mail", section, p.testMail),
		post(settings+"/directories/{directory}", section, p.testDirectory), get(install, section, p.installPlan), post(install, section, p.install),
	}
}

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

func (p settingsPages) show(ctx context.Context, r *request) (response, error) {
	body, err := p.settings(ctx, r)
	return page{Name: "settings", Title: "Settings", Body: body}, err
}

func (p settingsPages) settings(ctx context.Context, r *request) (settingsPage, error) {
	s := p.site.Settings
	directories, err := p.directories(ctx, r)
	return settingsPage{
		BaseURL: p.baseURL, Mail: p.mail(r, nil, formErrors{}), Directories: directories,
		Settings: []setting{
			newSetting("Asterisk configuration folder", s.ConfDir, "conf-dir", "CONF_DIR"),
			newSetting("AMI address", cmp.Or(s.AMI, "from manager.conf"), "ami", "AMI"),
			newSetting("AMI account for applying", s.AMIUser, "ami-user", "AMI_USER"),
			newSetting("Database", s.DB, "db", "DB"),
		},
	}, err
}

func newSetting(label, value, flag, variable string) setting {
	return setting{Label: label, Value: value, Flag: "--" + flag, Variable: "PBXUSERS_" + variable, Key: flag}
}

// testConnection tries to log in to Asterisk.
func (p settingsPages) testConnection(ctx context.Context, r *request) (response, error) {
	tested, err := p.site.CheckConnection(ctx)
	if err != nil {
		return nil, err
	}
	if r.isHTMX() {
		return fragment{"connection", tested}, nil
	}
	body, err := p.settings(ctx, r)
	body.Connection = tested
	return page{Name: "settings", Title: "Settings", Body: body}, err
}

// installPage is the page /settings/install.
type installPage struct {
	Problems []problem
	// Plan is nil when it cannot be created.
	Plan *asteriskconf.Installation
	// Reason says why, and Hint how to solve it.
	Reason, Hint string
	MayApply     bool
	// Report is that of the first apply.
	Report *asteriskconf.Report
	// Blocked says that the files are installed, but an obstacle prevents the
	// first apply.
	Blocked bool
	User    string
}

func (p settingsPages) installPlan(ctx context.Context, r *request) (response, error) {
	body := installPage{MayApply: r.admin.Can(ampusers.SectionApply), User: p.site.Settings.AMIUser}
	plan, err := p.site.PlanInstall(ctx)
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		body.Reason, body.Hint = sentence(err.Error()), app.Hint(err)
	}
	body.Plan = plan
	return page{Name: "install", Title: "Connect Asterisk", Body: body}, nil
}

// install ends with the first apply, and so needs access to Apply as well.
func (p settingsPages) install(ctx context.Context, r *request) (response, error) {
	if _, err := p.sessions.Require(ctx, ampusers.SectionApply); err != nil {
		return nil, err
	}
	installed, err := p.site.Install(ctx, r.PostForm["fix"]...)
	p.jobs.InvalidateStatus()
	if ctx.Err() != nil {
		return nil, err
	}
	body := installPage{MayApply: true, User: p.site.Settings.AMIUser}
	if installed != nil {
		body.Plan, body.Report = installed.Installation, installed.Report
	}
	answer := page{Name: "install", Title: "Asterisk is connected", Body: &body}
	if body.Blocked = err == nil && body.Report == nil; err != nil || body.Blocked {
		answer.Status, answer.Title = http.StatusConflict, "Asterisk is not connected"
	}
	if err != nil {
		body.Reason, body.Hint = sentence(err.Error()), app.Hint(err)
	}
	return answer, nil
}
