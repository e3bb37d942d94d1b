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

// Unprotected is the security of a connection without TLS to a mail server on
// another host. The network can read the links in mails, which set passwords, so
// it needs an explicit word: [smtpmailer.None] is for this host alone.
const Unprotected = "unprotected"

// SMTPSettings are the settings for sending mails. Other fields of
// [smtpmailer.Options] have their defaults.
type SMTPSettings struct {
	// Server is the host and port of the mail server. Empty sends no mails.
	Server string
	// From is the sender. User is the username; empty sends no login.
	From string
	User string
	// PasswordFile holds the password of User.
	PasswordFile string
	// Security is a [smtpmailer.Security] or [Unprotected]. Defaults to
	// STARTTLS.
	Security string
	// CAFile holds the CA certificates of the server in PEM. Defaults to those of
	// the host.
	CAFile string
}

func (s *SMTPSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.Server, "smtp", "", "mail server as `HOST:PORT`; without it no mails are sent")
	flags.StringVar(&s.From, "smtp-from", "", "`SENDER` of mails, such as pbx@example.com or 'ACME Telephony <pbx@example.com>'")
	flags.StringVar(&s.User, "smtp-user", "", "username `NAME` for the mail server (default: no login)")
	flags.StringVar(&s.PasswordFile, "smtp-password-file", "", "`FILE` with the password of that user; only its owner should be able to read it")
	flags.StringVar(&s.Security, "smtp-security", string(smtpmailer.STARTTLS), "`SECURITY` of the connection: starttls, tls, none for a mail server on this host, or unprotected for one on another host, where the network can read the links in mails")
	flags.StringVar(&s.CAFile, "smtp-ca-file", "", "`FILE` with the CA certificates of the mail server in PEM (default: those of the host)")
}

// security returns the setting, or its default.
func (s *SMTPSettings) security() string {
	return cmp.Or(s.Security, string(smtpmailer.STARTTLS))
}

// mailerSecurity returns security as a setting of the mailer.
func (s *SMTPSettings) mailerSecurity() smtpmailer.Security {
	if s.security() == Unprotected {
		return smtpmailer.None
	}
	return smtpmailer.Security(s.security())
}

// check rejects what the mailer does not check itself.
func (s *SMTPSettings) check() error {
	if s.security() != string(smtpmailer.None) || s.isLocalServer() {
		return nil
	}
	return store.NewInvalidError(store.FieldError{
		Field: "smtp-security", Code: store.CodeUnprotected,
		Message: "none is for a mail server on this host; choose starttls or tls, or unprotected on a network where nobody else can read the links in mails",
	})
}

// isLocalServer reports whether the name of the mail server is that of this host.
func (s *SMTPSettings) isLocalServer() bool {
	host := strings.Trim(s.Server, "[]")
	if h, _, err := net.SplitHostPort(s.Server); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// mailer returns the mailer, or nil without a server. It does not connect.
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
