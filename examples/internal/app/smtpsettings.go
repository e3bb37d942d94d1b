package app

import (
	"cmp"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

// Unprotected is the security of a mail server on another host that is spoken
// to without TLS. Whoever can listen on the way reads the links in mails, with
// which passwords are set, so it takes a word of its own: [smtpmailer.None] is
// for this host alone.
const Unprotected = "unprotected"

// SMTPSettings say how mails are sent. Those of [smtpmailer.Options] that are
// not here have their defaults.
type SMTPSettings struct {
	// Server is the host and port of the mail server; empty sends no mails.
	Server string
	// From is the sender, and User who authenticates; empty does not.
	From string
	User string
	// PasswordFile holds the password of User.
	PasswordFile string
	// Security is one of [smtpmailer.Security], or [Unprotected]; empty means
	// STARTTLS.
	Security string
	// CAFile holds the certificates, in PEM, that sign the server's; empty
	// means those of the host.
	CAFile string
}

func (s *SMTPSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.Server, "smtp", "", "mail server, as `HOST:PORT`; without it no mails are sent")
	flags.StringVar(&s.From, "smtp-from", "", "`SENDER` of mails, such as pbx@example.com or 'ACME Telephony <pbx@example.com>'")
	flags.StringVar(&s.User, "smtp-user", "", "`NAME` to log in to the mail server with (default: no login)")
	flags.StringVar(&s.PasswordFile, "smtp-password-file", "", "`FILE` of that name's password, which only its owner should be able to read")
	flags.StringVar(&s.Security, "smtp-security", string(smtpmailer.STARTTLS), "`SECURITY` of the connection: starttls, tls, none for a mail server on this host, or unprotected for one elsewhere, where others can read the links in mails")
	flags.StringVar(&s.CAFile, "smtp-ca-file", "", "`FILE` of the certificates, in PEM, that sign the mail server's (default: those of the host)")
}

// security returns what counts.
func (s *SMTPSettings) security() string {
	return cmp.Or(s.Security, string(smtpmailer.STARTTLS))
}

// mailerSecurity returns security as the mailer knows it.
func (s *SMTPSettings) mailerSecurity() smtpmailer.Security {
	if s.security() == Unprotected {
		return smtpmailer.None
	}
	return smtpmailer.Security(s.security())
}

// check refuses what only these settings can have wrong.
func (s *SMTPSettings) check() error {
	if s.security() != string(smtpmailer.None) || s.isLocalServer() {
		return nil
	}
	return store.NewInvalidError(store.FieldError{
		Field: "smtp-security", Code: "unprotected",
		Message: "none is for a mail server on this host; choose starttls or tls, or unprotected where nobody can listen on the way and read the links in mails",
	})
}

// isLocalServer reports whether the mail server is on this host, as far as its name
// tells.
func (s *SMTPSettings) isLocalServer() bool {
	host := strings.Trim(s.Server, "[]")
	if h, _, err := net.SplitHostPort(s.Server); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// mailer returns the mailer, or nil when there is none. It does not connect.
func (s *SMTPSettings) mailer(log *slog.Logger) (*smtpmailer.Mailer, error) {
	if s.Server == "" {
		return nil, nil
	}
	password, err := readPasswordFile(s.PasswordFile, "smtp-password-file", log)
	if err != nil {
		return nil, err
	}
	trusted, err := loadCAFile(s.CAFile, "smtp-ca-file")
	if err != nil {
		return nil, err
	}
	mailer, err := smtpmailer.New(smtpmailer.Options{
		Address: s.Server, From: s.From, Username: s.User, Password: password, Security: s.mailerSecurity(), TLSConfig: trusted,
	})
	err = joinFieldErrors(s.check(), withFlagNames(err, map[string]string{
		"address": "smtp", "from": "smtp-from", "username": "smtp-user", "password": "smtp-password-file", "security": "smtp-security",
	}))
	if err != nil {
		return nil, err
	}
	return mailer, nil
}
