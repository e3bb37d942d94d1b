package userman

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Mailer sends mails.
type Mailer interface {
	// Send sends a mail to the mail server and waits until the server has accepted the
	// mail. It returns a [MailRejectedError] if the server rejects the mail
	// permanently, a [MailDeferredError] if it accepts this mail later, and a
	// [MailSettingsError] if it accepts no mail with the current settings. Other errors
	// may be temporary. Send returns when ctx ends. Errors must not contain secrets,
	// because administrators see them.
	Send(ctx context.Context, m *usermail.Mail) error
}

// MailRejectedError means that the mail server rejected a mail permanently.
type MailRejectedError struct {
	// Reason is the answer of the server, without parts of the mail.
	Reason string
}

func (e *MailRejectedError) Error() string {
	return "the mail server rejected the mail: " + e.Reason
}

// MailDeferredError means that the mail server accepts this mail later only, such as
// one to a new recipient (greylisting). It says nothing of other mails.
type MailDeferredError struct {
	// Reason is the answer of the server, without parts of the mail.
	Reason string
}

func (e *MailDeferredError) Error() string {
	return "the mail server accepts the mail later only: " + e.Reason
}

// MailSettingsError means that the mail server rejects the settings of the Mailer, such
// as its credentials. It concerns every mail.
type MailSettingsError struct {
	// Reason is the cause and the remedy, without secrets.
	Reason string
}

func (e *MailSettingsError) Error() string { return e.Reason }

// DeliveryStatus is the result of sending a mail.
type DeliveryStatus string

// Results of sending a mail.
const (
	// DeliverySent means that the mail server accepted the mail.
	DeliverySent DeliveryStatus = "sent"
	// DeliveryNoAddress means that the user has no primary email.
	DeliveryNoAddress DeliveryStatus = "no_address"
	// DeliveryNotConfigured means that [Options].Mailer or [Options].BaseURL is not
	// set.
	DeliveryNotConfigured DeliveryStatus = "not_configured"
	// DeliveryRejected means that the mail server rejected the mail permanently.
	DeliveryRejected DeliveryStatus = "rejected"
	// DeliveryDeferred means that the mail server did not accept the mail yet, or was
	// unreachable, or rejected the settings. The mail waits for another attempt, see
	// [MailService.Run].
	DeliveryDeferred DeliveryStatus = "deferred"
	// DeliveryFailed means that the template failed, that the mail was deferred for a
	// day, or that a test mail was not sent.
	DeliveryFailed DeliveryStatus = "failed"
	// DeliverySkipped means that no mail was needed. For example, the user is disabled,
	// the user's directory manages the password, or another run is sending the mail.
	DeliverySkipped DeliveryStatus = "skipped"
)

// Delivery is the result of sending a mail to a user.
type Delivery struct {
	// UserID is the ID of the user. It is empty in the result of a test mail.
	UserID   store.UserID   `json:"-"`
	Username string         `json:"username"`
	Status   DeliveryStatus `json:"status"`
	// Message explains the status in one sentence.
	Message string `json:"message"`
	// ExpiresAt is the time when the link in the mail expires. It is zero if the mail
	// has no link.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// NextAttemptAt is the time of the next attempt. It is zero if there is none, or if
	// the mail waits for other settings of the mail server.
	NextAttemptAt time.Time `json:"next_attempt_at,omitzero"`

	// unsent reports that the server has certainly not accepted the mail.
	unsent bool
	// fault reports that the failure concerns every mail.
	fault bool
}

// MailService sends the mails of a [Service]; see [Service.Mails].
type MailService struct{ s *Service }

// Mails returns the service of mails.
func (s *Service) Mails() *MailService { return &MailService{s} }

