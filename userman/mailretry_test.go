package userman_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func (h *env) sendDue(t testing.TB) {
	t.Helper()
	require.NoError(t, h.Mails().SendDue(t.Context()))
}

// restart returns another service over the same database, audit log and clock.
func (h *env) restart(t testing.TB, db backend, configure ...func(*userman.Options)) *env {
	t.Helper()
	restarted := newServiceWithDB(t, db, "", append(configure, func(o *userman.Options) { o.Audit, o.Clock = h.auditLog, h.clock.Now })...)
	restarted.clock = h.clock
	return restarted
}

// switchedMailer is a mail server that another one can replace.
type switchedMailer struct {
	mu sync.Mutex
	userman.Mailer
}

func (s *switchedMailer) set(m userman.Mailer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Mailer = m
}

func (s *switchedMailer) Send(ctx context.Context, m *usermail.Mail) error {
	s.mu.Lock()
	current := s.Mailer
	s.mu.Unlock()
	return current.Send(ctx, m)
}

// requireMail requires the status of the only mail to a user.
func (h *env) requireMail(t testing.TB, username string, status mailqueue.Status, attempts int) *mailqueue.Mail {
	t.Helper()
	mails := h.mails(t, username)
	require.Len(t, mails, 1)
	require.Equal(t, status, mails[0].Status, mails[0].Message)
	require.Equal(t, attempts, mails[0].Attempts)
	return mails[0]
}

// A greylisting server defers the first mail to each recipient. One run, and the
// attempt after a restart, bring every mail.
func TestMailService_SendDue_sendsDeferredMailsAfterRestart(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, db := smtp.Start(t, &smtp.Options{Greylist: true}), open(t)
			h := newServiceWithDB(t, db, "", withSMTP(t, server))
			addresses := h.createUsers(t, 40)
			report := h.sendPendingWelcomes(t)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryDeferred: 40}, report.Counts)
			require.Equal(t, h.clock.Now().Add(time.Minute), report.Undelivered[0].NextAttemptAt)
			require.Contains(t, report.Undelivered[0].Message, "451")

			h = h.restart(t, db, withSMTP(t, server))
			h.clock.Advance(time.Minute - 1)
			h.sendDue(t)
			require.Zero(t, server.Pending())
			h.clock.Advance(1)
			h.sendDue(t)
			require.Equal(t, 40, server.Pending())
			var got []string
			for range addresses {
				mail := server.Receive(t)
				got = append(got, mail.To...)
				_, err := h.Invitation(t.Context(), linkToken(t, &usermail.Mail{Text: mail.Text}))
				require.NoError(t, err)
			}
			require.ElementsMatch(t, addresses, got)
			require.Empty(t, h.sendPendingWelcomes(t).Counts)
			require.Equal(t, h.clock.Now(), h.get(t, "person0039").WelcomedAt)
			h.requireMail(t, "person0039", mailqueue.Sent, 2)
			h.requireAuditIntact(t)
		})
	}
}

func TestMailService_Run_followsSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var attempts []time.Duration
		start := time.Now()
		mailer := mailerFunc(func(context.Context, *usermail.Mail) error {
			attempts = append(attempts, time.Since(start))
			return &userman.MailDeferredError{Reason: "451 later"}
		})
		h := newServiceWithDB(t, memstore.New(), "", withMailer(mailer), func(o *userman.Options) { o.Clock = time.Now })
		h.createUser(t, newUserWithEmail("jane"), "")
		h.sendWelcome(t, "jane", userman.DeliveryDeferred)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { h.Mails().Run(ctx) })
		<-time.After(48 * time.Hour) // of the bubble
		cancel()
		running.Wait()
		want := []time.Duration{0, time.Minute, 6 * time.Minute, 21 * time.Minute, 81 * time.Minute}
		for at := want[4] + time.Hour; at <= 24*time.Hour; at += time.Hour {
			want = append(want, at)
		}
		require.Len(t, attempts, len(want))
		for i, at := range want {
			require.InDelta(t, at, attempts[i], float64(time.Second), i)
		}
		require.Contains(t, h.requireMail(t, "jane", mailqueue.Failed, len(want)).Message, "451 later; there are no further attempts after a day")
	})
}

func TestMailService_Run_sendsMailsOfOtherProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box, db := &mailbox{}, memstore.New()
		clock := func(o *userman.Options) { o.Clock = time.Now }
		server := newServiceWithDB(t, db, "", box.configure, clock)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { server.Mails().Run(ctx) })
		<-time.After(time.Hour) // of the bubble
		tool := newServiceWithDB(t, db, "", withMailer(deferringMailer), clock, func(o *userman.Options) { o.Audit = server.auditLog })
		tool.createUser(t, newUserWithEmail("jane"), "")
		tool.sendWelcome(t, "jane", userman.DeliveryDeferred)
		<-time.After(90 * time.Second)
		require.Len(t, box.sent(), 1)
		cancel()
		running.Wait()
	})
}

