package userman_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// withSMTP has the service send mails through a real server.
func withSMTP(t testing.TB, server *smtp.Server) func(*userman.Options) {
	t.Helper()
	m, err := smtpmailer.New(smtpmailer.Options{
		Address: server.Addr, From: "ACME Telephony <pbx@acme.example>", Security: smtpmailer.None,
	})
	require.NoError(t, err)
	return withMailer(m)
}

func TestMailService_SendTest(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	h := newService(t, withSMTP(t, server), func(o *userman.Options) { o.Product = "ACME" })
	d, err := h.Mails().SendTest(t.Context(), " jane@example.org ")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, d.Status, d.Message)
	require.Equal(t, "succeeded send test mail mail", h.lastAuditEntry(t)) //nolint:dupword // the key follows the action
	got := server.Receive(t)
	require.Equal(t, []string{"jane@example.org"}, got.To)
	require.Equal(t, "ACME: a test mail", got.Get(t, "Subject"))
	require.Contains(t, got.Text, "https://pbx.example.com")
}

func TestMailService_SendTest_limitsEachAdministrator(t *testing.T) {
	t.Parallel()
	unreachable, err := smtpmailer.New(smtpmailer.Options{Address: "127.0.0.1:1", From: "pbx@example.com", Security: smtpmailer.None})
	require.NoError(t, err)
	h := newService(t, withMailer(unreachable))
	sent := func(name string) int {
		for i := range 100 {
			// Another address does not help.
			actor := audit.Actor{Kind: audit.Administrator, Name: name, RemoteAddr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})}
			_, err := h.Mails().SendTest(audit.WithActor(t.Context(), actor), "jane@example.org")
			if errors.Is(err, store.ErrRateLimited) {
				return i
			}
			require.NoError(t, err)
		}
		return 100
	}
	require.Equal(t, ratelimit.SourceBurst, sent("limited"))
	require.Len(t, h.entries(t, audit.Query{Action: "send test mail", Outcome: audit.Denied}), 1)
	require.Zero(t, sent("limited"))
	require.Equal(t, ratelimit.SourceBurst, sent("other"), "each has a count of their own")
	h.clock.Advance(time.Hour)
	require.Equal(t, ratelimit.SourceBurst, sent("limited"))
}

func TestMailService_SendTest_reportsFailure(t *testing.T) {
	t.Parallel()
	unreachable, err := smtpmailer.New(smtpmailer.Options{Address: "127.0.0.1:1", From: "pbx@example.com", Security: smtpmailer.None})
	require.NoError(t, err)
	for status, change := range map[userman.DeliveryStatus]func(*userman.Options){
		userman.DeliveryRejected:      withSMTP(t, smtp.Start(t, &smtp.Options{RejectRecipient: "*"})),
		userman.DeliveryFailed:        withMailer(unreachable),
		userman.DeliveryNotConfigured: func(o *userman.Options) { o.Mailer = nil },
	} {
		h := newService(t, change)
		d, err := h.Mails().SendTest(t.Context(), "jane@example.org")
		require.NoError(t, err)
		require.Equal(t, status, d.Status)
		require.NotContains(t, d.Message, "jane")
		require.Len(t, h.entries(t, audit.Query{Action: "send test mail", Outcome: audit.Failed}), 1, status)

		for _, to := range []string{"", "nobody", "a@example.com, b@example.com", "Jane <jane@example.org>", "a@example.com\r\nBcc: b@example.com"} {
			_, err = h.Mails().SendTest(t.Context(), to)
			require.ErrorIs(t, err, store.ErrInvalid, to)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newService(t, withMailer(unreachable)).Mails().SendTest(ended, "jane@example.org")
	require.ErrorIs(t, err, context.Canceled)
}

func TestMailService_Send_welcomeLinkSetsPassword(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	h := newService(t, withSMTP(t, server))
	h.createUser(t, newUserWithEmail("jane", "1001"), "")
	d := h.sendWelcome(t, "jane", userman.DeliverySent)
	require.Equal(t, h.clock.Now().Add(7*24*time.Hour), d.ExpiresAt)
	require.Equal(t, "succeeded welcome mail sent jane", h.lastAuditEntry(t))
	require.Equal(t, h.clock.Now(), h.get(t, "jane").WelcomedAt)

	got := server.Receive(t)
	require.Equal(t, []string{"jane@example.com"}, got.To)
	require.Equal(t, "Your pbxusers account", got.Get(t, "Subject"))
	link := linkToken(t, &usermail.Mail{Text: got.Text})
	require.Contains(t, got.HTML, `href="https://pbx.example.com/set-password/`+link.Reveal()+`"`)
	require.Contains(t, got.Text, "Extension: 1001")

	_, err := h.AcceptInvitation(t.Context(), link, secret(goodPassword))
	require.NoError(t, err)
	h.logIn(t, "jane", goodPassword)
	_, err = h.AcceptInvitation(t.Context(), link, secret(anotherPassword))
	requireLinkNotFound(t, err)
	h.requireAuditIntact(t)
}

func TestMailService_Send_resetLinkSetsPassword(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), goodPassword)
	d, err := h.Mails().Send(t.Context(), usermail.Reset, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, d.Status)
	require.Equal(t, h.clock.Now().Add(time.Hour), d.ExpiresAt)
	require.True(t, h.get(t, "jane").WelcomedAt.IsZero())
	h.logIn(t, "jane", goodPassword)
	_, err = h.AcceptInvitation(t.Context(), linkToken(t, box.sent()[0]), secret(anotherPassword))
	require.NoError(t, err)
	h.logIn(t, "jane", anotherPassword)
}

