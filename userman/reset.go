package userman

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// RequestReset mails a password reset link to the user with this login name (see
// [Options]). It sends the mail in the background. Neither its result nor its duration
// shows whether the user exists or has an address. A user with an unused link receives
// no second mail within [Options].ResetCooldown. A mail that was not sent does not count. RequestReset returns a
// [store.RateLimitedError] after too many requests from the same address. This is the
// address of the actor of ctx.
func (s *Service) RequestReset(ctx context.Context, name string) error {
	return s.runMailRequest(ctx, func(ctx context.Context) error {
		u, err := s.resolveLogin(ctx, name)
		if err != nil {
			return err
		}
		return s.mailIf(ctx, usermail.Reset, u, s.resetAllowed)
	})
}

// RequestNewLink mails a new link to the user whose expired link has this token. It
// sends the mail in the background. A user without a password receives a welcome mail,
// any other user a reset mail. An unknown token and a user without an address cause no
// error, so the caller learns nothing. RequestNewLink returns a
// [store.RateLimitedError] after too many requests from the same address. This is the
// address of the actor of ctx.
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
		return s.mailIf(ctx, mail, u, func(u *User, _ []*mailqueue.Mail) bool {
			_, expired := errors.AsType[*credential.LinkExpiredError](s.checkLink(passwordLink, u, hash))
			return expired
		})
	})
}

// mailRequestRetryAfter is the time to wait when too many mails are in the queue.
const mailRequestRetryAfter = time.Minute

// runMailRequest runs a request of a visitor in the background unless the source has
// made too many. It looks up no user before it returns, so its duration shows nothing.
func (s *Service) runMailRequest(ctx context.Context, work func(ctx context.Context) error) error {
	addr := audit.ActorFromContext(ctx).RemoteAddr
	// Each address counts as its own user, so no caller can use up another's mails.
	if wait, _ := s.mailLimiter.Allow(ratelimit.Attempt{RemoteAddr: addr, User: addr.String()}); wait > 0 {
		return &store.RateLimitedError{RetryAfter: wait}
	}
	started := s.runInBackground(ctx, func(ctx context.Context) {
		if err := work(ctx); err != nil && !errors.Is(err, store.ErrNotFound) {
			s.opts().Logger.ErrorContext(ctx, KindUser+": a mail that was asked for was not sent", "error", err)
		}
	})
	if !started {
		return &store.RateLimitedError{RetryAfter: mailRequestRetryAfter}
	}
	return nil
}

// resetAllowed reports whether u may receive a reset mail. It returns false if a mail
// with an unused link was sent within the cooldown or is being sent. A mail that was not
// sent starts no cooldown.
func (s *Service) resetAllowed(u *User, mails []*mailqueue.Mail) bool {
	now := s.now()
	return u.Credentials.Invitation == nil || !slices.ContainsFunc(mails, func(mail *mailqueue.Mail) bool {
		age := now.Sub(mail.UpdatedAt)
		return mail.InProgress(now) || mail.Status == mailqueue.Sent && age >= 0 && age < s.opts().ResetCooldown
	})
}

// mailIf mails u a link if precondition returns true. It calls precondition again in
// the transaction that writes the link. Of many concurrent requests, only one therefore
// sends the mail.
func (s *Service) mailIf(ctx context.Context, mail usermail.Kind, u *User, precondition func(u *User, mails []*mailqueue.Mail) bool) error {
	m := s.newDeliveryJob(mail)
	m.precondition = precondition
	delivery, err := m.run(ctx, u.ID)
	if err != nil {
		return err
	}
	s.opts().Logger.InfoContext(ctx, KindUser+": a mail was asked for", "mail", string(mail), "username", u.Username, "status", string(delivery.Status))
	return nil
}
