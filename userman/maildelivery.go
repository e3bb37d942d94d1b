package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

const (
	// sendTimeout limits the time to send one mail.
	sendTimeout = time.Minute
	// attemptLease is the time for which a mail belongs to the attempt that began. It is
	// well above sendTimeout.
	attemptLease = 10 * time.Minute
	// finishTimeout limits the time to store the result of a mail after the caller's
	// context has ended.
	finishTimeout = 30 * time.Second
	// maxReasonLength is the number of characters shown of an error of a Mailer.
	maxReasonLength = 300
)

// deliveryJob sends one mail to one user. Before it sends the mail, it stores the links
// of the mail, and that an attempt is running.
type deliveryJob struct {
	service *Service
	kind    usermail.Kind
	// onlyNew skips users with a password, users who were welcomed, and users whose
	// mail another run is sending.
	onlyNew bool
	// queueOnly stores the mail without an attempt.
	queueOnly bool
	// retry is the waiting mail to send; nil for a new mail.
	retry *mailqueue.Mail
	// precondition, if not nil, reports whether u may receive the mail now: a visitor
	// has requested it. mails are the last mails to u.
	precondition func(u *User, mails []*mailqueue.Mail) bool

	// user is the user as of the start of the job, without credentials, and mail the
	// attempt.
	user *User
	mail mailqueue.Mail
	// password and activation are the new links; nil if there are none.
	password, activation *issuedLink
	// noActivation is the reason why the mail has no activation link, if it should have
	// one.
	noActivation string
	// The links that password and activation replaced.
	earlierPassword, earlierActivation *credential.OneTimeToken
}

func (s *Service) newDeliveryJob(kind usermail.Kind) *deliveryJob {
	return &deliveryJob{service: s, kind: kind}
}

// action is the action in the audit log.
func (m *deliveryJob) action() string { return "send " + string(m.kind) + " mail" }

// run sends the mail to the user of that ID.
func (m *deliveryJob) run(ctx context.Context, id store.UserID) (*Delivery, error) {
	u, err := m.service.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if d, err := m.skip(ctx, u); d != nil || err != nil {
		return d, err
	}
	if m.queueOnly {
		return m.enqueue(ctx, id)
	}
	if err := m.issueLinks(ctx, u); err != nil {
		return nil, err
	}
	message, d, err := m.begin(ctx, id)
	if d != nil || err != nil {
		return d, err
	}
	d = m.send(ctx, message)
	if err := m.finish(ctx, d); err != nil {
		return d, err
	}
	return d, contextError(ctx, d)
}

// contextError returns the error of ctx if the mail was not sent.
func contextError(ctx context.Context, d *Delivery) error {
	if d.Status == DeliveryDeferred || d.Status == DeliveryFailed {
		return ctx.Err()
	}
	return nil
}

