package userman_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/peers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

// throughSMTP has the service send mails through a real server.
func throughSMTP(t testing.TB, server *smtp.Server) func(*userman.Options) {
	t.Helper()
	m, err := smtpmailer.New(smtpmailer.Options{
		Address: server.Addr, From: "ACME Telephony <pbx@acme.example>", Security: smtpmailer.None,
	})
	require.NoError(t, err)
	return mailedBy(m)
}

func TestTheLinkOfAWelcomeMailSetsThePassword(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	h := newService(t, throughSMTP(t, server))
	h.add(t, reachable("jane", "1001"), "")
	d := h.welcome(t, "jane", userman.Delivered)
	require.Equal(t, h.clock.Now().Add(7*24*time.Hour), d.ExpiresAt)
	require.Equal(t, "done welcome mail delivered jane", h.told(t))
	require.Equal(t, h.clock.Now(), h.get(t, "jane").WelcomedAt)

	got := server.Wait(t)
	require.Equal(t, []string{"jane@example.com"}, got.To)
	require.Equal(t, "Your pbxusers account", got.Get(t, "Subject"))
	link := tokenIn(t, &userman.Message{Text: got.Text})
	require.Contains(t, got.HTML, `href="https://pbx.example.com/person/password/`+link.Reveal()+`"`)
	require.Contains(t, got.Text, "Extension: 1001")

	_, err := h.AcceptInvitation(t.Context(), link, secret(goodPassword))
	require.NoError(t, err)
	h.logIn(t, "jane", goodPassword)
	_, err = h.AcceptInvitation(t.Context(), link, secret(anotherPassword))
	requireNoLink(t, err)
	h.requireProven(t)
}

func TestTheLinkOfAResetMailSetsANewPassword(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane"), goodPassword)
	d, err := h.SendReset(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, userman.Delivered, d.Status)
	require.Equal(t, h.clock.Now().Add(time.Hour), d.ExpiresAt)
	require.True(t, h.get(t, "jane").WelcomedAt.IsZero())
	h.logIn(t, "jane", goodPassword)
	_, err = h.AcceptInvitation(t.Context(), tokenIn(t, box.taken()[0]), secret(anotherPassword))
	require.NoError(t, err)
	h.logIn(t, "jane", anotherPassword)
}

func TestAWelcomeMailWithoutAMailServerSaysSo(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*userman.Options){
		"no mail server": func(o *userman.Options) { o.Mailer = nil },
		"no base URL":    func(o *userman.Options) { o.BaseURL = nil },
	} {
		h := newService(t, (&postbox{}).mailing, change)
		h.add(t, reachable("jane"), "")
		before := h.kept(t, "jane")
		require.Contains(t, h.welcome(t, "jane", userman.NotConfigured).Message, "configure", name)
		d, err := h.SendReset(t.Context(), "jane")
		require.NoError(t, err)
		require.Equal(t, userman.NotConfigured, d.Status, name)
		require.Equal(t, before, h.kept(t, "jane"), name)
	}
}

func TestWhoCannotBeSentAMailIsToldWhy(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing, withDirectories(headOffice()))
	h.add(t, person("silent"), "")
	h.add(t, reachable("gone"), "")
	h.add(t, reachable("elsewhere"), "")
	_, err := h.Disable(t.Context(), "gone")
	require.NoError(t, err)
	h.becomeOf(t, "elsewhere", "head-office", "uid-elsewhere")

	require.Contains(t, h.welcome(t, "silent", userman.NoAddress).Message, "no primary email")
	require.Contains(t, h.welcome(t, "gone", userman.Skipped).Message, "disabled")
	d, err := h.SendReset(t.Context(), "elsewhere")
	require.NoError(t, err)
	require.Equal(t, userman.Skipped, d.Status)
	require.Contains(t, d.Message, "directory")
	require.Empty(t, box.taken())
	for _, name := range []string{"silent", "gone", "elsewhere"} {
		require.Nil(t, h.kept(t, name).Credentials.Invitation, name)
	}
	_, err = h.SendWelcome(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.SendReset(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestWhoseDirectoryKeepsThePasswordIsWelcomedWithoutALink(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing, withDirectories(headOffice()))
	h.add(t, reachable("jane"), "")
	h.becomeOf(t, "jane", "head-office", "uid-jane")
	require.True(t, h.welcome(t, "jane", userman.Delivered).ExpiresAt.IsZero())
	require.Contains(t, box.taken()[0].Text, "the one that you already use")
	require.NotContains(t, box.taken()[0].Text+box.taken()[0].HTML, userman.SetPasswordPath)
	require.Nil(t, h.kept(t, "jane").Credentials.Invitation)
	require.False(t, h.get(t, "jane").WelcomedAt.IsZero())
}

func TestALinkIsKeptBeforeTheMailWithItLeaves(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h *house
			h = newServiceOver(t, open(t), "", mailedBy(carrier(func(ctx context.Context, m *userman.Message) error {
				link, err := h.Invitation(ctx, tokenIn(t, m))
				require.NoError(t, err)
				require.Equal(t, "jane", link.Username)
				require.True(t, h.get(t, "jane").WelcomedAt.IsZero())
				return nil
			})))
			h.add(t, reachable("jane"), "")
			h.welcome(t, "jane", userman.Delivered)
		})
	}
}

