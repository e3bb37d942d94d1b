package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testservers/chromium"
	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

const alicePassword = "seven lanterns over the harbour"

// testClock is a clock that a test advances.
type testClock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// startWithMail starts a server with a real mail server and the clock of the test.
func startWithMail(t *testing.T, directories ...userman.Directory) (server *servertest.Server, mailServer *smtp.Server, clock *testClock) {
	t.Helper()
	mailServer, clock = smtp.Start(t, nil), &testClock{}
	server = servertest.Start(t, &servertest.Options{
		Clock: clock.now,
		Settings: func(s *app.Settings) {
			s.SMTP.Address, s.SMTP.From, s.SMTP.Security = mailServer.Addr, "ACME Telephony <pbx@example.com>", "none"
		},
		Users: func(o *userman.Options) { o.SIPAccounts, o.Directories = fakeSIPAccounts{}, directories },
	})
	server.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, rootPassword)
	return server, mailServer, clock
}

// fakeSIPAccounts returns SIP accounts for every extension.
type fakeSIPAccounts struct{}

func (fakeSIPAccounts) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: "PJSIP", Username: extension, Secret: store.NewSecret("sip-secret"), Domain: "pbx.example.com"}, nil
}

// createUser creates a user without the pages.
func createUser(t *testing.T, server *servertest.Server, u userman.User) {
	t.Helper()
	_, err := server.Site.Users.Create(t.Context(), userman.NewUser{User: &u})
	require.NoError(t, err)
}

// linkInMail returns the link in a mail to a path of the server.
func linkInMail(t *testing.T, server *servertest.Server, mail smtp.Message, path string) string {
	t.Helper()
	_, rest, found := strings.Cut(mail.Text, server.URL+path)
	require.True(t, found, mail.Text)
	link := server.URL + path + strings.Fields(rest)[0]
	require.Contains(t, mail.HTML, link)
	return link
}

// submitPassword sets the password with the form of a link.
func (v browserUser) submitPassword(t *testing.T, password string) int {
	t.Helper()
	v.Fill(t, `[name="password"]`, password)
	return v.Follow(t, mainButton)
}

// requireUserCanLogIn requires that the user has this password.
func requireUserCanLogIn(t *testing.T, server *servertest.Server, username, password string) {
	t.Helper()
	_, err := server.Site.Users.Authenticate(t.Context(), credential.LoginAttempt{Username: username, Password: store.NewSecret(password)})
	require.NoError(t, err)
}

// TestE2E_userFromWelcomeMailToPassword follows a user from the administrator's
// welcome mail to the first login, with a real mail server.
func TestE2E_userFromWelcomeMailToPassword(t *testing.T) {
	t.Parallel()
	server, mailServer, clock := startWithMail(t)
	browser := chromium.Start(t)
	createUser(t, server, userman.User{Username: "alice", FirstName: "Alice", Email: "alice@example.org", DefaultExtension: "1001"})
	root, alice := openTab(t, browser, server, chromium.View{}), openTab(t, browser, server, chromium.View{Width: 360, Height: 740})
	root.logIn(t, "root.admin", rootPassword)
	welcome := func() string {
		root.Visit(t, server.URL+"/users/alice")
		const button = `button[form="do-welcome"]`
		if !chromium.Eval[bool](t, root.Tab, "document.querySelector('"+button+"').checkVisibility()") {
			root.Click(t, `[popovertarget="record-menu"]`)
		}
		require.Equal(t, 200, root.Follow(t, button), root.Text(t, "main"))
		mail := mailServer.Receive(t)
		require.Equal(t, []string{"alice@example.org"}, mail.To)
		return linkInMail(t, server, mail, userman.SetPasswordPath)
	}

	// The link of the mail sets the password once.
	link := welcome()
	require.Equal(t, 200, alice.Visit(t, link))
	require.Contains(t, alice.Text(t, "main"), "This link is for alice.")
	require.Equal(t, 422, alice.submitPassword(t, "short"))
	require.Contains(t, alice.fieldError(t, "password"), "12", "the error is beside its field")
	require.Equal(t, 200, alice.submitPassword(t, alicePassword))
	require.Equal(t, "/set-password/done", alice.Path(t))
	require.Contains(t, alice.Text(t, "main"), "Your password is set.")
	requireUserCanLogIn(t, server, "alice", alicePassword)
	require.Equal(t, 404, alice.Visit(t, link))
	require.Contains(t, alice.Text(t, "main"), "It was used")

	// An expired link offers a new one, which arrives by mail.
	link = welcome()
	clock.advance(8 * 24 * time.Hour)
	require.Equal(t, 404, alice.Visit(t, link))
	require.Contains(t, alice.Text(t, "main"), "This link has expired")
	require.Equal(t, 200, alice.Follow(t, mainButton))
	require.Equal(t, "/forgot-password/sent", alice.Path(t))
	newLink := linkInMail(t, server, mailServer.Receive(t), userman.SetPasswordPath)
	require.Equal(t, 404, alice.Visit(t, link), "the old one is replaced")
	alice.Visit(t, newLink)
	require.Equal(t, 200, alice.submitPassword(t, alicePassword+" again"))
	requireUserCanLogIn(t, server, "alice", alicePassword+" again")

	// A forgotten password is reset without an administrator.
	clock.advance(time.Hour)
	alice.Visit(t, link)
	alice.Follow(t, `a[href="/forgot-password"]`)
	alice.Fill(t, `[name="name"]`, "Alice")
	require.Equal(t, 200, alice.Follow(t, mainButton))
	alice.Visit(t, linkInMail(t, server, mailServer.Receive(t), userman.SetPasswordPath))
	require.Equal(t, 200, alice.submitPassword(t, alicePassword))
	requireUserCanLogIn(t, server, "alice", alicePassword)
	require.Zero(t, mailServer.Pending())
}
