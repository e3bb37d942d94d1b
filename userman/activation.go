package userman

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store"
)

// Activation is what a softphone is given.
type Activation struct {
	Username string      `json:"username"`
	Account  *SIPAccount `json:"account"`
}

// JSON returns the account, its secret included, for a softphone of the
// product's own.
func (a *Activation) JSON() ([]byte, error) {
	type account struct {
		SIPAccount

		Secret string `json:"secret"`
	}
	return json.Marshal(struct {
		Username string  `json:"username"`
		Account  account `json:"account"`
	}{a.Username, account{*a.Account, a.Account.Secret.Reveal()}})
}

// registerExpiry is how long a softphone registers for, in seconds: the default
// of Linphone.
const registerExpiry = "3600"

// Linphone returns a remote provisioning document for Linphone: its lpconfig
// XML, with proxy_0 and auth_info_0. It has Linphone ask for it this once, and
// replaces the first account that is set up there. There is no realm in it:
// Linphone then answers whatever realm the registrar names. A
// [store.ConflictError] when the account cannot be written there.
func (a *Activation) Linphone() ([]byte, error) {
	account := a.Account
	if err := account.validate(); err != nil {
		return nil, err
	}
	proxy := "<" + account.registrar() + ">"
	document := lpconfig{Sections: []lpsection{
		newLPSection("misc", "transient_provisioning", "1"),
		newLPSection("sip", "default_proxy", "0"),
		newLPSection("auth_info_0",
			"username", account.Username, "userid", account.AuthUsername,
			"passwd", account.Secret.Reveal(), "domain", account.Domain),
		newLPSection("proxy_0",
			"reg_proxy", proxy, "reg_route", proxy, "reg_identity", account.identity(),
			"reg_expires", registerExpiry, "reg_sendregister", "1"),
	}}
	text, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing a provisioning document: %w", err)
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

// lpconfig is the document of Linphone's lpconfig.xsd: a file of sections and
// keys, as XML.
type lpconfig struct {
	XMLName  xml.Name    `xml:"http://www.linphone.org/xsds/lpconfig.xsd config"`
	Sections []lpsection `xml:"section"`
}

type lpsection struct {
	Name    string    `xml:"name,attr"`
	Entries []lpentry `xml:"entry"`
}

type lpentry struct {
	Name      string `xml:"name,attr"`
	Overwrite bool   `xml:"overwrite,attr"`
	Value     string `xml:",chardata"`
}

// newLPSection returns a section of pairs of a key and its value, which replace what
// the softphone has.
func newLPSection(name string, pairs ...string) lpsection {
	s := lpsection{Name: name}
	for i := 0; i+1 < len(pairs); i += 2 {
		s.Entries = append(s.Entries, lpentry{Name: pairs[i], Overwrite: true, Value: pairs[i+1]})
	}
	return s
}

// validate refuses an account that cannot stand in a file of lines, as which
// Linphone keeps what it is given; nor in XML.
func (a *SIPAccount) validate() error {
	for _, field := range []struct{ name, value string }{
		{"username", a.Username}, {"auth_username", a.AuthUsername}, {"secret", a.Secret.Reveal()}, {"domain", a.Domain}, {"transport", a.Transport},
	} {
		if !utf8.ValidString(field.value) || strings.ContainsFunc(field.value, unicode.IsControl) {
			return &store.ConflictError{Reason: "the " + field.name + " of the SIP account holds control characters, or no text; change it first"}
		}
	}
	return nil
}

// registrar returns the SIP URI of the registrar.
func (a *SIPAccount) registrar() string {
	return "sip:" + a.host() + ";transport=" + url.PathEscape(a.Transport)
}

// identity returns the address that the softphone calls from (RFC 3261, section
// 20.10): in quotes stands the name, as long as it is one.
func (a *SIPAccount) identity() string {
	address := "<sip:" + escapeUser(a.Username) + "@" + a.domain() + ">"
	name := sanitizeLine(a.DisplayName)
	if name == "" {
		return address
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + address
}

// escapeUser returns a name as it stands before the @ of a SIP URI.
func escapeUser(name string) string {
	return strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// domain returns the host as it stands in a URI: IPv6 in brackets.
func (a *SIPAccount) domain() string {
	if ip := net.ParseIP(a.Domain); ip != nil && ip.To4() == nil {
		return "[" + a.Domain + "]"
	}
	return url.PathEscape(a.Domain)
}

// host returns the domain with the port, unless it is left to DNS.
func (a *SIPAccount) host() string {
	if a.Port == 0 {
		return a.domain()
	}
	return a.domain() + ":" + strconv.Itoa(a.Port)
}