func TestAnEarlierLinkWorksUntilAnotherOneMayHaveArrived(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server userman.Mailer
		status userman.DeliveryStatus
		works  bool
	}{
		"refused": {refuses, userman.Refused, true}, "failed": {fails, userman.Failed, false}, "delivered": {&postbox{}, userman.Delivered, false},
	} {
		server := test.server
		h := newService(t, mailedBy(carrier(func(ctx context.Context, m *userman.Message) error { return server.Send(ctx, m) })),
			withSIPAccounts(sipAccounts{"1001": {Technology: "PJSIP"}}))
		h.add(t, reachable("jane", "1001"), "")
		link, err := h.Invite(t.Context(), "jane")
		require.NoError(t, err)
		activation, err := h.InviteSoftphone(t.Context(), "jane")
		require.NoError(t, err)

		d := h.welcome(t, "jane", test.status)
		require.Equal(t, test.status != userman.Delivered, d.ExpiresAt.IsZero(), name)
		_, err = h.Invitation(t.Context(), link.Token)
		require.Equal(t, test.works, err == nil, name)
		_, err = h.SoftphoneLink(t.Context(), activation.Token)
		require.Equal(t, test.works, err == nil, name)
		require.Equal(t, "done welcome mail "+string(test.status)+" jane", h.told(t))
		h.requireProven(t)
	}
}

func TestALinkThatWasMadeWhileAMailWasRefusedStays(t *testing.T) {
	t.Parallel()
	var h *house
	var between *userman.Link
	h = newService(t, mailedBy(carrier(func(ctx context.Context, _ *userman.Message) (err error) {
		between, err = h.Invite(ctx, "jane")
		require.NoError(t, err)
		return &userman.MailRefusedError{Reason: "550"}
	})))
	h.add(t, reachable("jane"), "")
	h.welcome(t, "jane", userman.Refused)
	_, err := h.Invitation(t.Context(), between.Token)
	require.NoError(t, err)
}

func TestWhyAMailWasNotSentIsToldInOneBoundedLine(t *testing.T) {
	t.Parallel()
	for status, err := range map[userman.DeliveryStatus]error{
		userman.Refused: &userman.MailRefusedError{Reason: "550\r\nno" + strings.Repeat(" no", 1000)},
		userman.Failed:  context.DeadlineExceeded,
	} {
		h := newService(t, mailedBy(carrier(func(context.Context, *userman.Message) error { return err })))
		h.add(t, reachable("jane"), "")
		message := h.welcome(t, "jane", status).Message
		require.NotContains(t, message, "\n")
		require.LessOrEqual(t, len(message), 450)
	}
}

func TestAMailServerThatStallsEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{Stall: true})
	h := newService(t, throughSMTP(t, server))
	h.add(t, reachable("jane"), "")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	d, err := h.SendWelcome(ctx, "jane")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, userman.Failed, d.Status)
	require.True(t, h.kept(t, "jane").WelcomeBegunAt.IsZero(), "others may try again at once")
}

func TestAMailIsGivenALimitedTime(t *testing.T) {
	t.Parallel()
	h := newService(t, mailedBy(carrier(func(ctx context.Context, _ *userman.Message) error {
		deadline, limited := ctx.Deadline()
		require.True(t, limited)
		require.LessOrEqual(t, time.Until(deadline), time.Minute)
		return nil
	})))
	h.add(t, reachable("jane"), "")
	h.welcome(t, "jane", userman.Delivered)
}

func TestAMailThatWasTakenIsKnownAlsoWhenTheCallerHasGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := newService(t, mailedBy(carrier(func(context.Context, *userman.Message) error {
		cancel()
		return nil
	})))
	h.add(t, reachable("jane"), "")
	d, err := h.SendWelcome(ctx, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.Delivered, d.Status)
	require.False(t, h.get(t, "jane").WelcomedAt.IsZero())
}

func TestWhoIsDeletedWhileTheMailIsOnItsWayIsNoError(t *testing.T) {
	t.Parallel()
	var h *house
	h = newService(t, mailedBy(carrier(func(ctx context.Context, _ *userman.Message) error { return h.Delete(ctx, "jane") })))
	h.add(t, reachable("jane"), "")
	h.welcome(t, "jane", userman.Delivered)
	_, err := h.Get(t.Context(), "jane")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestMailsAreOnlySentToWhomIsReached(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane", "1001"), "")
	few := h.within(func(extension string) bool { return extension != "1001" })
	for _, send := range []func(context.Context, string) (*userman.Delivery, error){few.SendWelcome, few.SendReset} {
		_, err := send(t.Context(), "jane")
		require.ErrorIs(t, err, store.ErrForbidden)
	}
	_, err := few.PreviewMail(t.Context(), userman.WelcomeMail, "jane")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Empty(t, box.taken())
}

func TestAMailThatCannotBeWrittenChangesNothing(t *testing.T) {
	t.Parallel()
	templates, err := userman.ParseTemplates(files("en/welcome.txt", `{{define "subject"}}Hi{{end}}Hi {{slice .Name 0 3}} at {{.Link}}`))
	require.NoError(t, err)
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &postbox{}
			h := newServiceOver(t, open(t), "", box.mailing, func(o *userman.Options) { o.Templates = templates })
			for _, username := range []string{"anna", "jo", "zoe"} {
				h.add(t, reachable(username), "")
			}
			link, err := h.Invite(t.Context(), "jo")
			require.NoError(t, err)
			report := h.welcomes(t)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 2, userman.Failed: 1}, report.Counts)
			require.Equal(t, "jo", report.Undelivered[0].Username)
			require.Contains(t, report.Undelivered[0].Message, "en/welcome.txt:1")
			require.Equal(t, []string{"anna@example.com", "zoe@example.com"}, recipients(box.taken()))

			_, err = h.Invitation(t.Context(), link.Token)
			require.NoError(t, err, "the earlier link works")
			require.True(t, h.kept(t, "jo").WelcomeBegunAt.IsZero(), "others may try again at once")
			h.requireProven(t)
		})
	}
}
