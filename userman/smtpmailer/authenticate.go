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

// mechanism is a way to authenticate.
type mechanism struct {
	name string
	// channelBinding says that it needs TLS, to which it binds the proof.
	channelBinding bool
	newAuth        func(s *server, state *tls.ConnectionState) smtp.Auth
}

// mechanisms are the ways to authenticate that there are, the best one first.
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

// authenticate proves who sends. A password goes over a protected connection,
// or to this very host, which the address that was connected to tells: the name
// of a host may lead anywhere.
func (s *server) authenticate(client *smtp.Client, remote net.Addr) error {
	state, err := client.GetTLSConnectionState()
	if err != nil {
		state = nil
	}
	if tcp, ok := remote.(*net.TCPAddr); state == nil && (!ok || !tcp.IP.IsLoopback()) {
		return errors.New("smtpmailer: the connection is not protected and the mail server is another host: the password was not sent; use starttls or tls")
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
	return errors.New("smtpmailer: the mail server offers no way to authenticate that is known here; leave username and password out, or use starttls or tls")
}

// authError says that the server did not take username and password. What it
// says itself is left out: it has just been told them.
func authError(err error) error {
	code := replyCode(err)
	switch {
	case code >= 500:
		return fmt.Errorf("smtpmailer: the mail server does not accept username and password (%d); correct them", code)
	case code != 0:
		return fmt.Errorf("smtpmailer: the mail server cannot check username and password now (%d)", code)
	}
	return errors.New("smtpmailer: authenticating at the mail server failed")
}
