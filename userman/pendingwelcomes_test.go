package userman_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func (h *env) sendPendingWelcomes(t testing.TB) *userman.WelcomeReport {
	t.Helper()
	report, err := h.Mails().SendPendingWelcomes(t.Context(), nil)
	require.NoError(t, err)
	return report
}

// createUsers adds people with addresses.
func (h *env) createUsers(t testing.TB, n int) (addresses []string) {
	t.Helper()
	for i := range n {
		u := h.createUser(t, newUserWithEmail(fmt.Sprintf("person%04d", i)), "")
		addresses = append(addresses, u.Email)
	}
	return addresses
}

func TestMailService_SendPendingWelcomes_sendsOncePerNewUser(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &mailbox{}
			h := newServiceWithDB(t, open(t), "", box.configure)
			for _, username := range []string{"anna", "bert", "carl", "dora", "emil"} {
				h.createUser(t, newUserWithEmail(username), "")
			}
			h.createUser(t, newUserWithEmail("frida"), goodPassword)
			h.createUser(t, newUser("georg"), "")
			h.sendWelcome(t, "carl", userman.DeliverySent)
			_, err := h.Disable(t.Context(), "dora")
			require.NoError(t, err)
			require.NoError(t, h.Delete(t.Context(), "emil"))

			var seen []userman.WelcomeProgress
			report, err := h.Mails().SendPendingWelcomes(t.Context(), func(p userman.WelcomeProgress) { seen = append(seen, p) })
			require.NoError(t, err)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 2, userman.DeliveryNoAddress: 1}, report.Counts)
			require.Equal(t, map[string]userman.DeliveryStatus{"georg": userman.DeliveryNoAddress}, undelivered(report))
			require.Zero(t, report.Remaining)
			require.Equal(t, []string{"anna@example.com", "bert@example.com", "carl@example.com"}, recipients(box.sent()))
			require.Len(t, seen, 3)
			for i, p := range seen {
				require.Equal(t, i+1, p.Done)
				require.Equal(t, 3, p.Total)
			}
			require.Equal(t, "anna", seen[0].Last.Username)
			require.Equal(t, userman.DeliverySent, seen[0].Last.Status)

			h.createUser(t, newUserWithEmail("hanna"), "")
			require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 1, userman.DeliveryNoAddress: 1}, h.sendPendingWelcomes(t).Counts)
			require.Len(t, box.sent(), 4)
			h.requireAuditIntact(t)
		})
	}
}

func TestMailService_SendPendingWelcomes_concurrentRunsSendOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &mailbox{}
			h := newServiceWithDB(t, open(t), "", box.configure)
			addresses := h.createUsers(t, 15)
			var reports [3]*userman.WelcomeReport
			for _, err := range runConcurrently(len(reports), func(i int) (err error) {
				reports[i], err = h.Mails().SendPendingWelcomes(t.Context(), nil)
				return err
			}) {
				require.NoError(t, err)
			}
			require.Equal(t, addresses, recipients(box.sent()))
			delivered := 0
			for _, report := range reports {
				delivered += report.Counts[userman.DeliverySent]
				require.Equal(t, total(report), report.Counts[userman.DeliverySent]+report.Counts[userman.DeliverySkipped])
			}
			require.Equal(t, len(addresses), delivered)
		})
	}
}

// killingMailer is a mail server on whose nth mail the program is killed.
func killingMailer(box *mailbox, n int) mailerFunc {
	return func(ctx context.Context, m *usermail.Mail) error {
		if len(box.sent()) == n-1 {
			runtime.Goexit() // nothing of the caller runs any more
		}
		return box.Send(ctx, m)
	}
}

func TestMailService_SendPendingWelcomes_resumesAfterCrash(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box, db := &mailbox{}, open(t)
			h := newServiceWithDB(t, db, "", withMailer(killingMailer(box, 3)))
			addresses := h.createUsers(t, 5)
			var run sync.WaitGroup
			run.Go(func() { _, _ = h.Mails().SendPendingWelcomes(t.Context(), nil) })
			run.Wait()
			require.Equal(t, addresses[:2], recipients(box.sent()))

			auditLog, clock := h.auditLog, h.clock
			h = newServiceWithDB(t, db, "", box.configure, func(o *userman.Options) { o.Audit, o.Clock = auditLog, clock.Now })
			report := h.sendPendingWelcomes(t)
			require.Equal(t, map[string]userman.DeliveryStatus{"person0002": userman.DeliverySkipped}, undelivered(report))
			require.Len(t, box.sent(), 4)
			clock.Advance(10 * time.Minute)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 1}, h.sendPendingWelcomes(t).Counts)
			require.Equal(t, addresses, recipients(box.sent()))
			require.Empty(t, h.sendPendingWelcomes(t).Counts)
		})
	}
}

