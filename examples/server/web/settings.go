package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

// settingsPages are the pages of the settings, one for each section.
type settingsPages struct{ *pages }

func (p settingsPages) routes() []route {
	const section, install = app.SectionSettings, "/settings/install"
	routes := []route{
		get("/settings", section, p.show(settingsSections()[0])),
		get(app.ConfirmURLPath, section, p.askPublicURL), post(app.ConfirmURLPath, section, p.confirmPublicURL),
		get(install, section, p.installPlan), post(install, section, p.install),
	}
	for _, s := range settingsSections() {
		routes = append(routes, get(s.Path(), section, p.show(s)), post(s.Path(), section, p.save(s)))
		if s.Test != "" {
			routes = append(routes, post(s.Path()+"/test", section, p.test(s)))
		}
	}
	return routes
}

// settingsSection is a page of settings. Slug is the end of its address, and Section that
// of the settings.
type settingsSection struct{ Slug, Section, Test string }

// settingsSections returns the pages of settings. Those with a Test have a button of
// this label.
func settingsSections() []settingsSection {
	return []settingsSection{
		{"general", app.SettingsGeneral, ""}, {"mail", app.SettingsMail, "Send test email"}, {"directory", app.SettingsDirectory, "Test connection"},
		{"asterisk", app.SettingsAsterisk, "Test connection"}, {"sign-in", app.SettingsSignIn, ""},
	}
}

// Path is the address of the page.
func (s settingsSection) Path() string { return "/settings/" + s.Slug }

// settingsPage is a page of settings.
type settingsPage struct {
	settingsSection

	// All are the pages to choose from.
	All []settingsSection
	// Form has the settings of the section. It has no button if none can be changed.
	Form form
	// Attributes are the fields of a user and the attributes of the directory.
	Attributes []attributeField
	// ReadOnly says that the administrator cannot change settings.
	ReadOnly bool
	// Technical are the settings that only the server has.
	Technical []app.Setting
	// Notice says why the saved settings are not in effect.
	Notice string
	// PendingURL is a public URL to confirm, and PublicURL the one in effect.
	PendingURL, PublicURL string
	Mail                  *app.MailStatus
	To                    formField
	Tested                *settingsTest
	// Directories are the directories in use, MaySync says that the administrator can
	// see their pages, and Schedule is the schedule of the syncs; nil without one.
	Directories []app.DirectoryState
	MaySync     bool
	Schedule    *app.SyncSchedule
}

// settingsTest is the result of a test.
type settingsTest struct {
	Problems   []problem
	Connection *app.Connection
	Delivery   *userman.Delivery
	Directory  *app.DirectoryTest
}

func (p settingsPages) show(section settingsSection) handler {
	return func(ctx context.Context, r *request) (response, error) {
		return p.page(ctx, r, section, nil, nil, formErrors{})
	}
}

// page shows the settings of a section, with typed values and the result of a test, if
// there are any.
func (p settingsPages) page(ctx context.Context, r *request, section settingsSection, typed *settingsForm, tested *settingsTest, errs formErrors) (response, error) {
	all, revision, err := p.site.AllSettings(ctx)
	if err != nil {
		return nil, err
	}
	if typed == nil {
		typed = newSettingsForm(all)
	}
	body := settingsPage{
		settingsSection: section, All: settingsSections(), PublicURL: p.baseURL(), PendingURL: p.site.Current().PendingURL, Tested: tested,
	}
	mayEdit := r.admin.Access == ampusers.Full
	body.Form, body.Attributes, body.Technical = typed.draw(sectionSettings(all, section), mayEdit, errs)
	body.Form.Version, body.Form.Action = strconv.FormatInt(revision, 10), section.Path()
	if problem := p.site.SettingsProblem(); problem != nil {
		body.Notice = problem.Error()
	}
	body.ReadOnly = !mayEdit
	if mayEdit && slices.ContainsFunc(sectionSettings(all, section), app.Setting.Editable) {
		body.Form.Submit = "Save"
	}
	return p.complete(ctx, r, &body, errs)
}

// complete adds what a single section shows.
func (p settingsPages) complete(ctx context.Context, r *request, body *settingsPage, errs formErrors) (response, error) {
	var err error
	switch body.Section {
	case app.SettingsMail:
		status := p.site.MailStatus()
		body.Mail = &status
		body.To = formField{
			Name: "to", Label: "Send test email to", Value: r.form("to"), Type: "email", Autocomplete: "email", Hint: "Your own address, to check that email arrives.", Errors: errs.forField("to"),
		}
	case app.SettingsDirectory:
		body.MaySync = r.admin.Can(app.SectionUsers) && p.isUnrestricted(ctx)
		if body.Directories, err = p.site.Directories(ctx); err == nil {
			body.Schedule, err = p.site.SyncSchedule(ctx, time.Now())
		}
	}
	return formPage(errs, "settings", body.Section+" settings", *body), err
}

// sectionSettings returns the settings of a section.
func sectionSettings(all []app.Setting, section settingsSection) []app.Setting {
	return slices.DeleteFunc(slices.Clone(all), func(s app.Setting) bool { return s.Section != section.Section })
}

// typedSettings is a form that an administrator has sent.
type typedSettings struct {
	*settingsForm

	changes settings.Changes
	// err is the error of values that cannot be read.
	err error
}

