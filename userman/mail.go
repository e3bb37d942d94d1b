package userman

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Mailer sends mails.
type Mailer interface {
	// Send hands one mail to the mail server and returns when the server has
	// taken it. A [MailRejectedError] means that the server will never take
	// this mail; any other error is a failure that may be worth another try.
	// It ends with ctx. Errors are shown to administrators: they hold no
	// secret.
	Send(ctx context.Context, m *usermail.Mail) error
}

// MailRejectedError says that a mail server did not take a mail, for good.
type MailRejectedError struct {
	// Reason is what the server said, without anything of the mail.
	Reason string
}

func (e *MailRejectedError) Error() string {
	return "the mail server refused the mail: " + e.Reason
}

// DeliveryStatus says what came of a mail.
type DeliveryStatus string

// What comes of a mail.
const (
	// DeliverySent means that the mail server has taken it.
	DeliverySent DeliveryStatus = "sent"
	// DeliveryNoAddress means that the person has no primary email.
	DeliveryNoAddress DeliveryStatus = "no_address"
	// DeliveryNotConfigured means that [Options] have no Mailer or no BaseURL.
	DeliveryNotConfigured DeliveryStatus = "not_configured"
	// DeliveryRejected means that the mail server did not take it, and will not.
	DeliveryRejected DeliveryStatus = "rejected"
	// DeliveryFailed means that the mail server could not be reached, or did not
	// answer in time, so that another try may do; or that the template could
	// not write this mail.
	DeliveryFailed DeliveryStatus = "failed"
	// DeliverySkipped means that nothing was sent because the person is disabled,
	// because their directory keeps the password and there is nothing to say,
	// or because another run is at work on it.
	DeliverySkipped DeliveryStatus = "skipped"
)

// Delivery is what came of a mail to one person.
type Delivery struct {
	Username string         `json:"username"`
	Status   DeliveryStatus `json:"status"`
	// Message is one sentence for people, with the way out.
	Message string `json:"message"`
	// ExpiresAt is when the link in it stops to work; zero when none was sent.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// SendMail creates a link and mails it to the user of that username: a welcome mail,
// or a mail to reset a forgotten password. Users who forgot their password ask for it
// with [Service.RequestReset]. The new link replaces an earlier one, unless the mail
// was certainly not delivered.
//
// The Delivery says whether the mail was sent; it comes with an error too if the mail
// was on its way. SendMail returns an error wrapping [store.ErrNotFound] if there is
// no such user, and one wrapping [store.ErrInvalid] on "kind" if there is no such mail.
func (s *Service) SendMail(ctx context.Context, kind usermail.Kind, username string) (*Delivery, error) {
	if err := kind.Validate(); err != nil {
		return nil, err
	}
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.newDeliveryJob(kind).run(ctx, u.ID)
}

// finish keeps what came of a welcome mail, also when the caller has gone: what
// the mail server has taken is not sent again. Of other mails only a refusal is
// kept: a stranger who asks for a reset must not end a link that was handed
// over by hand because no mail arrives.
func (m *deliveryJob) finish(ctx context.Context, status DeliveryStatus) error {
	if m.kind != usermail.Welcome && status != DeliveryRejected {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	action := string(m.kind) + " mail " + string(status)
	// Whoever was moved out of reach meanwhile was sent the mail all the same.
	_, err := m.service.Scoped(nil).mutateByID(ctx, action, m.user.ID, func(_ context.Context, u *User) error {
		if status == DeliverySent { // of a welcome mail
			u.WelcomedAt = m.service.now()
			return nil
		}
		if status == DeliveryRejected {
			m.restoreLinks(u)
		}
		if m.kind == usermail.Welcome && u.WelcomeStartedAt.Equal(m.user.WelcomeStartedAt) {
			u.WelcomeStartedAt = time.Time{} // another run need not wait
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted meanwhile
	}
	return err
}

// restoreLinks puts the earlier links in the place of those that nobody was sent,
// unless they have been replaced, or used, since.
func (m *deliveryJob) restoreLinks(u *User) {
	if m.password != nil && sameLink(u.Credentials.Invitation, m.password.stored) {
		u.Credentials.Invitation = m.earlierPassword.Clone()
	}
	if m.activation != nil && sameLink(u.Activation, m.activation.stored) {
		u.Activation = m.earlierActivation.Clone()
	}
}

func sameLink(a, b *credential.OneTimeToken) bool {
	return a != nil && b != nil && bytes.Equal(a.TokenHash, b.TokenHash)
}
