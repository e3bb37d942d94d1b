package app

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// MailStatus is how mails are sent, as far as it may be shown.
type MailStatus struct {
	// Configured says that there is a mail server, a sender and a base URL;
	// Missing is otherwise what is missing, in one sentence with the way out.
	Configured bool   `json:"configured"`
	Missing    string `json:"missing"`
	Server     string `json:"server"`
	From       string `json:"from"`
	Security   string `json:"security"`
	BaseURL    string `json:"base_url"`
	// Languages are those that mails are written in.
	Languages []string `json:"languages"`
}

// MailStatus tells how mails are sent.
func (s *App) MailStatus() MailStatus {
	m := MailStatus{Languages: s.mail.templates.Languages()}
	if s.mail.base != nil {
		m.BaseURL = s.mail.base.String()
	}
	if smtp := s.Settings.SMTP; smtp.Server != "" {
		m.Server, m.From, m.Security = smtp.Server, smtp.From, smtp.security()
	}
	switch {
	case s.mail.mailer == nil:
		m.Missing = "There is no mail server, so no mails are sent: name it with --smtp, and the sender with --smtp-from."
	case s.mail.base == nil:
		m.Missing = "It is not known where people reach the pages, so no links can be sent: say it with --base-url."
	default:
		m.Configured = true
	}
	return m
}

// testMailTimeout bounds how long a test mail is being sent.
const testMailTimeout = time.Minute

// SendTestMail sends a test mail to an address and tells what came of it; the act
// is kept in the trail, without the address. The error is a
// [store.InvalidError] on "to", or that of ctx.
func (s *App) SendTestMail(ctx context.Context, to string) (*userman.Delivery, error) {
	act := audit.Event{Action: "send test mail", Kind: "settings", Key: "mail"}
	message, err := s.newTestMail(to)
	if err == nil && s.mail.mailer == nil {
		err = errNoMailer
	}
	if err == nil {
		err = s.deliverTestMail(ctx, message)
	}
	if err != nil {
		s.AuditLog.RecordFailure(ctx, act, err)
		return deliveryFromError(ctx, err)
	}
	if err := s.AuditLog.Record(ctx, act); err != nil {
		return nil, err
	}
	return &userman.Delivery{Status: userman.DeliverySent, Message: "the mail server has taken the mail; look whether it arrives"}, nil
}

func (s *App) deliverTestMail(ctx context.Context, message *usermail.Mail) error {
	ctx, cancel := context.WithTimeout(ctx, testMailTimeout)
	defer cancel()
	return s.mail.mailer.Send(ctx, message)
}

var errNoMailer = errors.New("there is no mail server")

// deliveryFromError tells what came of a test mail that failed with err.
func deliveryFromError(ctx context.Context, err error) (*userman.Delivery, error) {
	var rejected *userman.MailRejectedError
	switch {
	case errors.Is(err, store.ErrInvalid):
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errNoMailer):
		return &userman.Delivery{Status: userman.DeliveryNotConfigured, Message: "no mail server is configured; name it with --smtp, and the sender with --smtp-from"}, nil
	case errors.As(err, &rejected):
		return &userman.Delivery{Status: userman.DeliveryRejected, Message: rejected.Error() + "; correct the address or the sender, or ask whoever runs the mail server"}, nil
	}
	return &userman.Delivery{Status: userman.DeliveryFailed, Message: "the mail could not be sent; look at the mail server and at --smtp and what belongs to it: " + err.Error()}, nil
}

// newTestMail is a mail to one address.
func (s *App) newTestMail(to string) (*usermail.Mail, error) {
	address, err := mail.ParseAddress(to)
	if err != nil || address.Address != strings.TrimSpace(to) || len(to) > userman.MaxEmailLength {
		return nil, store.NewInvalidError(store.FieldError{Field: "to", Code: "email", Message: "write one address, such as jane@example.com"})
	}
	text := "An administrator sent this mail from the settings, to see whether mails arrive. They do.\n"
	if s.mail.base != nil {
		text += "\n" + s.mail.base.String() + "\n"
	}
	return &usermail.Mail{To: address.Address, Subject: s.productName() + ": a test mail", Text: text}, nil
}

// productName is what mails call the product.
func (s *App) productName() string {
	if s.mail.product == "" {
		return "pbxusers"
	}
	return s.mail.product
}
