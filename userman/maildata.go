package userman

import (
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/userman/permission"
)

// MailData is what the templates of mails may use.
type MailData struct {
	// Product is the product's name, and BaseURL where it is reached.
	Product string
	BaseURL string
	// Name is how the person is called; FirstName may be empty.
	Name      string
	FirstName string
	Username  string
	// DefaultExtension may be empty.
	DefaultExtension string
	// Link is where the password is set; it works until ValidUntil, in the
	// time zone of the person. Empty for people whose directory keeps the
	// password.
	Link       string
	ValidUntil time.Time
	// ActivationLink is where a softphone is set up; empty when there is none
	// to be, and NoActivation then says why when the person is permitted it.
	ActivationLink string
	NoActivation   string
	// Services are those that the person may log in to, such as "xmpp".
	Services []string
}

// portalService is the portal's name among the services.
var portalService, _, _ = strings.Cut(permission.PortalLogin, ".")

// Portal reports whether the person may log in to the portal, which is at
// BaseURL.
func (d MailData) Portal() bool { return slices.Contains(d.Services, portalService) }

// OtherServices returns the services but the portal, by the names that people
// know them by, such as "XMPP".
func (d MailData) OtherServices() []string {
	var names []string
	for _, service := range d.Services {
		if service == portalService {
			continue
		}
		if name, ok := map[string]string{"xmpp": "XMPP", "isymphony": "iSymphony", "xactview": "XactView"}[service]; ok {
			service = name
		}
		names = append(names, service)
	}
	return names
}

// sampleData are data to try templates with: of somebody with everything, of
// somebody whose directory keeps the password, and of a softphone that cannot
// be.
func sampleData() []MailData {
	full := MailData{
		Product: "ACME Telephony", BaseURL: "https://pbx.example.com", Name: "Jane Doe", FirstName: "Jane", Username: "jane",
		DefaultExtension: "1001", Link: "https://pbx.example.com" + SetPasswordPath + previewToken,
		ValidUntil:     time.Date(2026, time.March, 1, 9, 4, 0, 0, time.UTC),
		ActivationLink: "https://pbx.example.com" + ActivationPath + previewToken, Services: []string{portalService, "xmpp"},
	}
	unactivatable := full
	unactivatable.ActivationLink, unactivatable.NoActivation = "", "there is no default extension"
	return []MailData{full, unactivatable, {Product: "ACME Telephony", Name: "jane", Username: "jane"}}
}

// previewToken is of the length of a token, and none: a preview shows it.
const previewToken = "this-is-a-preview-and-the-link-does-nothing" //nolint:gosec // G101: it is no credential