func TestMailService_SendDue_createsNewLink(t *testing.T) {
	t.Parallel()
	mailer, box := &switchedMailer{}, &mailbox{}
	var tried []*usermail.Mail
	mailer.set(mailerFunc(func(_ context.Context, m *usermail.Mail) error {
		tried = append(tried, m)
		return &userman.MailDeferredError{Reason: "451"}
	}))
	h := newService(t, withMailer(mailer))
	h.createUser(t, newUserWithEmail("jane"), "")
	handedOver, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.sendWelcome(t, "jane", userman.DeliveryDeferred)
	h.clock.Advance(time.Minute)
	h.sendDue(t)
	require.Len(t, tried, 2)
	require.NotEqual(t, linkToken(t, tried[0]), linkToken(t, tried[1]))
	for _, mail := range tried {
		_, err := h.Invitation(t.Context(), linkToken(t, mail))
		requireLinkNotFound(t, err)
		require.NotContains(t, toJSON(t, h.mails(t, "jane")), linkToken(t, mail).Reveal())
	}
	_, err = h.Invitation(t.Context(), handedOver.Token)
	require.NoError(t, err, "no mail replaced it")
	mailer.set(box)
	h.clock.Advance(5 * time.Minute)
	h.sendDue(t)
	_, err = h.Invitation(t.Context(), linkToken(t, box.sent()[0]))
	require.NoError(t, err)
	_, err = h.Invitation(t.Context(), handedOver.Token)
	requireLinkNotFound(t, err)
}

func TestMailService_SendDue_concurrentProcessesSendOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, box := open(t), &mailbox{}
			h := newServiceWithDB(t, db, "", withMailer(deferringMailer))
			addresses := h.createUsers(t, 15)
			h.sendPendingWelcomes(t)
			h.clock.Advance(time.Minute)
			var processes [3]*env
			for i := range processes {
				processes[i] = h.restart(t, db, box.configure)
			}
			for _, err := range runConcurrently(len(processes), func(i int) error { return processes[i].Mails().SendDue(t.Context()) }) {
				require.NoError(t, err)
			}
			require.Equal(t, addresses, recipients(box.sent()))
		})
	}
}

// A mail whose process was killed is sent again, when its lease has ended.
func TestMailService_SendDue_sendsAgainAfterCrash(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box, db := &mailbox{}, open(t)
			h := newServiceWithDB(t, db, "", withMailer(mailerFunc(func(ctx context.Context, m *usermail.Mail) error {
				_ = box.Send(ctx, m)
				runtime.Goexit() // accepted, and nothing of the caller runs any more
				return nil
			})))
			h.createUser(t, newUserWithEmail("jane"), "")
			var run sync.WaitGroup
			run.Go(func() { _, _ = h.Mails().Send(t.Context(), usermail.Welcome, "jane") })
			run.Wait()
			h = h.restart(t, db, box.configure)
			h.requireMail(t, "jane", mailqueue.Sending, 1)
			h.clock.Advance(10*time.Minute - 1)
			h.sendDue(t)
			require.Len(t, box.sent(), 1)
			for range 3 {
				h.clock.Advance(10 * time.Minute)
				h.sendDue(t)
			}
			require.Len(t, box.sent(), 2, "one duplicate, and no loss")
			h.requireMail(t, "jane", mailqueue.Sent, 2)
			_, err := h.Invitation(t.Context(), linkToken(t, box.sent()[1]))
			require.NoError(t, err)
		})
	}
}

func TestMailService_SendDue_dropsObsoleteMails(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(ctx context.Context, h *env) error{
		"disabled": func(ctx context.Context, h *env) error { _, err := h.Disable(ctx, "jane"); return err },
		"disabled and enabled": func(ctx context.Context, h *env) error {
			_, err := h.Disable(ctx, "jane")
			_, enableErr := h.Enable(ctx, "jane")
			return errors.Join(err, enableErr)
		},
		"deleted and restored": func(ctx context.Context, h *env) error {
			u, getErr := h.Get(ctx, "jane")
			err := h.Delete(ctx, "jane")
			_, restoreErr := h.Restore(ctx, u.ID, nil)
			return errors.Join(getErr, err, restoreErr)
		},
		"another password": func(ctx context.Context, h *env) error {
			_, err := h.SetPassword(ctx, "jane", secret(anotherPassword), nil)
			return err
		},
		"another link": func(ctx context.Context, h *env) error { _, err := h.Invite(ctx, "jane"); return err },
		"an external password": func(ctx context.Context, h *env) error {
			u, err := h.Get(ctx, "jane")
			return errors.Join(err, h.store.UpdateUser(ctx, u.ID, func(u *userman.User) error {
				u.Directory, u.ExternalID = "head-office", "uid-jane"
				return nil
			}))
		},
	} {
		mailer, box := &switchedMailer{Mailer: deferringMailer}, &mailbox{}
		h := newService(t, withMailer(mailer), withDirectories(newHeadOffice()))
		h.createUser(t, newUserWithEmail("jane"), goodPassword)
		d, err := h.Mails().Send(t.Context(), usermail.Reset, "jane")
		require.NoError(t, err)
		require.Equal(t, userman.DeliveryDeferred, d.Status)
		require.NoError(t, change(t.Context(), h), name)
		mailer.set(box)
		h.clock.Advance(time.Hour)
		h.sendDue(t)
		require.Empty(t, box.sent(), name)
		require.Empty(t, h.mails(t, "jane"), name)
	}
}

