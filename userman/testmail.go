package userman

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// SendTest sends a mail without a link to an address, to test the mail server. The
// audit log records it without the address.
//
// The Delivery reports whether the mail was sent. SendTest returns an error wrapping
// [store.ErrInvalid] on "to" if the address is invalid, one wrapping
// [store.ErrRateLimited] if the actor of ctx sends too many, or the error of ctx.
func (ms *MailService) SendTest(ctx context.Context, to string) (*Delivery, error) {
	event := audit.Event{Action: "send test mail", Kind: "settings", Key: "mail"}
	message, err := ms.s.newTestMail(to)
	if err != nil {
		ms.s.audit.RecordFailure(ctx, event, err)
		return nil, err
	}
	if ms.s.opts.Mailer == nil {
		d := &Delivery{Status: DeliveryNotConfigured, Message: "no mail server is configured, so no mail can be sent; configure one"}
		ms.s.audit.RecordFailure(ctx, event, errors.New(d.Message))
		return d, nil
	}
	if err := ms.s.limitTestMail(ctx); err != nil {
		ms.s.audit.RecordFailure(ctx, event, err)
		return nil, err
	}
	if err := ms.s.sendWithTimeout(ctx, message); err != nil {
		ms.s.audit.RecordFailure(ctx, event, err)
		return failedDelivery(err), ctx.Err()
	}
	d := &Delivery{Status: DeliverySent, Message: "the mail server has taken the mail; check that it arrives"}
	return d, ms.s.audit.Record(ctx, event)
}

// limitTestMail counts a test mail of the actor of ctx, from whichever address: an
// administrator must not send mails without bound to people outside.
func (s *Service) limitTestMail(ctx context.Context) error {
	actor := audit.ActorFromContext(ctx)
	sender := "test mail/" + string(actor.Kind) + "/" + actor.Name
	if wait, _ := s.mailLimiter.Allow(ratelimit.Attempt{Service: sender, User: sender}); wait > 0 {
		return &store.RateLimitedError{RetryAfter: wait}
	}
	return nil
}

// newTestMail returns a mail to one address.
func (s *Service) newTestMail(to string) (*usermail.Mail, error) {
	address, err := mail.ParseAddress(to)
	if err != nil || address.Address != strings.TrimSpace(to) || len(to) > MaxEmailLength {
		return nil, store.NewInvalidError(store.FieldError{Field: "to", Code: store.CodeEmail, Message: "write one address, such as jane@example.com"})
	}
	text := "An administrator sent this test mail. Sending mails works.\n"
	if s.opts.BaseURL != nil {
		text += "\n" + s.opts.BaseURL.String() + "\n"
	}
	return &usermail.Mail{To: address.Address, Subject: s.opts.Product + ": a test mail", Text: text}, nil
}
