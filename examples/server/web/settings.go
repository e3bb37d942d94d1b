package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/userman"
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

// settingsPage is the page /settings.
type settingsPage struct {
	app.Settings

	// PublicURL is the start of links on pages.
	PublicURL   string
	Mail        app.MailStatus
	Directories []app.DirectoryState
	// MaySync says that the administrator can see the pages of directories.
	MaySync bool
	// To is the field of the form that sends a test mail, and Problems its errors.
	To       formField
	Problems []problem

	// Connection, Delivery and Tested are the results of a test; nil without one.
	// Tested has the directory by its name.
	Connection *app.Connection
	Delivery   *userman.Delivery
	Tested     map[string]*testedDirectory
}

// testedDirectory is the result of the test of a directory. Problem is empty when
// it succeeded.
type testedDirectory struct{ Problem string }

func (p settingsPages) show(ctx context.Context, r *request) (response, error) {
	return p.page(ctx, r, settingsPage{}, formErrors{})
}

// page completes a page that has the result of a test.
func (p settingsPages) page(ctx context.Context, r *request, body settingsPage, errs formErrors) (response, error) {
	body.Settings, body.PublicURL, body.Mail = p.site.Settings, p.baseURL(), p.site.MailStatus()
	body.MaySync = r.admin.Can(app.SectionUsers) && p.isUnrestricted(ctx)
	body.To = formField{
		Name: "to", Label: "Send test email to", Value: r.form("to"), Type: "email", Autocomplete: "email", Required: true,
		Hint: "Your own address, to check that email arrives.",
	}
	body.Problems = errs.mark(&body.To)
	var err error
	body.Directories, err = p.site.Directories(ctx)
	return formPage(errs, "settings", "Settings", body), err
}

// testConnection tries to log in to Asterisk.
func (p settingsPages) testConnection(ctx context.Context, r *request) (response, error) {
	tested, err := p.site.CheckConnection(ctx)
	switch {
	case err != nil:
		return nil, err
	case r.isHTMX():
		return fragment{"connection", tested}, nil
	}
	return p.page(ctx, r, settingsPage{Connection: tested}, formErrors{})
}

// testMail sends a test mail.
func (p settingsPages) testMail(ctx context.Context, r *request) (response, error) {
	delivery, err := p.site.Users.Mails().SendTest(ctx, r.form("to"))
	errs, isFormError := formErrorsOf(err)
	switch {
	case err != nil && !isFormError:
		return nil, err
	case r.isHTMX() && isFormError:
		delivery = &userman.Delivery{Status: userman.DeliveryRejected, Message: strings.Join(append(errs.forField("to"), errs.general...), ", ")}
	}
	if r.isHTMX() {
		return fragment{"maildelivery", delivery}, nil
	}
	return p.page(ctx, r, settingsPage{Delivery: delivery}, errs)
}

// testDirectory tries to read a directory.
func (p settingsPages) testDirectory(ctx context.Context, r *request) (response, error) {
	name := r.PathValue("directory")
	problem, err := p.site.CheckDirectory(ctx, name)
	tested := &testedDirectory{problem}
	switch {
	case err != nil:
		return nil, err
	case r.isHTMX():
		return fragment{"directorytested", tested}, nil
	}
	return p.page(ctx, r, settingsPage{Tested: map[string]*testedDirectory{name: tested}}, formErrors{})
}

// setting is one line of the settings. Key is the name of the flag without dashes.
type setting struct{ Label, Value, Key string }

func newSetting(label, value, key string) setting { return setting{label, value, key} }

// Variable is the environment variable that sets it.
func (s setting) Variable() string { return app.EnvVar(s.Key) }

// installPage is the page /settings/install.
type installPage struct {
	asterisk.InstallResult

	// Err says why there is no installation.
	Err error
	// Blocked says that the files are installed, but an obstacle prevents the
	// first apply.
	Blocked bool
	User    string
}

func (p settingsPages) installPlan(ctx context.Context, _ *request) (response, error) {
	body := installPage{User: p.site.Settings.AMIUser}
	body.Installation, body.Err = p.site.Host().PlanInstall(ctx)
	if ctx.Err() != nil {
		return nil, body.Err
	}
	return page{Name: "install", Title: "Connect Asterisk", Body: body}, nil
}

// install ends with the first apply, and so needs access to Apply as well.
func (p settingsPages) install(ctx context.Context, r *request) (response, error) {
	if _, err := p.sessions.Require(ctx, ampusers.SectionApply); err != nil {
		return nil, err
	}
	body := installPage{User: p.site.Settings.AMIUser}
	var installed *asterisk.InstallResult
	installed, body.Err = p.site.Host().Install(ctx, r.PostForm["fix"]...)
	p.jobs.InvalidateStatus()
	if ctx.Err() != nil {
		return nil, body.Err
	}
	if installed != nil {
		body.InstallResult = *installed
	}
	body.Blocked = body.Err == nil && body.Report == nil
	answer := page{Name: "install", Title: "Asterisk is connected", Body: body}
	if body.Err != nil || body.Blocked {
		answer.Status, answer.Title = http.StatusConflict, "Asterisk is not connected"
	}
	return answer, nil
}