// skip returns the result for a mail that cannot or need not be sent to u. It returns
// nil if the mail can be sent.
func (m *deliveryJob) skip(ctx context.Context, u *User) (*Delivery, error) {
	mails, err := m.service.store.Mails(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	last := mailOfKind(mails, m.kind)
	switch {
	case m.retry != nil && !isSameAttempt(last, m.retry):
		return newDelivery(u, DeliverySkipped, "another process is sending this mail, or has ended it"), nil
	case m.onlyNew && last != nil && last.InProgress(m.service.now()):
		return newDelivery(u, DeliverySkipped, "another run is sending this mail or was stopped; try again in 10 minutes"), nil
	case m.precondition != nil && !m.precondition(u, mails):
		return newDelivery(u, DeliverySkipped, "a link was mailed to this user a moment ago, or the link to renew no longer exists"), nil
	}
	return m.skipReason(u), nil
}

// skipReason is skip for reasons in the settings and in u.
func (m *deliveryJob) skipReason(u *User) *Delivery {
	switch {
	case m.service.opts().Mailer == nil:
		return newDelivery(u, DeliveryNotConfigured, "no mail server is configured, so no mail can be sent; configure one, or set the password by hand")
	case m.service.opts().BaseURL == nil:
		return newDelivery(u, DeliveryNotConfigured, "the public URL of the product is not configured, so no link can be sent; configure the base URL")
	case u.Disabled:
		return newDelivery(u, DeliverySkipped, "the user is disabled, so links do not work; enable the user first")
	case m.kind == usermail.Reset && m.service.passwordIsExternal(u):
		return newDelivery(u, DeliverySkipped, "the user's directory manages the password; change it there")
	case m.onlyNew && (u.Credentials.HasPassword() || !u.WelcomedAt.IsZero()):
		return newDelivery(u, DeliverySkipped, "the user was welcomed or has a password already")
	case u.Email == "":
		return newDelivery(u, DeliveryNoAddress, "the user has no primary email address; enter one, or set the password manually")
	case u.EmailBlocked:
		return newDelivery(u, DeliverySkipped, "the email address is blocked, because an administrator with fewer rights than the user set it; check the address, and unblock it")
	}
	return nil
}

func newDelivery(u *User, status DeliveryStatus, message string) *Delivery {
	return &Delivery{UserID: u.ID, Username: u.Username, Status: status, Message: message}
}

// newMail returns the mail of the job before its next attempt.
func (m *deliveryJob) newMail(ctx context.Context, id store.UserID) mailqueue.Mail {
	if m.retry != nil {
		return *m.retry
	}
	actor := audit.ActorFromContext(ctx)
	return mailqueue.Mail{
		UserID: id, Kind: m.kind, RequestedBy: mailqueue.Requester{Kind: actor.Kind, Name: actor.Name}, RequestedAt: m.service.now(),
	}
}

// enqueue stores the mail without an attempt.
func (m *deliveryJob) enqueue(ctx context.Context, id store.UserID) (d *Delivery, err error) {
	err = m.service.store.RunInTx(ctx, func(ctx context.Context) error {
		u, err := m.service.findByID(ctx, id)
		if err != nil {
			return err
		}
		if d, err = m.skip(ctx, u); d != nil || err != nil {
			return err
		}
		mail := m.newMail(ctx, id)
		mail.Finish(mailqueue.Deferred, "the mail waits, because the mail server accepted no other mails", m.service.now())
		d = newDelivery(u, "", "")
		d.setState(&mail)
		return m.service.store.PutMail(ctx, &mail)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// setState sets the state of a mail.
func (d *Delivery) setState(mail *mailqueue.Mail) {
	d.Status, d.Message, d.NextAttemptAt = DeliveryStatus(mail.Status), mail.Message, mail.NextAttemptAt
}

// begin writes the mail, and stores its links and that the attempt is running, or
// nothing. It returns the Delivery if there is nothing to send or the mail cannot be
// written.
func (m *deliveryJob) begin(ctx context.Context, id store.UserID) (message *usermail.Mail, d *Delivery, err error) {
	err = m.service.store.RunInTx(ctx, func(ctx context.Context) error {
		u, err := m.service.findByID(ctx, id)
		if err != nil {
			return err
		}
		if d, err = m.skip(ctx, u); d != nil || err != nil {
			return err
		}
		m.user, err = m.service.mutateByID(ctx, m.action(), id, func(ctx context.Context, u *User) (err error) {
			m.storeLinks(u)
			if message, err = m.compose(ctx, u); err != nil {
				return err
			}
			m.mail = m.newMail(ctx, id)
			m.mail.Begin(m.service.now(), attemptLease)
			return m.service.store.PutMail(ctx, &m.mail)
		})
		if renderErr, ok := errors.AsType[*usermail.RenderError](err); ok {
			d = newDelivery(u, DeliveryFailed, "the mail could not be written; correct its template: "+truncate(validate.SanitizeLine(renderErr.Error())))
			return nil
		}
		return err
	})
	return message, d, err
}

// send sends the mail and returns the result.
func (m *deliveryJob) send(ctx context.Context, message *usermail.Mail) *Delivery {
	err := m.service.sendWithTimeout(ctx, message)
	if err == nil {
		d := newDelivery(m.user, DeliverySent, "the mail server has taken the mail")
		if m.noActivation != "" {
			d.Message += "; " + m.noActivation
		}
		if m.password != nil {
			d.ExpiresAt = m.password.ExpiresAt
		}
		return d
	}
	m.service.opts().Logger.WarnContext(ctx, KindUser+": a mail was not delivered", "username", m.user.Username, "mail", string(m.kind), "error", err)
	d := failedDelivery(err)
	d.UserID, d.Username = m.user.ID, m.user.Username
	return d
}

// finish stores the result d, even after the caller's context or session has ended.
// Otherwise an accepted mail could be sent again. It adds the next attempt to d.
func (m *deliveryJob) finish(ctx context.Context, d *Delivery) error {
	ctx = audit.WithPrecondition(context.WithoutCancel(ctx), nil)
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	begun, status := m.mail, mailqueue.Status(d.Status)
	if d.Status == DeliveryFailed {
		status = mailqueue.Deferred
	}
	m.mail.Finish(status, d.Message, m.service.now())
	d.setState(&m.mail)
	// The mail was sent even if the user was moved out of scope since.
	_, err := m.service.Scoped(nil).mutateByID(ctx, string(m.kind)+" mail "+string(d.Status), m.user.ID, func(ctx context.Context, u *User) error {
		if d.unsent {
			if err := m.restoreLinks(ctx, u); err != nil {
				return err
			}
		}
		if d.Status == DeliverySent && m.kind == usermail.Welcome {
			u.WelcomedAt = m.service.now()
		}
		return m.service.putMailAfter(ctx, &begun, &m.mail)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted since
	}
	if m.service.mailFault() != nil {
		d.NextAttemptAt = time.Time{}
	}
	return err
}

var errNoMailer = errors.New("no mail server is configured any more")

// sendWithTimeout sends a mail through the mail server. It remembers whether the mail
// server rejects the settings.
func (s *Service) sendWithTimeout(ctx context.Context, message *usermail.Mail) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	mailer := s.opts().Mailer
	if mailer == nil { // reconfigured since the mail was composed
		return errNoMailer
	}
	err := mailer.Send(ctx, message)
	if fault, ok := errors.AsType[*MailSettingsError](err); ok || err == nil {
		s.shared.mailFault.Store(fault)
	}
	return err
}

// mailFault returns the error of settings that prevent every mail; nil if there is none.
func (s *Service) mailFault() *MailSettingsError { return s.shared.mailFault.Load() }

// failedDelivery returns the result of a mail that the mail server did not accept.
func failedDelivery(err error) *Delivery {
	if rejected, ok := errors.AsType[*MailRejectedError](err); ok {
		return &Delivery{
			Status: DeliveryRejected, unsent: true,
			Message: truncate(validate.SanitizeLine(rejected.Error())) + "; correct the address, or ask the administrator of the mail server",
		}
	}
	if deferred, ok := errors.AsType[*MailDeferredError](err); ok {
		return &Delivery{Status: DeliveryFailed, unsent: true, Message: truncate(validate.SanitizeLine(deferred.Error()))}
	}
	if fault, ok := errors.AsType[*MailSettingsError](err); ok {
		return &Delivery{
			Status: DeliveryFailed, unsent: true, fault: true,
			Message: "no mail can be sent with these settings: " + truncate(validate.SanitizeLine(fault.Error())) + "; then send a test mail, after which waiting mails are sent",
		}
	}
	return &Delivery{
		Status: DeliveryFailed, fault: true,
		Message: "the mail could not be sent; look at the mail server and its settings: " + truncate(validate.SanitizeLine(err.Error())),
	}
}

func truncate(reason string) string {
	if runes := []rune(reason); len(runes) > maxReasonLength {
		return string(runes[:maxReasonLength]) + "…"
	}
	return reason
}
