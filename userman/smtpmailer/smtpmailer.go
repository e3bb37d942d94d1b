// Package smtpmailer sends the mails of package userman through an SMTP server. It is not
// a mail server and has no queue: the caller gets the result of each mail.
package smtpmailer

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Security is the protection of the connection.
type Security string

// The protections of the connection.
const (
	// STARTTLS upgrades the connection to TLS before any other command. It fails if the
	// server does not support it (RFC 3207).
	STARTTLS Security = "starttls"
	// TLS starts with TLS (RFC 8314).
	TLS Security = "tls"
	// None is for a server on the same host.
	None Security = "none"
	// Unprotected is for a server on another host without TLS. The network can read the
	// links in mails, which set passwords. A password is sent to loopback addresses
	// only.
	Unprotected Security = "unprotected"
)

// defaultTimeout is the default of [Options].Timeout.
const defaultTimeout = 30 * time.Second

// Options are the options of [New].
type Options struct {
	// Address is the host and port of the server. The port defaults to 587, to 465 for
	// TLS, and to 25 for None and Unprotected.
	Address string
	// From is the sender: an address, or a name and an address such as "ACME Telephony
	// <pbx@example.com>". The address is ASCII.
	From string
	// Username and Password are the credentials. Without them, the mailer does not
	// authenticate.
	Username string
	Password store.Secret
	// Security defaults to STARTTLS.
	Security Security
	// TLSConfig verifies the server. Defaults to the certificates of the host.
	TLSConfig *tls.Config
	// LocalName is the name of this host in EHLO (RFC 5321, section 4.1.1.1). Servers may
	// require a fully qualified name. Defaults to the domain of From, or to the address
	// of the connection if that has no dot.
	LocalName string
	// Timeout limits the time of one mail, from connecting to the last answer. Defaults
	// to 30 seconds.
	Timeout time.Duration
}

// Mailer sends mails through one SMTP server. It is safe for concurrent use.
type Mailer struct {
	server server
	sender sender
}

var _ userman.Mailer = (*Mailer)(nil)

// New returns a mailer. It does not connect. It returns an error wrapping
// [store.ErrInvalid] on "address", "from", "security", "username", "password" or
// "local_name".
func New(opts Options) (*Mailer, error) {
	m, errs := newMailer(opts)
	if err := store.NewInvalidError(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

// Send implements [userman.Mailer]. It ignores responses after the server has
// accepted the mail. Errors contain no address and no password.
func (m *Mailer) Send(ctx context.Context, message *usermail.Mail) error {
	out, err := m.sender.compose(message)
	if err != nil {
		return err
	}
	return m.server.run(ctx, out.send)
}

// Test connects, authenticates and quits.
func (m *Mailer) Test(ctx context.Context) error {
	return m.server.run(ctx, func(*smtp.Client) error { return nil })
}
