package smtpmailer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// mechanism is an authentication mechanism.
type mechanism struct {
	name string
	// channelBinding reports whether it needs TLS for channel binding.
	channelBinding bool
	newAuth        func(s *server, state *tls.ConnectionState) smtp.Auth
}

// mechanisms are the supported mechanisms, best first.
var mechanisms = []mechanism{
	{"SCRAM-SHA-256-PLUS", true, func(s *server, state *tls.ConnectionState) smtp.Auth {
		return smtp.ScramSHA256PlusAuth(s.username, s.password.Reveal(), state)
	}},
	{"SCRAM-SHA-256", false, func(s *server, _ *tls.ConnectionState) smtp.Auth {
		return smtp.ScramSHA256Auth(s.username, s.password.Reveal())
	}},
	{"PLAIN", false, func(s *server, _ *tls.ConnectionState) smtp.Auth {
		return smtp.PlainAuth("", s.username, s.password.Reveal(), s.host, true)
	}},
	{"LOGIN", false, func(s *server, _ *tls.ConnectionState) smtp.Auth {
		return smtp.LoginAuth(s.username, s.password.Reveal(), s.host, true)
	}},
	{"CRAM-MD5", false, func(s *server, _ *tls.ConnectionState) smtp.Auth {
		return smtp.CRAMMD5Auth(s.username, s.password.Reveal())
	}},
}

// authenticate authenticates the client. It sends a password only over an encrypted
// connection or to this host, according to the address of the connection: a host
// name can resolve to any address.
func (s *server) authenticate(client *smtp.Client, remote net.Addr) error {
	state, err := client.GetTLSConnectionState()
	if err != nil {
		state = nil
	}
	if tcp, ok := remote.(*net.TCPAddr); state == nil && (!ok || !tcp.IP.IsLoopback()) {
		return settingsError("the connection to the mail server is not encrypted, so the password was not sent; use starttls or tls")
	}
	_, offered := client.Extension("AUTH")
	names := strings.Fields(strings.ToUpper(offered))
	for _, m := range mechanisms {
		if !slices.Contains(names, m.name) || m.channelBinding && state == nil {
			continue
		}
		if err := client.Auth(m.newAuth(s, state)); err != nil {
			return authError(err)
		}
		return nil
	}
	return settingsError("the mail server offers no supported authentication mechanism; leave username and password empty, or use starttls or tls")
}

// authError is the error of a rejected login. It leaves out the server's text,
// which may repeat the credentials.
func authError(err error) error {
	code := replyCode(err)
	switch {
	case code >= 500:
		return settingsError("the mail server rejected username and password (%d); correct them", code)
	case code != 0:
		return fmt.Errorf("the mail server cannot check the credentials now (%d)", code)
	}
	return errors.New("the mail server rejects the username or the password")
}
