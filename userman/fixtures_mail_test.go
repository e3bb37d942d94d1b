package userman_test

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// mailerFunc is a mail server of which each mail says what becomes of it.
type mailerFunc func(ctx context.Context, m *usermail.Mail) error

func (c mailerFunc) Send(ctx context.Context, m *usermail.Mail) error { return c(ctx, m) }

// withMailer has the service send mails there.
func withMailer(m userman.Mailer) func(*userman.Options) {
	return func(o *userman.Options) {
		o.Mailer = m
		o.BaseURL = &url.URL{Scheme: "https", Host: "pbx.example.com"}
	}
}

// errConnRefused is what comes of a mail server that is not there.
var errConnRefused = errors.New("connection refused")

// rejectingMailer is a mail server that takes nothing, for good.
var rejectingMailer = mailerFunc(func(context.Context, *usermail.Mail) error {
	return &userman.MailRejectedError{Reason: "550 no such mailbox"}
})

// deferringMailer is a mail server that takes nothing yet.
var deferringMailer = mailerFunc(func(context.Context, *usermail.Mail) error {
	return &userman.MailDeferredError{Reason: "451 4.7.1 Greylisted"}
})

// failingMailer is a mail server that is not there.
var failingMailer = mailerFunc(func(context.Context, *usermail.Mail) error { return errConnRefused })

// newUserWithEmail is somebody with an address of mail.
func newUserWithEmail(username string, extensions ...string) *userman.User {
	u := newUser(username, extensions...)
	u.Email = username + "@example.com"
	return u
}

// sendWelcome sends a welcome mail, and requires what came of it.
func (h *env) sendWelcome(t testing.TB, username string, want userman.DeliveryStatus) *userman.Delivery {
	t.Helper()
	d, err := h.Mails().Send(t.Context(), usermail.Welcome, username)
	require.NoError(t, err)
	require.Equal(t, want, d.Status, d.Message)
	require.Equal(t, username, d.Username)
	require.NotEmpty(t, d.Message)
	return d
}

// sipAccounts are SIP accounts by extension.
type sipAccounts map[string]userman.SIPAccount

func (a sipAccounts) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	account, ok := a[extension]
	if !ok {
		return nil, &store.NotFoundError{Kind: "extension"}
	}
	return &account, nil
}

func withSIPAccounts(a sipAccounts) func(*userman.Options) {
	return func(o *userman.Options) { o.SIPAccounts = a }
}

// recipients returns to whom mails went, sorted.
func recipients(mails []*usermail.Mail) []string {
	var all []string
	for _, m := range mails {
		all = append(all, m.To)
	}
	slices.Sort(all)
	return all
}

// undelivered returns who was not sent a mail, and what came of it.
func undelivered(r *userman.WelcomeReport) map[string]userman.DeliveryStatus {
	all := make(map[string]userman.DeliveryStatus)
	for _, d := range r.Undelivered {
		all[d.Username] = d.Status
	}
	return all
}

// total returns how many a report counts.
func total(r *userman.WelcomeReport) int {
	n := 0
	for count := range maps.Values(r.Counts) {
		n += count
	}
	return n
}

// mails returns the last mails to a user.
func (h *env) mails(t testing.TB, username string) []*mailqueue.Mail {
	t.Helper()
	mails, err := h.Mails().List(t.Context(), username)
	require.NoError(t, err)
	return mails
}

// waitingMail returns the mail of that kind, which must wait for another attempt.
func (h *env) waitingMail(t testing.TB, username string, kind usermail.Kind) *mailqueue.Mail {
	t.Helper()
	for _, mail := range h.mails(t, username) {
		if mail.Kind == kind {
			require.True(t, mail.Waiting(), mail.Message)
			return mail
		}
	}
	require.Fail(t, "no such mail")
	return nil
}
