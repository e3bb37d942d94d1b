package linphone

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// Account is a SIP account that a softphone registers with.
type Account struct {
	Username     string
	AuthUsername string
	Secret       store.Secret
	// Domain is the host of the registrar, and Port its port. A zero Port leaves
	// it to DNS and the transport.
	Domain string
	Port   int
	// Transport is "udp", "tcp" or "tls".
	Transport   string
	DisplayName string
}

// registerExpiry is the lifetime of a registration in seconds, the default of
// Linphone.
const registerExpiry = "3600"

// Document returns the remote provisioning document of an account: lpconfig XML
// with the sections proxy_0 and auth_info_0. Linphone reads it once, and replaces
// its first account. The document names no realm, so Linphone accepts the
// registrar's. Document returns the error of [Account.Validate].
func Document(account *Account) ([]byte, error) {
	if err := account.Validate(); err != nil {
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

// lpconfig is a document of Linphone's lpconfig.xsd: sections of keys, as XML.
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

// newLPSection returns a section of pairs of a key and its value, which overwrite
// the softphone's.
func newLPSection(name string, pairs ...string) lpsection {
	s := lpsection{Name: name}
	for i := 0; i+1 < len(pairs); i += 2 {
		s.Entries = append(s.Entries, lpentry{Name: pairs[i], Overwrite: true, Value: pairs[i+1]})
	}
	return s
}

// Validate returns a [store.ConflictError] if a field of the account contains
// control characters or is not UTF-8: Linphone stores the document in lines.
func (a *Account) Validate() error {
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
func (a *Account) registrar() string {
	return "sip:" + a.host() + ";transport=" + url.PathEscape(a.Transport)
}

// identity returns the address that the softphone calls from, with the display
// name in quotes (RFC 3261, section 20.10).
func (a *Account) identity() string {
	address := "<sip:" + escapeUser(a.Username) + "@" + a.domain() + ">"
	name := validate.SanitizeLine(a.DisplayName)
	if name == "" {
		return address
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + address
}

// escapeUser escapes a name for the user part of a SIP URI.
func escapeUser(name string) string {
	return strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// domain returns the host for a URI, with IPv6 in brackets.
func (a *Account) domain() string {
	if ip := net.ParseIP(a.Domain); ip != nil && ip.To4() == nil {
		return "[" + a.Domain + "]"
	}
	return url.PathEscape(a.Domain)
}

// host returns the domain, with the port if it is set.
func (a *Account) host() string {
	if a.Port == 0 {
		return a.domain()
	}
	return a.domain() + ":" + strconv.Itoa(a.Port)
}
