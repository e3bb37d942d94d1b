package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func mailRules() []rule {
	return []rule{
		{"mail_stored", mailStored},
		{"mail_replaced", mailReplaced},
		{"mail_requires_user", mailRequiresUser},
		{"mails_sorted", mailsSorted},
		{"mail_deleted", mailDeleted},
		{"next_mail_is_earliest", nextMailIsEarliest},
		{"mail_not_shared", mailNotShared},
	}
}

// newMail returns a deferred mail to the user with that username.
func newMail(username string, kind usermail.Kind) *mailqueue.Mail {
	return &mailqueue.Mail{
		UserID: idOf(username), Kind: kind, Status: mailqueue.Deferred, Message: "'; \"451 <b>später</b>\" \\", Attempts: 3,
		RequestedBy: mailqueue.Requester{Kind: audit.Administrator, Name: "Jürgen'"},
		RequestedAt: noon(), FirstAttemptAt: noon().Add(time.Microsecond), NextAttemptAt: noon().Add(time.Hour), UpdatedAt: noon().Add(time.Minute),
	}
}

// requireMails requires that these are all mails to the user with that username.
func requireMails(t *testing.T, st userman.Store, username string, want ...*mailqueue.Mail) {
	t.Helper()
	mails, err := st.Mails(t.Context(), idOf(username))
	require.NoError(t, err)
	require.Equal(t, append([]*mailqueue.Mail{}, want...), mails)
}

// requireNextMail requires that NextMail returns want, or none for nil.
func requireNextMail(t *testing.T, st userman.Store, want *mailqueue.Mail) {
	t.Helper()
	next, err := st.NextMail(t.Context())
	if want == nil {
		requireNotFound(t, err, "mail")
		return
	}
	require.NoError(t, err)
	require.Equal(t, want, next)
}

// putMails stores mails.
func putMails(t *testing.T, st userman.Store, mails ...*mailqueue.Mail) {
	t.Helper()
	for _, mail := range mails {
		require.NoError(t, st.PutMail(t.Context(), mail))
	}
}

func mailStored(t *testing.T, b Backend) {
	st, want := b.Users(""), newMail("jane", usermail.Welcome)
	requireFilled(t, reflect.ValueOf(*want))
	createUsers(t, st, "jane", "bob")
	requireMails(t, st, "jane")
	given := *want
	for _, at := range []*time.Time{&given.RequestedAt, &given.FirstAttemptAt, &given.NextAttemptAt, &given.UpdatedAt} {
		*at = at.Add(500 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	}
	putMails(t, st, &given)
	requireMails(t, st, "jane", want)
	requireNextMail(t, st, want)
	requireMails(t, st, "bob")
	empty := &mailqueue.Mail{UserID: idOf("bob")}
	putMails(t, st, empty)
	requireMails(t, st, "bob", empty)
}

func mailReplaced(t *testing.T, b Backend) {
	st, later := b.Users(""), newMail("jane", usermail.Welcome)
	createUsers(t, st, "jane")
	putMails(t, st, newMail("jane", usermail.Welcome), newMail("jane", usermail.Reset))
	later.Status, later.Message, later.Attempts, later.NextAttemptAt = mailqueue.Sent, "sent", 4, time.Time{}
	putMails(t, st, later)
	requireMails(t, st, "jane", newMail("jane", usermail.Reset), later)
}

func mailRequiresUser(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, b.Users("acme"), "jane")
	requireNotFound(t, st.PutMail(t.Context(), newMail("jane", usermail.Reset)), "user")
	requireMails(t, st, "jane")
	requireNextMail(t, st, nil)
	createUsers(t, st, "jane")
	updateUser(t, st, "jane", softDelete)
	putMails(t, st, newMail("jane", usermail.Reset))
	requireMails(t, st, "jane", newMail("jane", usermail.Reset))
	requireMails(t, b.Users("acme"), "jane")
}

func mailsSorted(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	putMails(t, st, newMail("jane", "b"), newMail("jane", "c"), newMail("jane", "a"))
	requireMails(t, st, "jane", newMail("jane", "a"), newMail("jane", "b"), newMail("jane", "c"))
}

func mailDeleted(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane", "bob")
	putMails(t, st, newMail("jane", usermail.Welcome), newMail("jane", usermail.Reset), newMail("bob", usermail.Welcome), newMail("bob", usermail.Reset))
	for range 2 {
		require.NoError(t, st.DeleteMail(t.Context(), idOf("jane"), usermail.Welcome), "it is no error if there is none")
	}
	requireMails(t, st, "jane", newMail("jane", usermail.Reset))
	require.NoError(t, st.DeleteUser(t.Context(), idOf("jane")))
	createUsers(t, st, "jane")
	requireMails(t, st, "jane")
	requireMails(t, st, "bob", newMail("bob", usermail.Reset), newMail("bob", usermail.Welcome))
	requireNextMail(t, st, newMail("bob", usermail.Reset))
}

func nextMailIsEarliest(t *testing.T, b Backend) {
	st := b.Users("")
	requireNextMail(t, st, nil)
	createUsers(t, st, "anna", "bob", "carl", "dora")
	createUsers(t, b.Users("acme"), "anna")
	sent, late, early := newMail("anna", usermail.Reset), newMail("bob", usermail.Welcome), newMail("dora", usermail.Reset)
	sent.NextAttemptAt = time.Time{}
	late.NextAttemptAt = noon().Add(2 * time.Hour)
	early.NextAttemptAt = noon().Add(-50 * 365 * 24 * time.Hour)
	ofTeam := newMail("anna", usermail.Reset)
	ofTeam.NextAttemptAt = early.NextAttemptAt.Add(-time.Hour)
	putMails(t, b.Users("acme"), ofTeam)
	putMails(t, st, sent)
	requireNextMail(t, st, nil)
	putMails(t, st, late)
	requireNextMail(t, st, late)
	putMails(t, st, newMail("carl", usermail.Welcome), newMail("bob", usermail.Reset), newMail("carl", usermail.Reset))
	requireNextMail(t, st, newMail("bob", usermail.Reset))
	putMails(t, st, early)
	requireNextMail(t, st, early)
	requireNextMail(t, b.Users("acme"), ofTeam)
}

func mailNotShared(t *testing.T, b Backend) {
	st := b.Users("")
	createUsers(t, st, "jane")
	given := newMail("jane", usermail.Welcome)
	putMails(t, st, given)
	given.Message = "mutated"
	next, err := st.NextMail(t.Context())
	require.NoError(t, err)
	next.Message = "mutated"
	mails, err := st.Mails(t.Context(), idOf("jane"))
	require.NoError(t, err)
	mails[0].Message = "mutated"
	requireMails(t, st, "jane", newMail("jane", usermail.Welcome))
}
