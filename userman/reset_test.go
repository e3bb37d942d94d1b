package userman_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestService_RequestReset_sendsResetLink(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &mailbox{}
			h := newServiceWithDB(t, open(t), "", box.configure)
			h.createUser(t, newUserWithEmail("jane"), goodPassword)
			require.NoError(t, h.RequestReset(anonymousContext(t, "192.0.2.1"), " JANE "))
			mails := box.waitSent(t, h)
			require.Len(t, mails, 1)
			require.Equal(t, "jane@example.com", mails[0].To)
			h.logIn(t, "jane", goodPassword)

			token := linkToken(t, mails[0])
			link, err := h.Invitation(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, h.clock.Now().Add(time.Hour), link.ExpiresAt)
			_, err = h.AcceptInvitation(t.Context(), token, secret(anotherPassword))
			require.NoError(t, err)
			h.logIn(t, "jane", anotherPassword)
			sent := h.entries(t, audit.Query{Action: "send reset mail"})
			require.Len(t, sent, 1)
			require.Equal(t, audit.Actor{Kind: audit.Anonymous, RemoteAddr: netip.MustParseAddr("192.0.2.1")}, sent[0].Actor)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_RequestReset_acceptsEveryLoginName(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure, func(o *userman.Options) { o.LoginByEmail, o.LoginByExtension = true, true })
	jane := newUserWithEmail("jane")
	jane.DefaultExtension = "1001"
	h.createUser(t, jane, goodPassword)
	for i, input := range []string{"jane", "Jane@Example.com", "1001"} {
		require.NoError(t, h.RequestReset(t.Context(), input))
		require.Len(t, box.waitSent(t, h), i+1)
		h.clock.Advance(time.Hour)
	}
}

// Whoever asks learns nothing: not whether there is such a person, nor what
// they have.
func TestService_RequestReset_preventsUserEnumeration(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure, withDirectories(newHeadOffice()))
	h.createUser(t, newUserWithEmail("jane"), goodPassword)
	h.createUser(t, newUserWithEmail("off"), goodPassword)
	_, err := h.Disable(t.Context(), "off")
	require.NoError(t, err)
	h.createUser(t, newUser("noaddress"), goodPassword)
	h.createUser(t, newUserWithEmail("elsewhere"), goodPassword)
	h.moveToDirectory(t, "elsewhere", "head-office", "uid-elsewhere")
	h.createUser(t, newUserWithEmail("deleted"), goodPassword)
	require.NoError(t, h.Delete(t.Context(), "deleted"))
	before := len(h.entries(t, audit.Query{PageRequest: store.PageRequest{Limit: 1000}}))
	for i, input := range []string{
		"nobody", "off", "noaddress", "elsewhere", "deleted", "", "\x00", "jane@example.com", strings.Repeat("j", 1<<20), "' OR 1=1 --",
	} {
		require.NoError(t, h.RequestReset(anonymousContext(t, fmt.Sprintf("192.0.2.%d", i)), input))
	}
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20)} {
		require.NoError(t, h.RequestNewLink(t.Context(), secret(token)))
	}
	require.Empty(t, box.waitSent(t, h))
	require.Len(t, h.entries(t, audit.Query{PageRequest: store.PageRequest{Limit: 1000}}), before, "strangers do not fill the trail")
}

// blockingStore is a store whose readers wait until it is released.
type blockingStore struct {
	userman.Store

	release chan struct{}
}

func (s *blockingStore) FindUser(ctx context.Context, key userman.UserLookup) (*userman.User, error) {
	<-s.release
	return s.Store.FindUser(ctx, key)
}

// A request that looked somebody up first would never return here: so time
// tells nothing either.
func TestService_RequestReset_returnsBeforeLookup(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t)
	h.createUser(t, newUserWithEmail("jane"), goodPassword)
	release := make(chan struct{})
	opts := &userman.Options{Clock: h.clock.Now}
	box.configure(opts)
	s := userman.New(&blockingStore{h.store, release}, opts)
	require.NoError(t, s.RequestReset(t.Context(), "jane"))
	require.NoError(t, s.RequestNewLink(t.Context(), secret(strings.Repeat("A", 43))))
	require.Empty(t, box.sent())
	close(release)
	require.NoError(t, s.Shutdown(t.Context()))
	require.Len(t, box.sent(), 1)
}

