// Package smtpmailer sends the mails of package userman through an SMTP server.
// It is no mail server and keeps no queue: who calls learns what came of each
// mail.
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

// Security says how the connection is protected.
type Security string

// How a connection is protected.
const (
	// STARTTLS turns the connection into TLS before anything is said, and
	// fails where the server cannot (RFC 3207).
	STARTTLS Security = "starttls"
	// TLS begins with TLS (RFC 8314).
	TLS Security = "tls"
	// None is for a server on this very host. A password is then only sent to
	// a loopback address.
	None Security = "none"
)

// defaultTimeout is that of [Options].
const defaultTimeout = 30 * time.Second

// Options of [New].
type Options struct {
	// Address is the server's host and port; the port defaults to 587, or 465
	// for TLS and 25 for None.
	Address string
	// From is the sender: an address, or a name and an address as in
	// "ACME Telephony <pbx@example.com>". The address is of ASCII, the name of
	// any script.
	From string
	// Username and Password authenticate; empty does not.
	Username string
	Password store.Secret
	// Security defaults to STARTTLS.
	Security Security
	// TLSConfig checks the server. Defaults to the certificates of the host.
	TLSConfig *tls.Config
	// Timeout bounds one mail, from connecting to the server's last answer.
	// Defaults to 30 seconds.
	Timeout time.Duration
}

// Mailer sends mails through one SMTP server. It may be used from many
// goroutines.
type Mailer struct {
	server server
	sender sender
}

var _ userman.Mailer = (*Mailer)(nil)

// New returns a mailer, or a [store.InvalidError] on "address", "from",
// "security", "username" or "password". It does not connect.
func New(opts Options) (*Mailer, error) {
	m, errs := newMailer(opts)
	if err := store.NewInvalidError(errs...); err != nil {
		return nil, err
	}
	return m, nil
}

// Send implements [userman.Mailer]. The mail is taken, or it is not: what the
// server says after it has taken it does not matter. Errors hold no address and
// no password.
func (m *Mailer) Send(ctx context.Context, message *usermail.Mail) error {
	out, err := m.sender.compose(message)
	if err != nil {
		return err
	}
	return m.server.run(ctx, out.send)
}

// Test connects, authenticates and says goodbye.
func (m *Mailer) Test(ctx context.Context) error {
	return m.server.run(ctx, func(*smtp.Client) error { return nil })
}
