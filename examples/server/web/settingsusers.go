package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

// mailSettings are the part Mail of the settings.
type mailSettings struct {
	app.MailStatus

	Problems []problem
	Settings []setting
	To       field
	// Delivery is what came of a test mail; nil when none was sent.
	Delivery *userman.Delivery
}

// directorySettings are one directory in the settings.
type directorySettings struct {
	app.DirectoryState

	// Sync is the page of it; empty where the visitor may not see it.
	Sync string
	// Tested is how a test went; nil when there was none.
	Tested *testedDirectory
}

// testedDirectory is how the test of a directory went; an empty problem is
// that all is well.
type testedDirectory struct{ Problem string }

func (v *pageHandler) mailSettings(delivery *userman.Delivery, errs formErrors) mailSettings {
	const label = "Send test email to"
	m := mailSettings{
		MailStatus: v.site.MailStatus(), Delivery: delivery, Problems: errs.summary(map[string]string{"to": label}),
		To: field{
			Name: "to", Label: label, Value: v.form().Get("to"), Type: "email", Autocomplete: "email", Required: true,
			Errors: errs.forField("to"), Hint: "Your own address, to check that email arrives.",
		},
	}
	m.Settings = []setting{
		newSetting("Mail server", orDefault(m.Server, "none"), "smtp", "SMTP"),
		newSetting("Sender", orDefault(m.From, "none"), "smtp-from", "SMTP_FROM"),
		newSetting("Connection security", orDefault(m.Security, "none"), "smtp-security", "SMTP_SECURITY"),
		newSetting("Public URL", orDefault(m.BaseURL, "not set"), "base-url", "BASE_URL"),
		newSetting("Default email language", orDefault(v.site.Settings.Users.Language, "en"), "language", "LANGUAGE"),
		newSetting("Email templates folder", orDefault(v.site.Settings.Users.MailTemplates, "Built-in"), "mail-templates", "MAIL_TEMPLATES"),
	}
	return m
}

func (v *pageHandler) directorySettings() ([]directorySettings, error) {
	states, err := v.site.Directories(v.r.Context())
	if err != nil {
		return nil, err
	}
	all := make([]directorySettings, len(states))
	for i, state := range states {
		all[i].DirectoryState = state
		if v.admin.Can(app.SectionUsers) && v.isUnrestricted() && state.Capabilities.Sync {
			all[i].Sync = directoryPath(state.Name)
		}
	}
	return all, nil
}

// settingsTestMail sends a test mail.
func (v *pageHandler) settingsTestMail() error {
	delivery, err := v.site.SendTestMail(v.r.Context(), v.form().Get("to"))
	errs, isFormError := formErrorsOf(err)
	if err != nil && !isFormError {
		return err
	}
	if v.isHTMX() {
		if isFormError {
			delivery = &userman.Delivery{Status: userman.DeliveryRejected, Message: joinList(errs.forField("to"))}
		}
		return v.renderFragment("maildelivery", delivery)
	}
	page, err := v.settingsPage(nil)
	if err != nil {
		return err
	}
	page.Mail = v.mailSettings(delivery, errs)
	return v.renderStatus(max(errs.status, http.StatusOK), "settings", "Settings", page)
}

// settingsTestDirectory tries to read a directory.
func (v *pageHandler) settingsTestDirectory() error {
	name := v.r.PathValue("directory")
	problem, err := v.site.CheckDirectory(v.r.Context(), name)
	if err != nil {
		return err
	}
	tested := &testedDirectory{problem}
	if v.isHTMX() {
		return v.renderFragment("directorytested", tested)
	}
	page, err := v.settingsPage(nil)
	if err != nil {
		return err
	}
	for i := range page.Directories {
		if page.Directories[i].Name == name {
			page.Directories[i].Tested = tested
		}
	}
	return v.render("settings", "Settings", page)
}