func TestMailService_SendDue_newerMailReplacesOlder(t *testing.T) {
	t.Parallel()
	mailer, box := &switchedMailer{Mailer: deferringMailer}, &mailbox{}
	h := newService(t, withMailer(mailer))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliveryDeferred)
	h.clock.Advance(30 * time.Second)
	h.sendWelcome(t, "jane", userman.DeliveryDeferred)
	require.Equal(t, h.clock.Now(), h.requireMail(t, "jane", mailqueue.Deferred, 1).RequestedAt)
	h.clock.Advance(30 * time.Second)
	mailer.set(box)
	h.sendDue(t)
	require.Empty(t, box.sent(), "the older mail would be due")
	h.sendWelcome(t, "jane", userman.DeliverySent)
	h.clock.Advance(time.Hour)
	h.sendDue(t)
	require.Len(t, box.sent(), 1)
}

func TestMailService_SendDue_rejectedMailIsFinal(t *testing.T) {
	t.Parallel()
	mailer, box := &switchedMailer{Mailer: deferringMailer}, &mailbox{}
	h := newService(t, withMailer(mailer))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliveryDeferred)
	mailer.set(rejectingMailer)
	h.clock.Advance(time.Minute)
	h.sendDue(t)
	require.Contains(t, h.requireMail(t, "jane", mailqueue.Rejected, 2).Message, "550 no such mailbox")
	mailer.set(box)
	h.clock.Advance(time.Hour)
	h.sendDue(t)
	require.Empty(t, box.sent())
}

func TestMailService_SendDue_waitsForOtherSettings(t *testing.T) {
	t.Parallel()
	attempts, mailer, box := 0, &switchedMailer{}, &mailbox{}
	mailer.set(mailerFunc(func(context.Context, *usermail.Mail) error {
		attempts++
		return &userman.MailSettingsError{Reason: "504 need fully-qualified hostname"}
	}))
	h := newService(t, withMailer(mailer))
	h.createUsers(t, 3)
	report := h.sendPendingWelcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryDeferred: 3}, report.Counts)
	require.Equal(t, 1, attempts)
	require.Contains(t, report.Undelivered[0].Message, "no mail can be sent with these settings: 504 need fully-qualified hostname")
	require.NotContains(t, report.Undelivered[0].Message, "correct the address")
	require.Zero(t, report.Undelivered[0].NextAttemptAt)
	h.clock.Advance(time.Hour)
	h.sendDue(t)
	require.Equal(t, 1, attempts, "there is no retry")
	for i := range 3 {
		mail := h.waitingOrPausedMail(t, fmt.Sprintf("person%04d", i))
		require.Contains(t, mail.Message, "504 need fully-qualified hostname")
		require.Zero(t, mail.NextAttemptAt)
	}
	mailer.set(box)
	h.sendDue(t)
	require.Empty(t, box.sent())
	_, err := h.Mails().SendTest(t.Context(), "admin@example.com")
	require.NoError(t, err)
	h.sendDue(t)
	require.Len(t, box.sent(), 4)
}

// waitingOrPausedMail returns the only mail to a user, which has not ended.
func (h *env) waitingOrPausedMail(t testing.TB, username string) *mailqueue.Mail {
	t.Helper()
	mails := h.mails(t, username)
	require.Len(t, mails, 1)
	require.Equal(t, mailqueue.Deferred, mails[0].Status)
	return mails[0]
}

func TestMailService_SendDue_unreachableServerIsTriedOnce(t *testing.T) {
	t.Parallel()
	attempts, box := 0, &mailbox{}
	mailer := &switchedMailer{Mailer: deferringMailer}
	h := newService(t, withMailer(mailer))
	h.createUsers(t, 10)
	h.sendPendingWelcomes(t)
	mailer.set(mailerFunc(func(context.Context, *usermail.Mail) error {
		attempts++
		return errConnRefused
	}))
	h.clock.Advance(time.Minute)
	h.sendDue(t)
	require.Equal(t, 1, attempts)
	mailer.set(box)
	h.sendDue(t)
	require.Len(t, box.sent(), 9)
	h.clock.Advance(5 * time.Minute)
	h.sendDue(t)
	require.Len(t, box.sent(), 10)
}

