package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// RequestReset mails a link to whoever logs in by that name (see [Options]), in
// the background. Whether there is such a person, and whether they have an
// address, is not told, not by the answer and not by the time it takes. Nobody
// is sent a second mail within [Options].ResetPause of one whose link was not
// used. A [store.RateLimitedError] after too many tries from one source (that of
// the actor of ctx).
func (s *Service) RequestReset(ctx context.Context, name string) error {
	return s.runMailRequest(ctx, func(ctx context.Context) error {
		u, err := s.resolveLogin(ctx, name)
		if err != nil {
			return err
		}
		return s.mailIf(ctx, usermail.Reset, u, s.resetAllowed)
	})
}

// RequestNewLink mails a new link to the person whose expired link token is, in the
// background: the welcome mail to somebody who has no password yet, and else
// the mail to reset it. It is no error when token is none, or the person has no
// address: whoever asks learns nothing. A [store.RateLimitedError] after too many
// tries from one source (that of the actor of ctx).
func (s *Service) RequestNewLink(ctx context.Context, token store.Secret) error {
	return s.runMailRequest(ctx, func(ctx context.Context) error {
		u, err := s.userByLink(ctx, passwordLink, token)
		if _, expired := errors.AsType[*credential.LinkExpiredError](err); !expired {
			return err
		}
		mail := usermail.Welcome
		if u.Credentials.HasPassword() {
			mail = usermail.Reset
		}
		hash := auth.HashToken(token)
		return s.mailIf(ctx, mail, u, func(u *User) bool {
			_, expired := errors.AsType[*credential.LinkExpiredError](s.checkLink(passwordLink, u, hash))
			return expired
		})
	})
}

// mailRequestRetryAfter is when to ask again for a mail when too many wait to be sent.
const mailRequestRetryAfter = time.Minute

// runMailRequest does in the background what a stranger asked for, unless there were
// too many tries from one source. Nothing is looked up before it returns, so
// that time tells nothing.
func (s *Service) runMailRequest(ctx context.Context, work func(ctx context.Context) error) error {
	addr := audit.ActorFromContext(ctx).RemoteAddr
	// Each address counts as its own user, so no caller can use up another's mails.
	if wait, _ := s.mailLimiter.Allow(ratelimit.Attempt{RemoteAddr: addr, User: addr.String()}); wait > 0 {
		return &store.RateLimitedError{RetryAfter: wait}
	}
	started := s.runInBackground(ctx, func(ctx context.Context) {
		if err := work(ctx); err != nil && !errors.Is(err, store.ErrNotFound) {
			s.opts.Logger.ErrorContext(ctx, KindUser+": a mail that was asked for was not sent", "error", err)
		}
	})
	if !started {
		return &store.RateLimitedError{RetryAfter: mailRequestRetryAfter}
	}
	return nil
}

// resetAllowed reports whether u may be sent a reset mail: not while the link of an
// earlier one, or a welcome mail, is that young. A link does not say when it was
// made, but when it ends, and of what lifetime those of mails are.
func (s *Service) resetAllowed(u *User) bool {
	recent := func(createdAt time.Time) bool {
		age := s.now().Sub(createdAt)
		return age >= 0 && age < s.opts.ResetCooldown
	}
	link := u.Credentials.Invitation
	return link == nil || !recent(link.ExpiresAt.Add(-s.opts.ResetLifetime)) && !recent(u.WelcomeStartedAt)
}

// mailIf mails u a link when that is due, which is asked again where the
// link is written: of many who ask at once one gets the mail sent.
func (s *Service) mailIf(ctx context.Context, mail usermail.Kind, u *User, precondition func(u *User) bool) error {
	m := s.newDeliveryJob(mail)
	m.precondition = precondition
	delivery, err := m.run(ctx, u.ID)
	if err != nil {
		return err
	}
	s.opts.Logger.InfoContext(ctx, KindUser+": a mail was asked for", "mail", string(mail), "username", u.Username, "status", string(delivery.Status))
	return nil
}
