package userman

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// settle keeps what came of a welcome mail, also when the caller has gone: what
// the mail server has taken is not sent again. Of other mails only a refusal is
// kept: a stranger who asks for a reset must not end a link that was handed
// over by hand because no mail arrives.
func (m *mailing) settle(ctx context.Context, status DeliveryStatus) error {
	if m.kind != WelcomeMail && status != Refused {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settlingTime)
	defer cancel()
	action := string(m.kind) + " mail " + string(status)
	// Whoever was moved out of reach meanwhile was sent the mail all the same.
	_, err := m.service.Within(nil).actOn(ctx, action, m.user.ID, func(_ context.Context, u *User) error {
		if status == Delivered { // of a welcome mail
			u.WelcomedAt = m.service.now()
			return nil
		}
		if status == Refused {
			m.putBack(u)
		}
		if m.kind == WelcomeMail && u.WelcomeBegunAt.Equal(m.user.WelcomeBegunAt) {
			u.WelcomeBegunAt = time.Time{} // another run need not wait
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted meanwhile
	}
	return err
}

// putBack puts the earlier links in the place of those that nobody was sent,
// unless they have been replaced, or used, since.
func (m *mailing) putBack(u *User) {
	if m.password != nil && same(u.Credentials.Invitation, &m.password.kept) {
		u.Credentials.Invitation = m.earlierPassword.Clone()
	}
	if m.activation != nil && same(u.Activation, &m.activation.kept) {
		u.Activation = m.earlierActivation.Clone()
	}
}

func same(a, b *credential.Link) bool {
	return a != nil && b != nil && bytes.Equal(a.TokenHash, b.TokenHash)
}
