package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

const (
	// sendTimeout limits the time to send one mail.
	sendTimeout = time.Minute
	// inProgressTimeout is the time for which a started welcome mail belongs to the run
	// that started it. It is well above sendTimeout.
	inProgressTimeout = 10 * time.Minute
	// finishTimeout limits the attempts to store the result of a mail after the
	// caller's context has ended.
	finishTimeout = 30 * time.Second
	// maxReasonLength is the number of characters shown of an error of a Mailer.
	maxReasonLength = 300
)

// deliveryJob sends one mail to one user. It stores the links before the mail with them
// is sent.
type deliveryJob struct {
	service *Service
	kind    usermail.Kind
	// onlyNew skips users with a password, users who were welcomed, and users whose
	// mail another run is sending.
	onlyNew bool
	// precondition, if not nil, reports whether u may receive the mail now: a visitor
	// has requested it.
	precondition func(u *User) bool

	// user is the user as of the start of the job, without credentials.
	user *User
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

// run sends the mail to the user of that ID.
func (m *deliveryJob) run(ctx context.Context, id store.UserID) (*Delivery, error) {
	u, err := m.service.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if d := m.skipReason(u); d != nil {
		return d, nil
	}
	if err := m.issueLinks(ctx, u); err != nil {
		return nil, err
	}
	message, d, err := m.prepareMessage(ctx, id)
	if d != nil || err != nil {
		return d, err
	}
	d = m.send(ctx, message)
	if err := m.finish(ctx, d.Status); err != nil {
		return d, err
	}
	return d, contextError(ctx, d)
}

// contextError returns the error of ctx if the delivery failed.
func contextError(ctx context.Context, d *Delivery) error {
	if d.Status == DeliveryFailed {
		return ctx.Err()
	}
	return nil
}

// skipReason returns the result for a mail that cannot or need not be sent to u. It
// returns nil if the mail can be sent.
func (m *deliveryJob) skipReason(u *User) *Delivery {
	switch {
	case m.service.opts.Mailer == nil:
		return newDelivery(u, DeliveryNotConfigured, "no mail server is configured, so no mail can be sent; configure one, or set the password by hand")
	case m.service.opts.BaseURL == nil:
		return newDelivery(u, DeliveryNotConfigured, "the public URL of the product is not configured, so no link can be sent; configure the base URL")
	case u.Disabled:
		return newDelivery(u, DeliverySkipped, "the user is disabled, so links do not work; enable the user first")
	case m.kind == usermail.Reset && m.service.passwordIsExternal(u):
		return newDelivery(u, DeliverySkipped, "the user's directory manages the password; change it there")
	case m.onlyNew && (u.Credentials.HasPassword() || !u.WelcomedAt.IsZero()):
		return newDelivery(u, DeliverySkipped, "the user was welcomed or has a password already")
	case m.onlyNew && m.inProgress(u):
		return newDelivery(u, DeliverySkipped, "another run is sending this mail or was stopped; try again in 10 minutes")
	case m.precondition != nil && !m.precondition(u):
		return newDelivery(u, DeliverySkipped, "a link was mailed to this user a moment ago, or the link to renew no longer exists")
	case u.Email == "":
		return newDelivery(u, DeliveryNoAddress, "the user has no primary email address; enter one, or set the password manually")
	case u.EmailBlocked:
		return newDelivery(u, DeliverySkipped, "the email address is blocked, because an administrator with fewer rights than the user set it; check the address, and unblock it")
	}
	return nil
}

// inProgress reports whether another run is sending a welcome mail to u.
func (m *deliveryJob) inProgress(u *User) bool {
	since := m.service.now().Sub(u.WelcomeStartedAt)
	return !u.WelcomeStartedAt.IsZero() && since < inProgressTimeout && since > -inProgressTimeout
}

func newDelivery(u *User, status DeliveryStatus, message string) *Delivery {
	return &Delivery{Username: u.Username, Status: status, Message: message}
}

// issueLinks creates the links for the mail.
func (m *deliveryJob) issueLinks(ctx context.Context, u *User) (err error) {
	if !m.service.passwordIsExternal(u) {
		if m.password, err = m.service.issueLink(passwordLink, m.service.linkLifetime(m.kind)); err != nil {
			return err
		}
	}
	if m.kind != usermail.Welcome {
		return nil
	}
	activatable, reason, err := m.service.canActivate(ctx, u)
	if err != nil {
		return err
	}
	m.noActivation = reason
	if activatable {
		m.activation, err = m.service.issueLink(activationLink, m.service.opts.ActivationLifetime)
	}
	return err
}

// linkLifetime returns the lifetime of the link in a mail.
func (s *Service) linkLifetime(kind usermail.Kind) time.Duration {
	if kind == usermail.Reset {
		return s.opts.ResetLifetime
	}
	return s.opts.InvitationLifetime
}

// canActivate reports whether a softphone of u can be set up. If not, although the user
// has the permission and the options have SIPAccounts, it returns the reason.
func (s *Service) canActivate(ctx context.Context, u *User) (_ bool, reason string, _ error) {
	allowed, err := s.hasPermission(ctx, u, permission.SoftphoneActivate)
	if err != nil || !allowed || s.opts.SIPAccounts == nil {
		return false, "", err
	}
	_, err = s.sipAccount(ctx, u)
	if conflict, ok := errors.AsType[*store.ConflictError](err); ok {
		return false, conflict.Reason, nil
	}
	return err == nil, "", err
}

// prepareMessage writes the mail and stores its links and its start, or nothing. It
// returns the Delivery if there is nothing to send or the mail cannot be written.
func (m *deliveryJob) prepareMessage(ctx context.Context, id store.UserID) (message *usermail.Mail, d *Delivery, err error) {
	err = m.service.store.RunInTx(ctx, func(ctx context.Context) error {
		u, err := m.service.findByID(ctx, id)
		if err != nil {
			return err
		}
		if d = m.skipReason(u); d != nil {
			return nil
		}
		m.user, err = m.service.mutateByID(ctx, "send "+string(m.kind)+" mail", id, func(ctx context.Context, u *User) (err error) {
			m.storeLinks(u)
			message, err = m.compose(ctx, u)
			return err
		})
		if renderErr, ok := errors.AsType[*usermail.RenderError](err); ok {
			d = newDelivery(u, DeliveryFailed, "the mail could not be written; correct its template: "+truncate(validate.SanitizeLine(renderErr.Error())))
			return nil
		}
		return err
	})
	return message, d, err
}

// storeLinks sets the links and the start of the mail in u. Only who reads the mail
// knows the links: their creator is that of the address.
func (m *deliveryJob) storeLinks(u *User) {
	if m.password != nil {
		m.earlierPassword = u.Credentials.Invitation
		m.password.assign(u, u.EmailCreator)
	}
	if m.activation != nil {
		m.earlierActivation = u.Activation
		m.activation.assign(u, u.EmailCreator)
	}
	if m.kind == usermail.Welcome {
		u.WelcomeStartedAt = m.service.now()
	}
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
	m.service.opts.Logger.WarnContext(ctx, KindUser+": a mail was not delivered", "username", m.user.Username, "mail", string(m.kind), "error", err)
	d := failedDelivery(err)
	d.Username = m.user.Username
	return d
}

// sendWithTimeout sends a mail through the mail server.
func (s *Service) sendWithTimeout(ctx context.Context, message *usermail.Mail) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return s.opts.Mailer.Send(ctx, message)
}

// failedDelivery returns the result of a mail that the mail server did not accept.
func failedDelivery(err error) *Delivery {
	if rejected, ok := errors.AsType[*MailRejectedError](err); ok {
		return &Delivery{Status: DeliveryRejected, Message: truncate(validate.SanitizeLine(rejected.Error())) + "; correct the address, or ask the administrator of the mail server"}
	}
	if deferred, ok := errors.AsType[*MailDeferredError](err); ok {
		return &Delivery{Status: DeliveryFailed, deferred: true, Message: truncate(validate.SanitizeLine(deferred.Error())) + "; try again in some minutes"}
	}
	return &Delivery{
		Status: DeliveryFailed, Message: "the mail could not be sent; look at the mail server and its settings, and try again: " + truncate(validate.SanitizeLine(err.Error())),
	}
}

func truncate(reason string) string {
	if runes := []rune(reason); len(runes) > maxReasonLength {
		return string(runes[:maxReasonLength]) + "…"
	}
	return reason
}