// What one mail cannot have does not keep others from being sent.
func TestMailService_SendDue_oneBrokenMailDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	mailer, box := &switchedMailer{Mailer: deferringMailer}, &mailbox{}
	accounts := &brokenAccounts{}
	h := newService(t, withMailer(mailer), func(o *userman.Options) { o.SIPAccounts = accounts })
	h.createUser(t, newUserWithEmail("anna", "1001"), "")
	h.createUser(t, newUserWithEmail("bert"), "")
	h.setPermission(t, "anna", permission.SoftphoneActivate, permission.On())
	h.sendPendingWelcomes(t)
	accounts.err = errors.New("the files cannot be read")
	mailer.set(box)
	h.clock.Advance(time.Minute)
	h.sendDue(t)
	require.Equal(t, []string{"bert@example.com"}, recipients(box.sent()))
	require.Contains(t, h.requireMail(t, "anna", mailqueue.Deferred, 2).Message, "could not be prepared")
	accounts.err = nil
	h.clock.Advance(5 * time.Minute)
	h.sendDue(t)
	require.Len(t, box.sent(), 2)
}

// brokenAccounts fails with err, or has the account of every extension.
type brokenAccounts struct{ err error }

func (b *brokenAccounts) SIPAccount(context.Context, string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: "PJSIP"}, b.err
}

func TestMailService_SendDue_failsWithoutAddress(t *testing.T) {
	t.Parallel()
	h := newService(t, withMailer(deferringMailer))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliveryDeferred)
	h.update(t, "jane", func(u *userman.User) { u.Email = "" })
	h.clock.Advance(time.Minute)
	h.sendDue(t)
	require.Contains(t, h.requireMail(t, "jane", mailqueue.Failed, 2).Message, "no primary email")
}

func TestMailService_SendDue_actsForRequester(t *testing.T) {
	t.Parallel()
	mailer := &switchedMailer{Mailer: deferringMailer}
	h := newService(t, withMailer(mailer))
	h.createUser(t, newUserWithEmail("jane", "101"), "")
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "boss"})
	_, err := h.scoped(extensions1xx).Mails().Send(ctx, usermail.Welcome, "jane")
	require.NoError(t, err)
	mail := h.requireMail(t, "jane", mailqueue.Deferred, 1)
	require.Equal(t, mailqueue.Requester{Kind: audit.Administrator, Name: "boss"}, mail.RequestedBy)
	require.Equal(t, h.clock.Now(), mail.RequestedAt)
	h.update(t, "jane", func(u *userman.User) { u.DefaultExtension = "201" }) // out of the scope of boss
	mailer.set(&mailbox{})
	h.clock.Advance(time.Minute)
	h.sendDue(t)
	h.requireMail(t, "jane", mailqueue.Sent, 2)
	entry := h.entries(t, audit.Query{Action: "welcome mail sent"})[0]
	require.Equal(t, audit.Actor{Kind: audit.Administrator, Name: "boss"}, entry.Actor)
}

func TestMailService_SendDue_nothingWithoutMailer(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newServiceWithDB(t, db, "", withMailer(deferringMailer))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliveryDeferred)
	h = h.restart(t, db)
	h.clock.Advance(time.Hour)
	h.sendDue(t)
	h.requireMail(t, "jane", mailqueue.Deferred, 1)
}

// A mail that was not sent starts no cooldown for the person who asks again, and a
// visitor does not end the link that the person has.
func TestService_RequestReset_unsentMailStartsNoCooldown(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]userman.Mailer{"deferred": deferringMailer, "unreachable": failingMailer, "rejected": rejectingMailer} {
		mailer, box := &switchedMailer{Mailer: failing}, &mailbox{}
		h := newService(t, withMailer(mailer))
		h.createUser(t, newUserWithEmail("jane"), goodPassword)
		require.NoError(t, h.RequestReset(t.Context(), "jane"))
		require.NoError(t, h.Shutdown(t.Context()))
		mailer.set(box)
		h.clock.Advance(time.Second)
		require.NoError(t, h.RequestReset(t.Context(), "jane"))
		require.Len(t, box.waitSent(t, h), 1, name)
		require.NoError(t, h.RequestReset(t.Context(), "jane"))
		require.Len(t, box.waitSent(t, h), 1, name+": a mail was sent a moment ago")
		h.clock.Advance(time.Hour)
		h.sendDue(t)
		require.Len(t, box.sent(), 1, name+": the older mail was replaced")
	}
}
