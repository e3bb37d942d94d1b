package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/userman"
)

// mailSettings are the part Mail of the settings.
type mailSettings struct {
	site.Mail

	Problems []problem
	Settings []setting
	To       field
	// Delivery is what came of a test mail; nil when none was sent.
	Delivery *userman.Delivery
}

// directorySettings are one directory in the settings.
type directorySettings struct {
	site.DirectoryState

	// Sync is the page of it; empty where the visitor may not see it.
	Sync string
	// Tested is how a test went; nil when there was none.
	Tested *testedDirectory
}

// testedDirectory is how the test of a directory went; an empty problem is
// that all is well.
type testedDirectory struct{ Problem string }

func (v *visit) mailSettings(delivery *userman.Delivery, errs refusals) mailSettings {
	const label = "Send a test mail to"
	m := mailSettings{
		Mail: v.site.Mail(), Delivery: delivery, Problems: errs.summary(map[string]string{"to": label}),
		To: field{
			Name: "to", Label: label, Value: v.form().Get("to"), Type: "email", Autocomplete: "email", Required: true,
			Errors: errs.on("to"), Hint: "An address of yours, to see whether mails arrive.",
		},
	}
	m.Settings = []setting{
		newSetting("Mail server", orWords(m.Server, "none"), "smtp", "SMTP"),
		newSetting("Sender", orWords(m.From, "none"), "smtp-from", "SMTP_FROM"),
		newSetting("Security of the connection", orWords(m.Security, "none"), "smtp-security", "SMTP_SECURITY"),
		newSetting("Address of links", orWords(m.BaseURL, "not known"), "base-url", "BASE_URL"),
		newSetting("Language of mails to people who have none", orWords(v.site.Settings.People.Language, "en"), "language", "LANGUAGE"),
		newSetting("Folder of mail templates", orWords(v.site.Settings.People.MailTemplates, "those of the program"), "mail-templates", "MAIL_TEMPLATES"),
	}
	return m
}

func (v *visit) directorySettings() ([]directorySettings, error) {
	states, err := v.site.Directories(v.r.Context())
	if err != nil {
		return nil, err
	}
	all := make([]directorySettings, len(states))
	for i, state := range states {
		all[i].DirectoryState = state
		if v.visitor.Can(site.SectionPeople) && v.reachesEverybody() && state.Abilities.Sync {
			all[i].Sync = directoryPath(state.Name)
		}
	}
	return all, nil
}

// settingsTestMail sends a test mail.
func (v *visit) settingsTestMail() error {
	delivery, err := v.site.TestMail(v.r.Context(), v.form().Get("to"))
	errs, refused := refusalsOf(err)
	if err != nil && !refused {
		return err
	}
	if v.partial() {
		if refused {
			delivery = &userman.Delivery{Status: userman.Refused, Message: list(errs.on("to"))}
		}
		return v.showPart("maildelivery", delivery)
	}
	page, err := v.settingsPage(nil)
	if err != nil {
		return err
	}
	page.Mail = v.mailSettings(delivery, errs)
	return v.showStatus(max(errs.status, http.StatusOK), "settings", "Settings", page)
}

// settingsTestDirectory tries to read a directory.
func (v *visit) settingsTestDirectory() error {
	name := v.r.PathValue("directory")
	problem, err := v.site.TestDirectory(v.r.Context(), name)
	if err != nil {
		return err
	}
	tested := &testedDirectory{problem}
	if v.partial() {
		return v.showPart("directorytested", tested)
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
	return v.show("settings", "Settings", page)
}