// readSettings authorizes the administrator, and reads the form of a section.
func (p settingsPages) readSettings(ctx context.Context, r *request, section settingsSection) (*typedSettings, error) {
	if err := p.site.AuthorizeSettings(ctx, r.admin); err != nil {
		return nil, err
	}
	all, _, err := p.site.AllSettings(ctx)
	if err != nil {
		return nil, err
	}
	typed, changes, fields := readSettingsForm(r, sectionSettings(all, section))
	return &typedSettings{typed, changes, store.NewInvalidError(fields...)}, nil
}

// save returns the handler that saves the settings of a section.
func (p settingsPages) save(section settingsSection) handler {
	return func(ctx context.Context, r *request) (response, error) {
		typed, err := p.readSettings(ctx, r, section)
		if err != nil {
			return nil, err
		}
		if err = typed.err; err == nil {
			revision, _ := strconv.ParseInt(r.form("version"), 10, 64) // another text is no revision
			err = p.site.SaveSettings(ctx, revision, typed.changes)
		}
		if err != nil {
			return onFormErrors(err, func(errs formErrors) (response, error) { return p.page(ctx, r, section, typed.settingsForm, nil, errs) })
		}
		p.jobs.InvalidateStatus()
		flash := "Saved. The settings are in effect."
		if p.site.Current().PendingURL != "" && section.Section == app.SettingsGeneral {
			flash = "Saved. Confirm the new public URL at its own address."
		}
		return redirect{Path: section.Path(), Flash: flash}, nil
	}
}

// test returns the handler that tests what is typed, without saving it.
func (p settingsPages) test(section settingsSection) handler {
	return func(ctx context.Context, r *request) (response, error) {
		typed, err := p.readSettings(ctx, r, section)
		if err != nil {
			return nil, err
		}
		result := &settingsTest{}
		if err = typed.err; err == nil {
			err = p.run(ctx, r, section, typed.changes, result)
		}
		show := func(errs formErrors) (response, error) {
			if r.isHTMX() {
				result.Problems = errs.summary(typed.labels)
				return fragment{"settingstest", result}, nil
			}
			return p.page(ctx, r, section, typed.settingsForm, result, errs)
		}
		if err != nil {
			return onFormErrors(err, show)
		}
		return show(formErrors{})
	}
}

// run runs the test of a section.
func (p settingsPages) run(ctx context.Context, r *request, section settingsSection, changes settings.Changes, result *settingsTest) (err error) {
	switch section.Section {
	case app.SettingsMail:
		result.Delivery, err = p.site.TestMail(ctx, changes, r.form("to"))
	case app.SettingsDirectory:
		result.Directory, err = p.site.TestDirectory(ctx, changes)
	case app.SettingsAsterisk:
		result.Connection, err = p.site.TestAsterisk(ctx, changes)
	}
	return err
}

// publicURLPage is the page that confirms a new public URL.
type publicURLPage struct {
	PendingURL, PublicURL, ConfirmPath string
	// Here says that the page was opened at the new URL.
	Here     bool
	Problems []problem
}

func (p settingsPages) askPublicURL(_ context.Context, r *request) (response, error) {
	return p.publicURLPage(r, formErrors{})
}

func (p settingsPages) publicURLPage(r *request, errs formErrors) (response, error) {
	body := publicURLPage{PendingURL: p.site.Current().PendingURL, PublicURL: p.baseURL(), ConfirmPath: app.ConfirmURLPath, Problems: errs.summary(nil)}
	if pending, err := app.ParseBaseURL(body.PendingURL); err == nil {
		body.Here = strings.EqualFold(pending.Host, r.Host)
	}
	return formPage(errs, "publicurl", "Confirm the public URL", body), nil
}

// confirmPublicURL confirms the new public URL, or drops it.
func (p settingsPages) confirmPublicURL(ctx context.Context, r *request) (response, error) {
	if err := p.site.AuthorizeSettings(ctx, r.admin); err != nil {
		return nil, err
	}
	flash := "The public URL is in effect."
	change := func() error { return p.site.ConfirmPublicURL(ctx, r.Header.Get("Origin")) }
	if r.form("do") == "discard" {
		flash, change = "The new public URL was discarded.", func() error { return p.site.DiscardPublicURL(ctx) }
	}
	if err := change(); err != nil {
		return onFormErrors(err, func(errs formErrors) (response, error) { return p.publicURLPage(r, errs) })
	}
	return redirect{Path: settingsSections()[0].Path(), Flash: flash}, nil
}

// installPage is the page /settings/install.
type installPage struct {
	asterisk.InstallResult

	// Err says why there is no installation.
	Err error
	// Blocked says that the files are installed, but an obstacle prevents the
	// first apply.
	Blocked bool
	User    string
	// Accounts are the enabled AMI accounts, which go live with the first apply. More
	// says that there are others.
	Accounts []accountState
	More     bool
}

func (p settingsPages) installPlan(ctx context.Context, _ *request) (response, error) {
	body := installPage{User: p.site.Current().AMIUser}
	body.Installation, body.Err = p.site.Host().PlanInstall(ctx)
	if ctx.Err() != nil {
		return nil, body.Err
	}
	list, err := p.site.AMIAccounts.List(ctx, manager.Query{})
	if err != nil {
		return nil, err
	}
	for _, one := range list.Items {
		if !one.Disabled {
			body.Accounts = append(body.Accounts, accountState{Account: one})
		}
	}
	body.More = list.Next != ""
	return page{Name: "install", Title: "Connect Asterisk", Body: body}, nil
}

// install ends with the first apply, and so needs access to Apply as well.
func (p settingsPages) install(ctx context.Context, r *request) (response, error) {
	if _, err := p.sessions.Require(ctx, ampusers.SectionApply); err != nil {
		return nil, err
	}
	body := installPage{User: p.site.Current().AMIUser}
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
