package usermail

import (
	"slices"
	"time"
)

// Data is the data of the templates.
type Data struct {
	// Product is the name of the product, BaseURL its public URL, and PortalURL the URL
	// where users log in.
	Product   string
	BaseURL   string
	PortalURL string
	// Name is the display name of the user. FirstName may be empty.
	Name      string
	FirstName string
	Username  string
	// DefaultExtension may be empty.
	DefaultExtension string
	// Link is the URL to set the password. It works until ValidUntil, in the
	// time zone of the user. It is empty if a directory keeps the password.
	Link       string
	ValidUntil time.Time
	// ActivationLink is the URL to set up a softphone. If it is empty although
	// the user has the permission, NoActivation is the reason.
	ActivationLink string
	NoActivation   string
	// Services are the services that the user may log in to, such as "xmpp".
	Services []string
}

// portalService is the name of the portal among the services.
const portalService = "portal"

// Portal reports whether the user may log in to the portal at PortalURL.
func (d Data) Portal() bool { return slices.Contains(d.Services, portalService) }

// OtherServices returns the display names of all services except the portal, such
// as "XMPP".
func (d Data) OtherServices() []string {
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

// sampleData returns data to validate templates with: all fields set, no softphone,
// and no optional field.
func sampleData() []Data {
	full := Data{
		Product: "ACME Telephony", BaseURL: "https://pbx.example.com", PortalURL: "https://pbx.example.com/portal", Name: "Jane Doe", FirstName: "Jane", Username: "jane",
		DefaultExtension: "1001", Link: "https://pbx.example.com/set-password/token",
		ValidUntil:     time.Date(2026, time.March, 1, 9, 4, 0, 0, time.UTC),
		ActivationLink: "https://pbx.example.com/activate/token", Services: []string{portalService, "xmpp"},
	}
	unactivatable := full
	unactivatable.ActivationLink, unactivatable.NoActivation = "", "there is no default extension"
	return []Data{full, unactivatable, {Product: "ACME Telephony", Name: "jane", Username: "jane"}}
}