// Send creates a link and mails it to the user with this username. kind selects a
// welcome mail or a mail to reset a forgotten password. Users request a reset mail
// themselves with [Service.RequestReset]. The new link replaces an earlier link, unless
// the mail server has not accepted the mail. A mail that the mail server does not accept
// yet waits for another attempt, see [MailService.Run]. The new mail replaces a waiting
// mail of the same kind.
//
// The Delivery reports whether the mail was sent. Send can return both a Delivery
// and an error if the error occurred after it started to send. It returns an error
// wrapping [store.ErrNotFound] if there is no such user. It returns an error wrapping
// [store.ErrInvalid] on "kind" if there is no such mail.
func (ms *MailService) Send(ctx context.Context, kind usermail.Kind, username string) (*Delivery, error) {
	if err := kind.Validate(); err != nil {
		return nil, err
	}
	u, err := ms.s.find(ctx, username)
	if err != nil {
		return nil, ms.s.recordDenied(ctx, username, err)
	}
	return ms.s.newDeliveryJob(kind).run(ctx, u.ID)
}

// List returns the last mail of each kind to the user, sorted by kind. It returns the
// errors of [Service.Get].
func (ms *MailService) List(ctx context.Context, username string) ([]*mailqueue.Mail, error) {
	u, err := ms.s.find(ctx, username)
	if err != nil {
		return nil, ms.s.recordDenied(ctx, username, err)
	}
	mails, err := ms.s.store.Mails(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	if fault := ms.s.mailFault(); fault != nil {
		for _, mail := range mails {
			if mail.Waiting() {
				mail.Message, mail.NextAttemptAt = failedDelivery(fault).Message, time.Time{}
			}
		}
	}
	return mails, nil
}

// SendTest sends a mail without a link to an address, to test the mail server. The
// audit log records it without the address.
//
// The Delivery reports whether the mail was sent. SendTest returns an error wrapping
// [store.ErrInvalid] on "to" if the address is invalid, one wrapping
// [store.ErrRateLimited] if the actor of ctx sends too many, or the error of ctx.
func (ms *MailService) SendTest(ctx context.Context, to string) (*Delivery, error) {
	return ms.sendTest(ctx, ms.s.opts(), to, ms.s.sendWithTimeout)
}

// SendTestWith works as [MailService.SendTest] does, with the Product, the BaseURL and
// the Mailer of opts. It is for settings that are not in use yet.
func (ms *MailService) SendTestWith(ctx context.Context, opts *Options, to string) (*Delivery, error) {
	o := opts.withDefaults()
	return ms.sendTest(ctx, &o, to, func(ctx context.Context, message *usermail.Mail) error {
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		defer cancel()
		return o.Mailer.Send(ctx, message)
	})
}

func (ms *MailService) sendTest(ctx context.Context, o *Options, to string, send func(context.Context, *usermail.Mail) error) (*Delivery, error) {
	event := audit.Event{Action: "send test mail", Kind: "settings", Key: "mail"}
	message, err := newTestMail(o, to)
	if err != nil {
		ms.s.audit.RecordFailure(ctx, event, err)
		return nil, err
	}
	if o.Mailer == nil {
		d := &Delivery{Status: DeliveryNotConfigured, Message: "no mail server is configured, so no mail can be sent; configure one"}
		ms.s.audit.RecordFailure(ctx, event, errors.New(d.Message))
		return d, nil
	}
	if err := ms.s.limitTestMail(ctx); err != nil {
		ms.s.audit.RecordFailure(ctx, event, err)
		return nil, err
	}
	if err := send(ctx, message); err != nil {
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
func newTestMail(o *Options, to string) (*usermail.Mail, error) {
	address, err := mail.ParseAddress(to)
	if err != nil || address.Address != strings.TrimSpace(to) || len(to) > MaxEmailLength {
		return nil, store.NewInvalidError(store.FieldError{Field: "to", Code: store.CodeEmail, Message: "write one address, such as jane@example.com"})
	}
	text := "An administrator sent this test mail. Sending mails works.\n"
	if o.BaseURL != nil {
		text += "\n" + o.BaseURL.String() + "\n"
	}
	return &usermail.Mail{To: address.Address, Subject: o.Product + ": a test mail", Text: text}, nil
}
