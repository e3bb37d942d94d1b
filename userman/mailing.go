package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

const (
	// sendingTime bounds how long one mail is being sent.
	sendingTime = time.Minute
	// claimTime is how long a welcome mail that was begun is left to whoever
	// began it. It is well above sendingTime.
	claimTime = 10 * time.Minute
	// settlingTime bounds how long it is tried to keep what came of a mail,
	// also when the caller has gone.
	settlingTime = 30 * time.Second
	// maxReason bounds, in characters, what is told of an error of a Mailer.
	maxReason = 300
)

// mailing is one mail to one person: begun, sent, settled. Links are kept
// before the mail with them leaves.
type mailing struct {
	service *Service
	kind    MailKind
	// fresh says that only somebody is meant who has no password and was not
	// welcomed, and whom nobody else is at work on.
	fresh bool
	// due, when it is not nil, says whether the person may be sent the mail now:
	// a stranger has asked for it.
	due func(u *User) bool

	// user is the person as of when the mailing was begun, as may be shown.
	user *User
	// password and activation are new links; nil when there is none to be.
	password, activation *newLink
	// noActivation says why there is no activation, when there should be one.
	noActivation string
	// earlier are the links that these two replaced.
	earlierPassword, earlierActivation *credential.Link
}

func (s *Service) newMailing(kind MailKind) *mailing { return &mailing{service: s, kind: kind} }

// run sends the mail to the person of that ID.
func (m *mailing) run(ctx context.Context, id string) (*Delivery, error) {
	u, err := m.service.findByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if d := m.pointless(u); d != nil {
		return d, nil
	}
	if err := m.prepare(ctx, u); err != nil {
		return nil, err
	}
	message, d, err := m.begin(ctx, id)
	if d != nil || err != nil {
		return d, err
	}
	d = m.send(ctx, message)
	if err := m.settle(ctx, d.Status); err != nil {
		return d, err
	}
	return d, endOf(ctx, d)
}

// endOf returns the error of ctx, when that is why nothing was delivered.
func endOf(ctx context.Context, d *Delivery) error {
	if d.Status == Failed {
		return ctx.Err()
	}
	return nil
}

// pointless returns what comes of a mail that cannot, or need not, be sent to
// u; nil when it can.
func (m *mailing) pointless(u *User) *Delivery {
	switch {
	case m.service.opts.Mailer == nil:
		return said(u, NotConfigured, "no mail server is configured, so no mail can be sent; configure one, or set the password by hand")
	case m.service.opts.BaseURL == nil:
		return said(u, NotConfigured, "the address under which people reach the product is not configured, so no link can be sent; configure the base URL")
	case u.Disabled:
		return said(u, Skipped, "the person is disabled, and links of theirs do not work; enable them first")
	case m.kind == ResetMail && m.service.elsewhere(u):
		return said(u, Skipped, "the directory that this person comes from keeps the password; change it there")
	case m.fresh && (u.Credentials.HasPassword() || !u.WelcomedAt.IsZero()):
		return said(u, Skipped, "the person was welcomed, or has a password, already")
	case m.fresh && m.claimed(u):
		return said(u, Skipped, "another run is at work on this person, or was stopped there; try again in 10 minutes")
	case m.due != nil && !m.due(u):
		return said(u, Skipped, "a link was mailed to this person a moment ago, or the one that was to be renewed is not there any more")
	case u.Email == "":
		return said(u, NoAddress, "the person has no primary email address; fill it in, or set the password by hand")
	}
	return nil
}

// claimed reports whether a welcome mail to u was begun of late.
func (m *mailing) claimed(u *User) bool {
	since := m.service.now().Sub(u.WelcomeBegunAt)
	return !u.WelcomeBegunAt.IsZero() && since < claimTime && since > -claimTime
}

func said(u *User, status DeliveryStatus, message string) *Delivery {
	return &Delivery{Username: u.Username, Status: status, Message: message}
}