func TestMailService_SendPendingWelcomes_toleratesFutureStartTime(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUsers(t, 1)
	mail := &mailqueue.Mail{UserID: h.storedUser(t, "person0000").ID, Kind: usermail.Welcome}
	mail.Begin(h.clock.Now().Add(365*24*time.Hour), time.Minute)
	require.NoError(t, h.store.PutMail(t.Context(), mail))
	require.Equal(t, 1, h.sendPendingWelcomes(t).Counts[userman.DeliverySent])
}

func TestMailService_SendPendingWelcomes_stopsWithoutMailer(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUsers(t, 3)
	report := h.sendPendingWelcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryNotConfigured: 1}, report.Counts)
	require.Equal(t, 2, report.Remaining)
	require.Len(t, report.Undelivered, 1)
}

func TestMailService_SendPendingWelcomes_stopsAfterRepeatedFailures(t *testing.T) {
	t.Parallel()
	box, down, attempts := &mailbox{}, true, 0
	h := newService(t, withMailer(mailerFunc(func(ctx context.Context, m *usermail.Mail) error {
		attempts++
		if down && m.To != "person0003@example.com" {
			return errConnRefused
		}
		return box.Send(ctx, m)
	})))
	h.createUsers(t, 12)
	report := h.sendPendingWelcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryDeferred: 11, userman.DeliverySent: 1}, report.Counts)
	require.Zero(t, report.Remaining)
	require.Equal(t, 9, attempts)
	require.Equal(t, 0, h.waitingMail(t, "person0011", usermail.Welcome).Attempts)

	down = false
	report = h.sendPendingWelcomes(t) // who failed need not wait
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 11}, report.Counts)
	require.Zero(t, report.Remaining)
}

// A greylisting server defers the first mail to each recipient.
func TestMailService_SendPendingWelcomes_continuesAfterDeferredMail(t *testing.T) {
	t.Parallel()
	box, deferred := &mailbox{}, true
	h := newService(t, withMailer(mailerFunc(func(ctx context.Context, m *usermail.Mail) error {
		if deferred && m.To != "person0039@example.com" {
			return &userman.MailDeferredError{Reason: "451 4.7.1 Greylisted"}
		}
		return box.Send(ctx, m)
	})))
	h.createUsers(t, 40)
	report := h.sendPendingWelcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryDeferred: 39, userman.DeliverySent: 1}, report.Counts)
	require.Zero(t, report.Remaining)
	require.Contains(t, report.Undelivered[0].Message, "451 4.7.1 Greylisted")
	deferred = false
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 39}, h.sendPendingWelcomes(t).Counts)
}

func TestMailService_SendPendingWelcomes_continuesAfterRejectedMail(t *testing.T) {
	t.Parallel()
	h := newService(t, withMailer(rejectingMailer))
	h.createUsers(t, 8)
	report := h.sendPendingWelcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryRejected: 8}, report.Counts)
	require.Zero(t, report.Remaining)
	require.Nil(t, h.storedUser(t, "person0000").Credentials.Invitation)
}

func TestMailService_SendPendingWelcomes_cancelReportsProgress(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUsers(t, 5)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := h.Mails().SendPendingWelcomes(ctx, func(p userman.WelcomeProgress) {
		if p.Done == 2 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 2}, report.Counts)
	require.Equal(t, 3, report.Remaining)
	require.Equal(t, 3, h.sendPendingWelcomes(t).Counts[userman.DeliverySent])
	require.Len(t, box.sent(), 5)
}

func TestMailService_SendPendingWelcomes_limitsReportedDeliveries(t *testing.T) {
	t.Parallel()
	h := newService(t, (&mailbox{}).configure)
	for i := range 1002 {
		h.createUser(t, newUser(fmt.Sprintf("person%04d", i)), "")
	}
	report := h.sendPendingWelcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliveryNoAddress: 1002}, report.Counts)
	require.Len(t, report.Undelivered, 1000)
}

func TestMailService_SendPendingWelcomes_sendsToInScopeUsersOnly(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("anna", "1001"), "")
	h.createUser(t, newUserWithEmail("bert", "2001"), "")
	h.createUser(t, newUserWithEmail("carl"), "")
	scoped := h.scoped(inScope("1000-1999"))
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 1}, scoped.sendPendingWelcomes(t).Counts)
	require.Equal(t, []string{"anna@example.com"}, recipients(box.sent()))
}

func TestMailService_SendPendingWelcomes_userLeavingScopeSendsOnce(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	var h *env
	h = newService(t, withMailer(mailerFunc(func(ctx context.Context, m *usermail.Mail) error {
		if len(box.sent()) == 0 {
			h.update(t, "jane", func(u *userman.User) { u.DefaultExtension = "201" })
		}
		return box.Send(ctx, m)
	})))
	h.createUser(t, newUserWithEmail("jane", "101"), "")
	scoped := h.scoped(extensions1xx)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 1}, scoped.sendPendingWelcomes(t).Counts)
	h.clock.Advance(time.Hour)
	require.Empty(t, h.sendPendingWelcomes(t).Counts)
	require.Len(t, box.sent(), 1)
}