func TestService_RequestReset_respectsCooldown(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &mailbox{}
			h := newServiceWithDB(t, open(t), "", box.configure)
			h.createUser(t, newUserWithEmail("jane"), goodPassword)
			for i := range 50 {
				require.NoError(t, h.RequestReset(anonymousContext(t, fmt.Sprintf("192.0.2.%d", i)), "jane"))
			}
			require.Len(t, box.waitSent(t, h), 1, "of many who ask at once")
			first := linkToken(t, box.sent()[0])
			h.clock.Advance(5*time.Minute - time.Microsecond)
			require.NoError(t, h.RequestReset(t.Context(), "jane"))
			require.Len(t, box.waitSent(t, h), 1)
			_, err := h.Invitation(t.Context(), first)
			require.NoError(t, err, "the link that was mailed goes on to work")

			h.clock.Advance(time.Microsecond)
			require.NoError(t, h.RequestReset(t.Context(), "jane"))
			require.Len(t, box.waitSent(t, h), 2)
			_, err = h.Invitation(t.Context(), first)
			requireLinkNotFound(t, err)
			_, err = h.Invitation(t.Context(), linkToken(t, box.sent()[1]))
			require.NoError(t, err)
		})
	}
}

// A stranger cannot have the link of a welcome mail replaced that was mailed
// just now.
func TestService_RequestReset_keepsRecentWelcomeLink(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), "")
	delivery, err := h.Mails().Send(t.Context(), usermail.Welcome, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, delivery.Status)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.Len(t, box.waitSent(t, h), 1)
	_, err = h.Invitation(t.Context(), linkToken(t, box.sent()[0]))
	require.NoError(t, err)
	h.clock.Advance(5 * time.Minute)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.Len(t, box.waitSent(t, h), 2)
}

// A link that somebody was given by hand, and one that was used, are no mails.
func TestService_RequestReset_ignoresLinksNotMailed(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), goodPassword)
	_, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	mails := box.waitSent(t, h)
	require.Len(t, mails, 1)
	_, err = h.AcceptInvitation(t.Context(), linkToken(t, mails[0]), secret(anotherPassword))
	require.NoError(t, err)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.Len(t, box.waitSent(t, h), 2)
}

func TestService_RequestReset_limitsRemoteAddr(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), goodPassword)
	rateLimited := 0
	for i := range 100 {
		request := func() error { return h.RequestReset(anonymousContext(t, "203.0.113.9"), fmt.Sprintf("name-%d", i)) }
		if i%2 == 1 {
			request = func() error {
				return h.RequestNewLink(anonymousContext(t, "203.0.113.9"), secret(strings.Repeat("A", 43)))
			}
		}
		if err := request(); err != nil {
			rateErr, ok := errors.AsType[*store.RateLimitedError](err)
			require.True(t, ok, "%v", err)
			require.Positive(t, rateErr.RetryAfter)
			rateLimited++
		}
	}
	require.Equal(t, 90, rateLimited)
	require.NoError(t, h.RequestReset(anonymousContext(t, "203.0.113.10"), "jane"), "others are not concerned")
	login := newLoginAttempt("jane", goodPassword)
	login.RemoteAddr = netip.MustParseAddr("203.0.113.9")
	_, err := h.Authenticate(t.Context(), login)
	require.NoError(t, err, "nor are logins")
	require.Len(t, box.waitSent(t, h), 1)
}

// blockingMailer is a mail server that does not answer until it is released.
type blockingMailer struct{ release chan struct{} }