func TestMailService_Send_reportsNotConfigured(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*userman.Options){
		"no mail server": func(o *userman.Options) { o.Mailer = nil },
		"no base URL":    func(o *userman.Options) { o.BaseURL = nil },
	} {
		h := newService(t, (&mailbox{}).configure, change)
		h.createUser(t, newUserWithEmail("jane"), "")
		before := h.storedUser(t, "jane")
		require.Contains(t, h.sendWelcome(t, "jane", userman.DeliveryNotConfigured).Message, "configure", name)
		d, err := h.Mails().Send(t.Context(), usermail.Reset, "jane")
		require.NoError(t, err)
		require.Equal(t, userman.DeliveryNotConfigured, d.Status, name)
		require.Equal(t, before, h.storedUser(t, "jane"), name)
	}
}

func TestMailService_Send_reportsSkipReason(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure, withDirectories(newHeadOffice()))
	h.createUser(t, newUser("silent"), "")
	h.createUser(t, newUserWithEmail("gone"), "")
	h.createUser(t, newUserWithEmail("elsewhere"), "")
	_, err := h.Disable(t.Context(), "gone")
	require.NoError(t, err)
	h.moveToDirectory(t, "elsewhere", "head-office", "uid-elsewhere")

	require.Contains(t, h.sendWelcome(t, "silent", userman.DeliveryNoAddress).Message, "no primary email")
	require.Contains(t, h.sendWelcome(t, "gone", userman.DeliverySkipped).Message, "disabled")
	d, err := h.Mails().Send(t.Context(), usermail.Reset, "elsewhere")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySkipped, d.Status)
	require.Contains(t, d.Message, "directory")
	require.Empty(t, box.sent())
	for _, name := range []string{"silent", "gone", "elsewhere"} {
		require.Nil(t, h.storedUser(t, name).Credentials.Invitation, name)
	}
	_, err = h.Mails().Send(t.Context(), usermail.Welcome, "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.Mails().Send(t.Context(), usermail.Reset, "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestMailService_Send_rejectsUnknownKind(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), "")
	_, err := h.Mails().Send(t.Context(), "nonsense", "jane")
	requireFieldErrors(t, err, "kind: oneof")
	require.Empty(t, box.sent())
}

func TestMailService_Send_omitsLinkForExternalPassword(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure, withDirectories(newHeadOffice()))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.moveToDirectory(t, "jane", "head-office", "uid-jane")
	require.True(t, h.sendWelcome(t, "jane", userman.DeliverySent).ExpiresAt.IsZero())
	require.Contains(t, box.sent()[0].Text, "existing organization password")
	require.NotContains(t, box.sent()[0].Text+box.sent()[0].HTML, userman.SetPasswordPath)
	require.Nil(t, h.storedUser(t, "jane").Credentials.Invitation)
	require.False(t, h.get(t, "jane").WelcomedAt.IsZero())
}

func TestMailService_Send_storesLinkBeforeSending(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h *env
			h = newServiceWithDB(t, open(t), "", withMailer(mailerFunc(func(ctx context.Context, m *usermail.Mail) error {
				link, err := h.Invitation(ctx, linkToken(t, m))
				require.NoError(t, err)
				require.Equal(t, "jane", link.Username)
				require.True(t, h.get(t, "jane").WelcomedAt.IsZero())
				return nil
			})))
			h.createUser(t, newUserWithEmail("jane"), "")
			h.sendWelcome(t, "jane", userman.DeliverySent)
		})
	}
}

