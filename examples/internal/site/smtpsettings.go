package site

import (
	"cmp"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

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
	// Security is one of [smtpmailer.Security]; empty means STARTTLS.
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
	flags.StringVar(&s.Security, "smtp-security", string(smtpmailer.STARTTLS), "`SECURITY` of the connection: starttls, tls, or none for a mail server on this host")
	flags.StringVar(&s.CAFile, "smtp-ca-file", "", "`FILE` of the certificates, in PEM, that sign the mail server's (default: those of the host)")
}

// security returns what counts.
func (s *SMTPSettings) security() smtpmailer.Security {
	return cmp.Or(smtpmailer.Security(s.Security), smtpmailer.STARTTLS)
}

// mailer returns the mailer, or nil when there is none. It does not connect.
func (s *SMTPSettings) mailer(log *slog.Logger) (*smtpmailer.Mailer, error) {
	if s.Server == "" {
		return nil, nil
	}
	password, err := passwordIn(s.PasswordFile, "smtp-password-file", log)
	if err != nil {
		return nil, err
	}
	trusted, err := trusting(s.CAFile, "smtp-ca-file")
	if err != nil {
		return nil, err
	}
	mailer, err := smtpmailer.New(smtpmailer.Options{
		Address: s.Server, From: s.From, Username: s.User, Password: password, Security: s.security(), TLSConfig: trusted,
	})
	return mailer, inFlags(err, map[string]string{
		"address": "smtp", "from": "smtp-from", "username": "smtp-user", "password": "smtp-password-file", "security": "smtp-security",
	})
}
