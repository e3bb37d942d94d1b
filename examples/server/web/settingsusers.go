package web

import (
	"cmp"
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

// mailSettings is the section Mail of the settings.
type mailSettings struct {
	app.MailStatus

	Problems []problem
	Settings []setting
	To       formField
	// Delivery is the result of a test mail; nil when none was sent.
	Delivery *userman.Delivery
}

// directorySettings are one directory in the settings.
type directorySettings struct {
	app.DirectoryState

	// Sync is the page of the directory; empty when the administrator cannot see
	// it.
	Sync string
	// Tested is the result of a test; nil without one.
	Tested *testedDirectory
}

// testedDirectory is the result of the test of a directory. Problem is empty when
// it succeeded.
type testedDirectory struct{ Problem string }

func (p settingsPages) mail(r *request, delivery *userman.Delivery, errs formErrors) mailSettings {
	m := mailSettings{MailStatus: p.site.MailStatus(), Delivery: delivery, To: formField{
		Name: "to", Label: "Send test email to", Value: r.form("to"), Type: "email", Autocomplete: "email", Required: true,
		Hint: "Your own address, to check that email arrives.",
	}}
	m.Problems = errs.mark(&m.To)
	m.Settings = []setting{
		newSetting("Mail server", cmp.Or(m.Server, "none"), "smtp", "SMTP"),
		newSetting("Sender", cmp.Or(m.From, "none"), "smtp-from", "SMTP_FROM"),
		newSetting("Connection security", cmp.Or(m.Security, "none"), "smtp-security", "SMTP_SECURITY"),
		newSetting("Public URL", cmp.Or(m.BaseURL, "not set"), "base-url", "BASE_URL"),
		newSetting("Default email language", cmp.Or(p.site.Settings.Users.Language, "en"), "language", "LANGUAGE"),
		newSetting("Email templates folder", cmp.Or(p.site.Settings.Users.MailTemplates, "Built-in"), "mail-templates", "MAIL_TEMPLATES"),
	}
	return m
}

func (p settingsPages) directories(ctx context.Context, r *request) ([]directorySettings, error) {
	states, err := p.site.Directories(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]directorySettings, len(states))
	for i, state := range states {
		all[i].DirectoryState = state
		if r.admin.Can(app.SectionUsers) && p.isUnrestricted(ctx) && state.Capabilities.Sync {
			all[i].Sync = directoryPath(state.Name)
		}
	}
	return all, nil
}

// testMail sends a test mail.
func (p settingsPages) testMail(ctx context.Context, r *request) (response, error) {
	delivery, err := p.site.SendTestMail(ctx, r.form("to"))
	errs, isFormError := formErrorsOf(err)
	if err != nil && !isFormError {
		return nil, err
	}
	if r.isHTMX() {
		if isFormError {
			delivery = &userman.Delivery{Status: userman.DeliveryRejected, Message: strings.Join(errs.forField("to"), ", ")}
		}
		return fragment{"maildelivery", delivery}, nil
	}
	body, err := p.settings(ctx, r)
	body.Mail = p.mail(r, delivery, errs)
	return formPage(errs, "settings", "Settings", body), err
}

// testDirectory tries to read a directory.
func (p settingsPages) testDirectory(ctx context.Context, r *request) (response, error) {
	name := r.PathValue("directory")
	problem, err := p.site.CheckDirectory(ctx, name)
	if err != nil {
		return nil, err
	}
	tested := &testedDirectory{problem}
	if r.isHTMX() {
		return fragment{"directorytested", tested}, nil
	}
	body, err := p.settings(ctx, r)
	for i := range body.Directories {
		if body.Directories[i].Name == name {
			body.Directories[i].Tested = tested
		}
	}
	return page{Name: "settings", Title: "Settings", Body: body}, err
}