func (b *blockingMailer) Send(ctx context.Context, _ *usermail.Mail) error {
	select {
	case <-b.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A link was handed over because no mail arrives: whoever asks for one more mail
// does not end it.
func TestService_RequestReset_rejectedMailKeepsEarlierLink(t *testing.T) {
	t.Parallel()
	h := newService(t, withMailer(rejectingMailer))
	h.createUser(t, newUserWithEmail("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.clock.Advance(time.Hour)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	require.NoError(t, h.Shutdown(t.Context()))
	require.Equal(t, "succeeded reset mail rejected jane", h.lastAuditEntry(t))
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
	h.requireAuditIntact(t)
}

// What waits for a mail server is bounded.
func TestService_RequestReset_limitsPendingMails(t *testing.T) {
	t.Parallel()
	server := &blockingMailer{release: make(chan struct{})}
	h := newService(t, (&mailbox{}).configure, func(o *userman.Options) { o.Mailer = server })
	for i := range 10 {
		h.createUser(t, newUserWithEmail(fmt.Sprintf("person-%d", i)), "")
	}
	var lastErr error
	for i := range 5000 {
		remoteAddr := fmt.Sprintf("10.0.%d.%d", i/250, i%250)
		if lastErr = h.RequestReset(anonymousContext(t, remoteAddr), fmt.Sprintf("person-%d", i%10)); lastErr != nil {
			break
		}
	}
	require.ErrorIs(t, lastErr, store.ErrRateLimited)
	close(server.release)
	require.NoError(t, h.Shutdown(t.Context()))
	require.NoError(t, h.RequestReset(t.Context(), "person-1"))
}

// What administrators report as "Password reset link expired".
func TestService_RequestNewLink_resendsWelcomeMail(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &mailbox{}
			h := newServiceWithDB(t, open(t), "", box.configure)
			h.createUser(t, newUserWithEmail("jane"), "")
			_, err := h.Mails().Send(t.Context(), usermail.Welcome, "jane")
			require.NoError(t, err)
			first := linkToken(t, box.sent()[0])
			require.NoError(t, h.RequestNewLink(t.Context(), first))
			require.Len(t, box.waitSent(t, h), 1, "a link that works is not renewed")

			h.clock.Advance(7 * 24 * time.Hour)
			_, err = h.Invitation(t.Context(), first)
			requireLinkExpired(t, err)
			for i := range 20 {
				require.NoError(t, h.RequestNewLink(anonymousContext(t, fmt.Sprintf("192.0.2.%d", i)), first))
			}
			mails := box.waitSent(t, h)
			require.Len(t, mails, 2, "of many who ask at once")
			require.Equal(t, mails[0].Subject, mails[1].Subject)
			_, err = h.Invitation(t.Context(), first)
			requireLinkNotFound(t, err)
			_, err = h.AcceptInvitation(t.Context(), linkToken(t, mails[1]), secret(goodPassword))
			require.NoError(t, err)
			h.logIn(t, "jane", goodPassword)
		})
	}
}

// An administrator may as well send the welcome mail again.
func TestMailService_Send_replacesExpiredLink(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), "")
	for range 2 {
		_, err := h.Mails().Send(t.Context(), usermail.Welcome, "jane")
		require.NoError(t, err)
		h.clock.Advance(8 * 24 * time.Hour)
	}
	mails := box.sent()
	require.Len(t, mails, 2)
	_, err := h.Invitation(t.Context(), linkToken(t, mails[0]))
	requireLinkNotFound(t, err)
	_, err = h.Invitation(t.Context(), linkToken(t, mails[1]))
	requireLinkExpired(t, err)
}

func TestService_RequestNewLink_resendsResetMail(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	h.createUser(t, newUserWithEmail("jane"), goodPassword)
	require.NoError(t, h.RequestReset(t.Context(), "jane"))
	first := box.waitSent(t, h)[0]
	h.clock.Advance(time.Hour)
	require.NoError(t, h.RequestNewLink(t.Context(), linkToken(t, first)))
	mails := box.waitSent(t, h)
	require.Len(t, mails, 2)
	require.Equal(t, first.Subject, mails[1].Subject)
}
