package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// retryInterval is the longest time between two looks at the waiting mails. Other
// processes may add some.
const retryInterval = 30 * time.Second

// Run sends the waiting mails when they are due, until ctx ends. It sends them after 1,
// 5, 15 and 60 minutes, each counted from the attempt before, and then hourly for a day.
// It continues after a restart, because the mails are stored. Each attempt creates a new
// link. A mail does not wait any longer if its user is disabled, deleted or gets another
// password or link, or if a newer mail of the kind replaces it.
//
// If the mail server rejects the settings of the Mailer, Run sends no mails until the
// mail server accepts another mail, such as a test mail, or the program restarts.
//
// Call Run in one goroutine of each program that should send waiting mails. Of several
// programs, one sends a mail. If a program is killed while it sends a mail, the user may
// receive this mail twice.
func (ms *MailService) Run(ctx context.Context) {
	for {
		if err := ms.SendDue(ctx); err != nil && ctx.Err() == nil {
			ms.s.opts().Logger.ErrorContext(ctx, "waiting mails were not sent", "error", err)
		}
		timer := time.NewTimer(ms.untilNextMail(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// untilNextMail returns the time to wait for the next mail, at most retryInterval.
func (ms *MailService) untilNextMail(ctx context.Context) time.Duration {
	next, err := ms.s.store.NextMail(ctx)
	if err != nil {
		return retryInterval
	}
	wait := next.NextAttemptAt.Sub(ms.s.now())
	if wait <= 0 { // the mail server accepts nothing now
		return retryInterval
	}
	return min(wait, retryInterval)
}

// SendDue sends the waiting mails that are due now, as [MailService.Run] does. It stops
// at a failure that concerns every mail. It returns the first error of the store.
func (ms *MailService) SendDue(ctx context.Context) error {
	s := ms.s.Scoped(nil)
	if s.opts().Mailer == nil || s.opts().BaseURL == nil {
		return nil
	}
	for s.mailFault() == nil {
		next, err := s.store.NextMail(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || !next.Due(s.now()) {
			return err
		}
		if fault, err := s.retryMail(ctx, next); fault || err != nil {
			return err
		}
	}
	return nil
}

// retryMail tries to send a waiting mail, as the actor that requested it. It reports
// whether the failure concerns every mail.
func (s *Service) retryMail(ctx context.Context, next *mailqueue.Mail) (fault bool, err error) {
	ctx = audit.WithActor(ctx, audit.Actor{Kind: next.RequestedBy.Kind, Name: next.RequestedBy.Name})
	m := s.newDeliveryJob(next.Kind)
	m.retry = next
	d, err := m.run(ctx, next.UserID)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, store.ErrNotFound):
		return false, s.store.DeleteMail(ctx, next.UserID, next.Kind)
	case err != nil:
		s.opts().Logger.ErrorContext(ctx, KindUser+": a waiting mail could not be prepared", "id", next.UserID, "mail", string(next.Kind), "error", err)
		return false, s.endAttempt(ctx, next, mailqueue.Deferred, "the mail could not be prepared; see the log of the program")
	case m.user != nil: // there was an attempt
		return d.fault, nil
	case d.Status == DeliverySkipped:
		return false, s.dropMail(ctx, next)
	default:
		return false, s.endAttempt(ctx, next, mailqueue.Failed, d.Message)
	}
}

// endAttempt stores the result of a waiting mail that was not sent to the mail server.
func (s *Service) endAttempt(ctx context.Context, next *mailqueue.Mail, status mailqueue.Status, message string) error {
	ended := *next
	ended.Begin(s.now(), attemptLease)
	ended.Finish(status, message, s.now())
	return s.store.RunInTx(ctx, func(ctx context.Context) error { return s.putMailAfter(ctx, next, &ended) })
}

// dropMail deletes a waiting mail, unless it was changed since.
func (s *Service) dropMail(ctx context.Context, next *mailqueue.Mail) error {
	return s.store.RunInTx(ctx, func(ctx context.Context) error {
		mails, err := s.store.Mails(ctx, next.UserID)
		if err != nil || !isSameAttempt(mailOfKind(mails, next.Kind), next) {
			return err
		}
		return s.store.DeleteMail(ctx, next.UserID, next.Kind)
	})
}

// dropMails deletes the waiting mails to a user, in the transaction of ctx.
func (s *Service) dropMails(ctx context.Context, id store.UserID) error {
	mails, err := s.store.Mails(ctx, id)
	if err != nil {
		return err
	}
	for _, mail := range mails {
		if !mail.Waiting() {
			continue
		}
		if err := s.store.DeleteMail(ctx, id, mail.Kind); err != nil {
			return err
		}
	}
	return nil
}

// putMailAfter replaces the mail begun with after, in the transaction of ctx. It does
// nothing if the mail was dropped or replaced since.
func (s *Service) putMailAfter(ctx context.Context, begun, after *mailqueue.Mail) error {
	mails, err := s.store.Mails(ctx, begun.UserID)
	if err != nil || !isSameAttempt(mailOfKind(mails, begun.Kind), begun) {
		return err
	}
	return s.store.PutMail(ctx, after)
}

// isSameAttempt reports whether stored, which may be nil, is still as mail.
func isSameAttempt(stored, mail *mailqueue.Mail) bool {
	return stored != nil && stored.Waiting() && stored.RequestedAt.Equal(mail.RequestedAt) &&
		stored.Attempts == mail.Attempts && stored.Status == mail.Status
}

// mailOfKind returns the mail of that kind; nil if there is none.
func mailOfKind(mails []*mailqueue.Mail, kind usermail.Kind) *mailqueue.Mail {
	for _, mail := range mails {
		if mail.Kind == kind {
			return mail
		}
	}
	return nil
}
