package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
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
	// DeliveryFailed means that the mail server was unreachable or did not answer in
	// time, or that the template failed. Another attempt may succeed.
	DeliveryFailed DeliveryStatus = "failed"
	// DeliverySkipped means that no mail was needed. For example, the user is disabled,
	// the user's directory manages the password, or another run is sending the mail.
	DeliverySkipped DeliveryStatus = "skipped"
)

// Delivery is the result of sending a mail to a user.
type Delivery struct {
	Username string         `json:"username"`
	Status   DeliveryStatus `json:"status"`
	// Message explains the status in one sentence.
	Message string `json:"message"`
	// ExpiresAt is the time when the link in the mail expires. It is zero if the mail
	// has no link.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// deferred reports that the server accepts this mail later, and others now.
	deferred bool
}

// MailService sends the mails of a [Service]; see [Service.Mails].
type MailService struct{ s *Service }

// Mails returns the service of mails.
func (s *Service) Mails() *MailService { return &MailService{s} }

// Send creates a link and mails it to the user with this username. kind selects a
// welcome mail or a mail to reset a forgotten password. Users request a reset mail
// themselves with [Service.RequestReset]. The new link replaces an earlier link. If
// Send sends nothing, or if the mail server rejects the mail permanently, the
// earlier link stays valid.
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

// finish stores the result of a welcome mail, even after the caller's context has
// ended. Otherwise an accepted mail could be sent again. For other mails it stores only
// a rejection. It then restores the earlier link. If a mail cannot arrive, an
// administrator may have given this link to the user. A visitor who requests a reset
// must not invalidate it.
func (m *deliveryJob) finish(ctx context.Context, status DeliveryStatus) error {
	if m.kind != usermail.Welcome && status != DeliveryRejected {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	action := string(m.kind) + " mail " + string(status)
	// The mail was sent even if the user was moved out of scope since.
	_, err := m.service.Scoped(nil).mutateByID(ctx, action, m.user.ID, func(ctx context.Context, u *User) error {
		if status == DeliverySent { // of a welcome mail
			u.WelcomedAt = m.service.now()
			return nil
		}
		if status == DeliveryRejected {
			if err := m.restoreLinks(ctx, u); err != nil {
				return err
			}
		}
		if m.kind == usermail.Welcome && u.WelcomeStartedAt.Equal(m.user.WelcomeStartedAt) {
			u.WelcomeStartedAt = time.Time{} // another run need not wait
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted since
	}
	return err
}

// restoreLinks restores the earlier links if the new ones were not sent, unless they
// were replaced or used since, or a grant may have revoked them.
func (m *deliveryJob) restoreLinks(ctx context.Context, u *User) error {
	if err := m.service.restoreLink(ctx, u, m.password, m.earlierPassword); err != nil {
		return err
	}
	return m.service.restoreLink(ctx, u, m.activation, m.earlierActivation)
}

func (s *Service) restoreLink(ctx context.Context, u *User, link *issuedLink, earlier *credential.OneTimeToken) error {
	if link == nil || !link.stored.Equal(*link.kind.slot(u)) {
		return nil
	}
	*link.kind.slot(u) = nil
	if earlier == nil {
		return nil
	}
	covers, err := s.creatorCovers(ctx, earlier.Creator, u)
	if covers {
		*link.kind.slot(u) = earlier.Clone()
	}
	return err
}
