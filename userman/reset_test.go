package userman_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAForgottenPasswordIsResetByAMail(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &postbox{}
			h := newServiceOver(t, open(t), "", box.mailing)
			h.add(t, reachable("jane"), goodPassword)
			require.NoError(t, h.RequestReset(from(t, "192.0.2.1"), " JANE "))
			mails := box.after(t, h)
			require.Len(t, mails, 1)
			require.Equal(t, "jane@example.com", mails[0].To)
			h.logIn(t, "jane", goodPassword)

			token := tokenIn(t, mails[0])
			link, err := h.Invitation(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, h.clock.Now().Add(time.Hour), link.ExpiresAt)
			_, err = h.AcceptInvitation(t.Context(), token, secret(anotherPassword))
			require.NoError(t, err)
			h.logIn(t, "jane", anotherPassword)
			sent := h.entries(t, audit.Query{Action: "send reset mail"})
			require.Len(t, sent, 1)
			require.Equal(t, audit.Actor{Kind: audit.Visitor, Source: "192.0.2.1"}, sent[0].Actor)
			h.requireProven(t)
		})
	}
}

func TestAResetIsAskedForByWhateverOneLogsInWith(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing, func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
	jane := reachable("jane")
	jane.DefaultExtension = "1001"
	h.add(t, jane, goodPassword)
	for i, typed := range []string{"jane", "Jane@Example.com", "1001"} {
		require.NoError(t, h.RequestReset(t.Context(), typed))
		require.Len(t, box.after(t, h), i+1)
		h.clock.Pass(time.Hour)
	}
}

// Whoever asks learns nothing: not whether there is such a person, nor what
// they have.
func TestNobodyLearnsFromARequestWhoThereIs(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing, withDirectories(headOffice()))
	h.add(t, reachable("jane"), goodPassword)
	h.add(t, reachable("off"), goodPassword)
	_, err := h.Disable(t.Context(), "off")
	require.NoError(t, err)
	h.add(t, person("noaddress"), goodPassword)
	h.add(t, reachable("elsewhere"), goodPassword)
	h.becomeOf(t, "elsewhere", "head-office", "uid-elsewhere")
	h.add(t, reachable("deleted"), goodPassword)
	require.NoError(t, h.Delete(t.Context(), "deleted"))
	before := len(h.entries(t, audit.Query{Page: store.Page{Limit: 1000}}))
	for i, typed := range []string{
		"nobody", "off", "noaddress", "elsewhere", "deleted", "", "\x00", "jane@example.com", strings.Repeat("j", 1<<20), "' OR 1=1 --",
	} {
		require.NoError(t, h.RequestReset(from(t, fmt.Sprintf("192.0.2.%d", i)), typed))
	}
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20)} {
		require.NoError(t, h.RenewLink(t.Context(), secret(token)))
	}
	require.Empty(t, box.after(t, h))
	require.Len(t, h.entries(t, audit.Query{Page: store.Page{Limit: 1000}}), before, "strangers do not fill the trail")
}

// stuck is a store whose readers wait until it is released.
type stuck struct {
	userman.Store

	release chan struct{}
}

func (s *stuck) FindUser(ctx context.Context, key userman.UserKey) (*userman.User, error) {
	<-s.release
	return s.Store.FindUser(ctx, key)
}

// A request that looked somebody up first would never return here: so time
// tells nothing either.
func TestARequestReturnsBeforeAnythingIsLookedUp(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t)
	h.add(t, reachable("jane"), goodPassword)
	release := make(chan struct{})
	opts := &userman.Options{Clock: h.clock.Now}
	box.mailing(opts)
	s := userman.New(&stuck{h.store, release}, opts)
	require.NoError(t, s.RequestReset(t.Context(), "jane"))
	require.NoError(t, s.RenewLink(t.Context(), secret(strings.Repeat("A", 43))))
	require.Empty(t, box.taken())
	close(release)
	require.NoError(t, s.Wait(t.Context()))
	require.Len(t, box.taken(), 1)
}

func TestNobodyIsSentASecondMailWithinThePause(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &postbox{}
			h := newServiceOver(t, open(t), "", box.mailing)
			h.add(t, reachable("jane"), goodPassword)
			for i := range 50 {
				require.NoError(t, h.RequestReset(from(t, fmt.Sprintf("192.0.2.%d", i)), "jane"))
			}
			require.Len(t, box.after(t, h), 1, "of many who ask at once")
			first := tokenIn(t, box.taken()[0])
			h.clock.Pass(5*time.Minute - time.Microsecond)
			require.NoError(t, h.RequestReset(t.Context(), "jane"))
			require.Len(t, box.after(t, h), 1)
			_, err := h.Invitation(t.Context(), first)
			require.NoError(t, err, "the link that was mailed goes on to work")

			h.clock.Pass(time.Microsecond)
			require.NoError(t, h.RequestReset(t.Context(), "jane"))
			require.Len(t, box.after(t, h), 2)
			_, err = h.Invitation(t.Context(), first)
			requireNoLink(t, err)
			_, err = h.Invitation(t.Context(), tokenIn(t, box.taken()[1]))
			require.NoError(t, err)
		})
	}
}

// A stranger cannot have the link of a welcome mail replaced that was mailed
// just now.
func TestAWelcomeMailOfAMomentAgoIsLeftAlone(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane"), "")
	delivery, err := h.SendWelcome(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, userman.Delivered, delivery.Status)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.Len(t, box.after(t, h), 1)
	_, err = h.Invitation(t.Context(), tokenIn(t, box.taken()[0]))
	require.NoError(t, err)
	h.clock.Pass(5 * time.Minute)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.Len(t, box.after(t, h), 2)
}

