package ldapdir

import (
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/store"
)

// maxURLs is the maximum number of servers.
const maxURLs = 16

// server is one of the servers of a directory.
type server struct {
	// name is the URL, without secrets, for errors.
	name string
	// host is the name in the certificate, and address the address to dial.
	host, address string
	// tls reports whether the connection starts with TLS.
	tls bool
}

// isLoopback reports whether the URL has a loopback address or localhost.
func (s server) isLoopback() bool {
	ip := net.ParseIP(s.host)
	return s.host == "localhost" || ip != nil && ip.IsLoopback()
}

// parseServers returns the servers of the options, and the errors of the options.
func parseServers(o Options) (servers []server, errs []store.FieldError) {
	if len(o.URLs) == 0 || len(o.URLs) > maxURLs {
		return nil, []store.FieldError{{Field: "urls", Code: store.CodeRequired, Message: fmt.Sprintf("enter 1 to %d URLs such as ldaps://ldap.example.com", maxURLs)}}
	}
	for i, text := range o.URLs {
		field := fmt.Sprintf("urls[%d]", i)
		s, ok := parseServer(text)
		if !ok {
			errs = append(errs, store.FieldError{Field: field, Code: store.CodeURL, Message: "enter ldap:// or ldaps://, a host and optionally a port"})
			continue
		}
		if !s.tls && !o.StartTLS && !o.BindPassword.IsZero() && !s.isLoopback() {
			errs = append(errs, store.FieldError{Field: field, Code: store.CodePlain, Message: "the bind password would be sent unencrypted; use ldaps:// or StartTLS"})
		}
		servers = append(servers, s)
	}
	return servers, errs
}

// parseServer parses a URL (RFC 4516) with a host and an optional port.
func parseServer(text string) (server, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Hostname() == "" {
		return server{}, false
	}
	if u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return server{}, false
	}
	port := u.Port()
	switch number, err := strconv.Atoi(port); {
	case port == "" && u.Scheme == "ldaps":
		port = ldap.DefaultLdapsPort
	case port == "":
		port = ldap.DefaultLdapPort
	case err != nil || number < 1 || number > 65535:
		return server{}, false
	}
	return server{
		name: u.Scheme + "://" + u.Host, host: u.Hostname(), address: net.JoinHostPort(u.Hostname(), port), tls: u.Scheme == "ldaps",
	}, true
}
