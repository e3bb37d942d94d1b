package smtpmailer

import (
	"cmp"
	"crypto/tls"
	"net"
	netmail "net/mail"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/pbxusers/pbxusers/store"
)

// maxText is the maximum size of the texts of [Options], in bytes; RFC 5321 allows
// no longer ones.
const maxText = 500

// hostnamePattern matches host names. Non-ASCII names must be in their ASCII form
// (RFC 5891).
var hostnamePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?$`)

// newMailer returns a mailer with options, and the errors of the options.
func newMailer(opts Options) (*Mailer, []store.FieldError) {
	s := server{
		username: opts.Username, password: opts.Password,
		security: cmp.Or(opts.Security, STARTTLS), timeout: defaultTimeout,
	}
	if opts.Timeout > 0 {
		s.timeout = opts.Timeout
	}
	var errs []store.FieldError
	addError := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
	}
	var ok bool
	if s.host, s.port, ok = splitHostPort(opts.Address, defaultPort(s.security)); !ok {
		addError("address", store.CodeAddress, "enter the host of the mail server and optionally a port, such as mail.example.com:587")
	}
	from, ok := parseSender(opts.From)
	if !ok {
		addError("from", store.CodeEmail, "enter the sender address, such as pbx@example.com or ACME Telephony <pbx@example.com>")
	}
	switch {
	case defaultPort(s.security) == 0:
		addError("security", store.CodeOneOf, "choose starttls, tls, none or unprotected")
	case s.security == None && !isLoopback(s.host):
		addError("security", store.CodeUnprotected,
			"none is only for a mail server on this host; choose starttls or tls, or unprotected on a trusted network")
	}
	errs = append(errs, s.validateLogin()...)
	if s.localName = opts.LocalName; s.localName == "" && strings.Contains(from.domain, ".") {
		s.localName = from.domain
	}
	if s.localName != "" && !hostnamePattern.MatchString(s.localName) {
		addError("local_name", store.CodeAddress, "write the fully qualified name of this host, such as pbx.example.com")
	}
	s.tls = tlsConfig(opts.TLSConfig, s.host)
	return &Mailer{server: s, sender: from}, errs
}

// validateLogin returns the errors of username and password.
func (s *server) validateLogin() []store.FieldError {
	switch {
	case len(s.username) > maxText || strings.ContainsFunc(s.username, unicode.IsControl):
		return []store.FieldError{{Field: "username", Code: store.CodePlainLine, Message: "enter one line of at most 500 bytes"}}
	case s.username == "" && !s.password.IsZero():
		return []store.FieldError{{Field: "username", Code: store.CodeRequired, Message: "enter the username for the password, or leave both empty"}}
	case s.username != "" && s.password.IsZero():
		return []store.FieldError{{Field: "password", Code: store.CodeRequired, Message: "enter the password for the username, or leave both empty"}}
	case s.username != "" && s.security == Unprotected && !isLoopback(s.host):
		return []store.FieldError{{
			Field: "password", Code: store.CodeUnprotected,
			Message: "a password is not sent unencrypted to another host; choose starttls or tls, or leave username and password empty",
		}}
	}
	return nil
}

// defaultPort returns the default port; 0 for an unknown Security.
func defaultPort(s Security) int {
	return map[Security]int{STARTTLS: 587, TLS: 465, None: 25, Unprotected: 25}[s]
}

// splitHostPort parses an address with an optional port.
func splitHostPort(address string, port int) (host string, _ int, ok bool) {
	host = strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
	if h, p, err := net.SplitHostPort(address); err == nil {
		host = h
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return "", 0, false
		}
	}
	_, err := netip.ParseAddr(host)
	return host, port, err == nil || hostnamePattern.MatchString(host)
}

// isLoopback reports whether a host name means this host.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// parseSender parses the sender.
func parseSender(from string) (sender, bool) {
	address, err := netmail.ParseAddress(from)
	if err != nil || len(from) > maxText || !isSingleLine(from) || !isSingleLine(address.Name) || !isASCII(address.Address) {
		return sender{}, false
	}
	domain := address.Address[strings.LastIndex(address.Address, "@")+1:]
	return sender{from: *address, domain: domain}, true
}

// tlsConfig returns the TLS configuration for a server.
func tlsConfig(config *tls.Config, host string) *tls.Config {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config = config.Clone()
	config.ServerName = cmp.Or(config.ServerName, host)
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	return config
}
