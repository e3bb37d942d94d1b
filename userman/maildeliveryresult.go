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