func TestMailService_Send_rejectedMailKeepsEarlierLink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server userman.Mailer
		status userman.DeliveryStatus
		works  bool
	}{
		"rejected": {rejectingMailer, userman.DeliveryRejected, true}, "deferred": {deferringMailer, userman.DeliveryDeferred, true}, "unreachable": {failingMailer, userman.DeliveryDeferred, false}, "sent": {&mailbox{}, userman.DeliverySent, false},
	} {
		server := test.server
		h := newService(t, withMailer(mailerFunc(func(ctx context.Context, m *usermail.Mail) error { return server.Send(ctx, m) })),
			withSIPAccounts(sipAccounts{"1001": {Technology: "PJSIP"}}))
		h.createUser(t, newUserWithEmail("jane", "1001"), "")
		link, err := h.Invite(t.Context(), "jane")
		require.NoError(t, err)
		activation, err := h.Softphones().Invite(t.Context(), "jane")
		require.NoError(t, err)

		d := h.sendWelcome(t, "jane", test.status)
		require.Equal(t, test.status != userman.DeliverySent, d.ExpiresAt.IsZero(), name)
		_, err = h.Invitation(t.Context(), link.Token)
		require.Equal(t, test.works, err == nil, name)
		_, err = h.Softphones().Link(t.Context(), activation.Token)
		require.Equal(t, test.works, err == nil, name)
		require.Equal(t, "succeeded welcome mail "+string(test.status)+" jane", h.lastAuditEntry(t))
		h.requireAuditIntact(t)
	}
}

func TestMailService_Send_rejectedMailKeepsConcurrentLink(t *testing.T) {
	t.Parallel()
	var h *env
	var concurrent *credential.Link
	h = newService(t, withMailer(mailerFunc(func(ctx context.Context, _ *usermail.Mail) (err error) {
		concurrent, err = h.Invite(ctx, "jane")
		require.NoError(t, err)
		return &userman.MailRejectedError{Reason: "550"}
	})))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliveryRejected)
	_, err := h.Invitation(t.Context(), concurrent.Token)
	require.NoError(t, err)
}

func TestMailService_Send_truncatesFailureMessage(t *testing.T) {
	t.Parallel()
	for status, err := range map[userman.DeliveryStatus]error{
		userman.DeliveryRejected: &userman.MailRejectedError{Reason: "550\r\nno" + strings.Repeat(" no", 1000)},
		userman.DeliveryDeferred: context.DeadlineExceeded,
	} {
		h := newService(t, withMailer(mailerFunc(func(context.Context, *usermail.Mail) error { return err })))
		h.createUser(t, newUserWithEmail("jane"), "")
		message := h.sendWelcome(t, "jane", status).Message
		require.NotContains(t, message, "\n")
		require.LessOrEqual(t, len(message), 450)
	}
}

func TestMailService_Send_stalledServerRespectsContext(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{Stall: true})
	h := newService(t, withSMTP(t, server))
	h.createUser(t, newUserWithEmail("jane"), "")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	d, err := h.Mails().Send(ctx, usermail.Welcome, "jane")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, userman.DeliveryDeferred, d.Status)
	require.False(t, h.waitingMail(t, "jane", usermail.Welcome).InProgress(h.clock.Now()), "others may try again at once")
}

func TestMailService_Send_setsDeadline(t *testing.T) {
	t.Parallel()
	h := newService(t, withMailer(mailerFunc(func(ctx context.Context, _ *usermail.Mail) error {
		deadline, limited := ctx.Deadline()
		require.True(t, limited)
		require.LessOrEqual(t, time.Until(deadline), time.Minute)
		return nil
	})))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliverySent)
}

func TestMailService_Send_recordsDeliveryAfterCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := newService(t, withMailer(mailerFunc(func(context.Context, *usermail.Mail) error {
		cancel()
		return nil
	})))
	h.createUser(t, newUserWithEmail("jane"), "")
	d, err := h.Mails().Send(ctx, usermail.Welcome, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, d.Status)
	require.False(t, h.get(t, "jane").WelcomedAt.IsZero())
}

