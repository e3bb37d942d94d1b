package app

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/userman/usermail"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// MailStatus describes the mail configuration.
type MailStatus struct {
	// Configured reports that there is a mail server, a sender and a base URL.
	// Otherwise Missing says what is missing, with a hint.
	Configured bool   `json:"configured"`
	Missing    string `json:"missing"`
	Server     string `json:"server"`
	From       string `json:"from"`
	Security   string `json:"security"`
	BaseURL    string `json:"base_url"`
	// Languages are the languages of the mail templates.
	Languages []string `json:"languages"`
}

// MailStatus returns the mail configuration.
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
		m.Missing = "No mail server is configured, so no mails are sent. Set --smtp and --smtp-from."
	case s.mail.base == nil:
		m.Missing = "The public URL of the pages is unknown, so no links can be sent. Set --base-url."
	default:
		m.Configured = true
	}
	return m
}

// testMailTimeout is the timeout for sending a test mail.
const testMailTimeout = time.Minute

// SendTestMail sends a test mail and returns its delivery status. The audit log
// records it without the address. It returns a [store.InvalidError] on "to" if the
// address is invalid, or the error of ctx.
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
	return &userman.Delivery{Status: userman.DeliverySent, Message: "mail accepted by the server; check that it arrives"}, nil
}

func (s *App) deliverTestMail(ctx context.Context, message *usermail.Mail) error {
	ctx, cancel := context.WithTimeout(ctx, testMailTimeout)
	defer cancel()
	return s.mail.mailer.Send(ctx, message)
}

var errNoMailer = errors.New("there is no mail server")

// deliveryFromError returns the delivery status of a test mail that failed.
func deliveryFromError(ctx context.Context, err error) (*userman.Delivery, error) {
	var rejected *userman.MailRejectedError
	switch {
	case errors.Is(err, store.ErrInvalid):
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errNoMailer):
		return &userman.Delivery{Status: userman.DeliveryNotConfigured, Message: "no mail server is configured; set --smtp and --smtp-from"}, nil
	case errors.As(err, &rejected):
		return &userman.Delivery{Status: userman.DeliveryRejected, Message: rejected.Error() + "; correct the address or the sender, or ask the administrator of the mail server"}, nil
	}
	return &userman.Delivery{Status: userman.DeliveryFailed, Message: "the mail could not be sent; check the mail server, --smtp and the related settings: " + err.Error()}, nil
}

// newTestMail returns a mail to one address.
func (s *App) newTestMail(to string) (*usermail.Mail, error) {
	address, err := mail.ParseAddress(to)
	if err != nil || address.Address != strings.TrimSpace(to) || len(to) > userman.MaxEmailLength {
		return nil, store.NewInvalidError(store.FieldError{Field: "to", Code: store.CodeEmail, Message: "write one address, such as jane@example.com"})
	}
	text := "An administrator sent this test mail from the settings page. Sending mails works.\n"
	if s.mail.base != nil {
		text += "\n" + s.mail.base.String() + "\n"
	}
	return &usermail.Mail{To: address.Address, Subject: s.productName() + ": a test mail", Text: text}, nil
}

// productName returns the name of the product in mails.
func (s *App) productName() string {
	if s.mail.product == "" {
		return "pbxusers"
	}
	return s.mail.product
}