// prepare makes the links that are to be in the mail.
func (m *mailing) prepare(ctx context.Context, u *User) (err error) {
	if !m.service.elsewhere(u) {
		if m.password, err = m.service.newLink(passwordLink, m.service.lifetime(m.kind)); err != nil {
			return err
		}
	}
	if m.kind != WelcomeMail {
		return nil
	}
	activatable, reason, err := m.service.activatable(ctx, u)
	if err != nil {
		return err
	}
	m.noActivation = reason
	if activatable {
		m.activation, err = m.service.newLink(activationLink, m.service.opts.ActivationLifetime)
	}
	return err
}

// lifetime returns how long the link of a mail works.
func (s *Service) lifetime(kind MailKind) time.Duration {
	if kind == ResetMail {
		return s.opts.ResetLifetime
	}
	return s.opts.InvitationLifetime
}

// activatable reports whether a softphone of u can be set up, or why it cannot
// although the person is permitted it and the product knows of softphones.
func (s *Service) activatable(ctx context.Context, u *User) (_ bool, reason string, _ error) {
	may, err := s.can(ctx, u, SoftphoneActivate)
	if err != nil || !may || s.opts.SIPAccounts == nil {
		return false, "", err
	}
	_, err = s.sipAccount(ctx, u)
	if conflict, ok := errors.AsType[*store.ConflictError](err); ok {
		return false, conflict.Reason, nil
	}
	return err == nil, "", err
}

// begin writes the mail, and keeps the links in it and that it was begun, all of
// it or nothing. When there is nothing to send any more, or the mail cannot be
// written, it returns that.
func (m *mailing) begin(ctx context.Context, id string) (message *Message, d *Delivery, err error) {
	err = m.service.store.Atomically(ctx, func(ctx context.Context) error {
		u, err := m.service.findByID(ctx, id)
		if err != nil {
			return err
		}
		if d = m.pointless(u); d != nil {
			return nil
		}
		m.user, err = m.service.actOn(ctx, "send "+string(m.kind)+" mail", id, func(ctx context.Context, u *User) (err error) {
			m.takeOver(u)
			message, err = m.compose(ctx, u)
			return err
		})
		if unwritten, ok := errors.AsType[*writingError](err); ok {
			d = said(u, Failed, "the mail could not be written; correct its template: "+bounded(flattened(unwritten.Error())))
			return nil
		}
		return err
	})
	return message, d, err
}

// takeOver writes into u that the mail was begun.
func (m *mailing) takeOver(u *User) {
	if m.password != nil {
		m.earlierPassword = u.Credentials.Invitation
		m.password.giveTo(u)
	}
	if m.activation != nil {
		m.earlierActivation = u.Activation
		m.activation.giveTo(u)
	}
	if m.kind == WelcomeMail {
		u.WelcomeBegunAt = m.service.now()
	}
}

// send sends the mail and says what came of it.
func (m *mailing) send(ctx context.Context, message *Message) *Delivery {
	ctx, cancel := context.WithTimeout(ctx, sendingTime)
	defer cancel()
	err := m.service.opts.Mailer.Send(ctx, message)
	if err == nil {
		d := said(m.user, Delivered, "the mail server has taken the mail")
		if m.noActivation != "" {
			d.Message += "; " + m.noActivation
		}
		if m.password != nil {
			d.ExpiresAt = m.password.ExpiresAt
		}
		return d
	}
	m.service.opts.Logger.WarnContext(ctx, PersonRecord+": a mail was not delivered", "username", m.user.Username, "mail", string(m.kind), "error", err)
	if refused, ok := errors.AsType[*MailRefusedError](err); ok {
		return said(m.user, Refused, bounded(flattened(refused.Error()))+"; correct the address, or ask whoever runs the mail server")
	}
	return said(m.user, Failed, "the mail could not be sent; look at the mail server and its settings, and try again: "+bounded(flattened(err.Error())))
}

func bounded(reason string) string {
	if runes := []rune(reason); len(runes) > maxReason {
		return string(runes[:maxReason]) + "…"
	}
	return reason
}