func TestMailService_Send_toleratesConcurrentDelete(t *testing.T) {
	t.Parallel()
	var h *env
	h = newService(t, withMailer(mailerFunc(func(ctx context.Context, _ *usermail.Mail) error { return h.Delete(ctx, "jane") })))
	h.createUser(t, newUserWithEmail("jane"), "")
	h.sendWelcome(t, "jane", userman.DeliverySent)
	_, err := h.Get(t.Context(), "jane")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestMailService_Send_rejectsOutOfScopeUser(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane", "1001"), "")
	scoped := h.scoped(inScope("1000,1002-9999"))
	for _, kind := range []usermail.Kind{usermail.Welcome, usermail.Reset} {
		_, err := scoped.Mails().Send(t.Context(), kind, "jane")
		require.ErrorIs(t, err, store.ErrForbidden)
	}
	_, err := scoped.Mails().Preview(t.Context(), usermail.Welcome, "jane")
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = scoped.Mails().List(t.Context(), "jane")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Len(t, h.entries(t, audit.Query{Action: "access", Key: "jane", Outcome: audit.Denied}), 4)
	require.Empty(t, box.sent())
}

func TestMailService_SendPendingWelcomes_templateErrorKeepsLink(t *testing.T) {
	t.Parallel()
	templates, err := usermail.ParseTemplates(fstest.MapFS{
		"en/welcome.txt": {Data: []byte(`{{define "subject"}}Hi{{end}}Hi {{slice .Name 0 3}} at {{.Link}}`)},
	})
	require.NoError(t, err)
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &mailbox{}
			h := newServiceWithDB(t, open(t), "", box.configure, func(o *userman.Options) { o.Templates = templates })
			for _, username := range []string{"anna", "jo", "zoe"} {
				h.createUser(t, newUserWithEmail(username), "")
			}
			link, err := h.Invite(t.Context(), "jo")
			require.NoError(t, err)
			report := h.sendPendingWelcomes(t)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 2, userman.DeliveryFailed: 1}, report.Counts)
			require.Equal(t, "jo", report.Undelivered[0].Username)
			require.Contains(t, report.Undelivered[0].Message, "en/welcome.txt:1")
			require.Equal(t, []string{"anna@example.com", "zoe@example.com"}, recipients(box.sent()))

			_, err = h.Invitation(t.Context(), link.Token)
			require.NoError(t, err, "the earlier link works")
			require.Empty(t, h.mails(t, "jo"), "others may try again at once")
			h.requireAuditIntact(t)
		})
	}
}

// The mail server has the mail: its result counts, although the session of the
// administrator ended in between.
func TestMailService_Send_storesResultAfterEndOfSession(t *testing.T) {
	t.Parallel()
	ended := false
	h := newService(t, withMailer(mailerFunc(func(context.Context, *usermail.Mail) error {
		ended = true
		return nil
	})))
	h.createUser(t, newUserWithEmail("jane"), "")
	ctx := audit.WithPrecondition(t.Context(), func(context.Context) error {
		if ended {
			return &store.ForbiddenError{Reason: "your session has ended"}
		}
		return nil
	})
	delivery, err := h.Mails().Send(ctx, usermail.Welcome, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status)
	u, err := h.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.NotZero(t, u.WelcomedAt)
	_, err = h.Mails().Send(ctx, usermail.Welcome, "jane")
	require.ErrorIs(t, err, store.ErrForbidden)
}

// A link must not work for the reader of an address that the user no longer has. It does
// not matter what the mail server answers in the end.
func TestMailService_Send_linkEndsWithAddressDuringSend(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{"accepted": nil, "rejected": &userman.MailRejectedError{Reason: "550 no"}, "lost": errConnRefused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h *env
			var sent []*usermail.Mail
			change := false
			h = newService(t, withMailer(mailerFunc(func(_ context.Context, m *usermail.Mail) error {
				sent = append(sent, m)
				if !change {
					return nil
				}
				h.update(t, "jane", func(u *userman.User) { u.Email = "jane@new.example.com" })
				return answer
			})))
			h.createUser(t, newUserWithEmail("jane"), "")
			_, err := h.Mails().Send(t.Context(), usermail.Welcome, "jane")
			require.NoError(t, err)
			change = true
			_, err = h.Mails().Send(t.Context(), usermail.Welcome, "jane")
			require.NoError(t, err)
			require.Len(t, sent, 2)
			for _, m := range sent {
				_, err := h.Invitation(t.Context(), linkToken(t, m))
				require.ErrorIs(t, err, store.ErrNotFound)
			}
		})
	}
}