// A link that somebody was given by hand, and one that was used, are no mails.
func TestALinkThatWasNotMailedHoldsUpNoMail(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane"), goodPassword)
	_, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	mails := box.after(t, h)
	require.Len(t, mails, 1)
	_, err = h.AcceptInvitation(t.Context(), tokenIn(t, mails[0]), secret(anotherPassword))
	require.NoError(t, err)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.Len(t, box.after(t, h), 2)
}

func TestASourceThatAsksTooOftenIsHeldUp(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane"), goodPassword)
	held := 0
	for i := range 100 {
		ask := func() error { return h.RequestReset(from(t, "203.0.113.9"), fmt.Sprintf("name-%d", i)) }
		if i%2 == 1 {
			ask = func() error { return h.RenewLink(from(t, "203.0.113.9"), secret(strings.Repeat("A", 43))) }
		}
		if err := ask(); err != nil {
			throttled, ok := errors.AsType[*store.ThrottledError](err)
			require.True(t, ok, "%v", err)
			require.Positive(t, throttled.RetryAfter)
			held++
		}
	}
	require.Equal(t, 90, held)
	require.NoError(t, h.RequestReset(from(t, "203.0.113.10"), "jane"), "others are not concerned")
	login := attempt("jane", goodPassword)
	login.Source = "203.0.113.9"
	_, err := h.Authenticate(t.Context(), login)
	require.NoError(t, err, "nor are logins")
	require.Len(t, box.after(t, h), 1)
}

// blocked is a mail server that does not answer until it is released.
type blocked struct{ release chan struct{} }

func (b *blocked) Send(ctx context.Context, _ *userman.Message) error {
	select {
	case <-b.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A link was handed over because no mail arrives: whoever asks for one more mail
// does not end it.
func TestAResetMailThatIsRefusedLeavesTheEarlierLink(t *testing.T) {
	t.Parallel()
	h := newService(t, mailedBy(refuses))
	h.add(t, reachable("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.clock.Pass(time.Hour)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.NoError(t, h.Wait(t.Context()))
	require.Equal(t, "done reset mail refused jane", h.told(t))
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
	h.requireProven(t)
}

// What waits for a mail server is bounded.
func TestRequestsAreRefusedWhileTooManyMailsWait(t *testing.T) {
	t.Parallel()
	server := &blocked{release: make(chan struct{})}
	h := newService(t, (&postbox{}).mailing, func(o *userman.Options) { o.Mailer = server })
	for i := range 10 {
		h.add(t, reachable(fmt.Sprintf("person-%d", i)), "")
	}
	var refused error
	for i := range 5000 {
		source := fmt.Sprintf("10.0.%d.%d", i/250, i%250)
		if refused = h.RequestReset(from(t, source), fmt.Sprintf("person-%d", i%10)); refused != nil {
			break
		}
	}
	require.ErrorIs(t, refused, store.ErrThrottled)
	close(server.release)
	require.NoError(t, h.Wait(t.Context()))
	require.NoError(t, h.RequestReset(t.Context(), "person-1"))
}

// What administrators report as "Password reset link expired".
func TestAnExpiredLinkIsReplacedByANewWelcomeMail(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &postbox{}
			h := newServiceOver(t, open(t), "", box.mailing)
			h.add(t, reachable("jane"), "")
			_, err := h.SendWelcome(t.Context(), "jane")
			require.NoError(t, err)
			first := tokenIn(t, box.taken()[0])
			require.NoError(t, h.RenewLink(t.Context(), first))
			require.Len(t, box.after(t, h), 1, "a link that works is not renewed")

			h.clock.Pass(7 * 24 * time.Hour)
			_, err = h.Invitation(t.Context(), first)
			requireExpired(t, err)
			for i := range 20 {
				require.NoError(t, h.RenewLink(from(t, fmt.Sprintf("192.0.2.%d", i)), first))
			}
			mails := box.after(t, h)
			require.Len(t, mails, 2, "of many who ask at once")
			require.Equal(t, mails[0].Subject, mails[1].Subject)
			_, err = h.Invitation(t.Context(), first)
			requireNoLink(t, err)
			_, err = h.AcceptInvitation(t.Context(), tokenIn(t, mails[1]), secret(goodPassword))
			require.NoError(t, err)
			h.logIn(t, "jane", goodPassword)
		})
	}
}

// An administrator may as well send the welcome mail again.
func TestAWelcomeMailSentAgainReplacesTheExpiredLink(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane"), "")
	for range 2 {
		_, err := h.SendWelcome(t.Context(), "jane")
		require.NoError(t, err)
		h.clock.Pass(8 * 24 * time.Hour)
	}
	mails := box.taken()
	require.Len(t, mails, 2)
	_, err := h.Invitation(t.Context(), tokenIn(t, mails[0]))
	requireNoLink(t, err)
	_, err = h.Invitation(t.Context(), tokenIn(t, mails[1]))
	requireExpired(t, err)
}

func TestAnExpiredResetIsReplacedByAnotherReset(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("jane"), goodPassword)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	first := box.after(t, h)[0]
	h.clock.Pass(time.Hour)
	require.NoError(t, h.RenewLink(t.Context(), tokenIn(t, first)))
	mails := box.after(t, h)
	require.Len(t, mails, 2)
	require.Equal(t, first.Subject, mails[1].Subject)
}
