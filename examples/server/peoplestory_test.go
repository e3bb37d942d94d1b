package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/peers/chromium"
	"github.com/pbxusers/pbxusers/internal/peers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

const alicePassword = "seven lanterns over the harbour"

// calendar is a time that a test moves.
type calendar struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *calendar) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *calendar) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// mailing starts a server that sends its mails to a real mail server, at a time
// that the test moves.
func mailing(t *testing.T, directories ...userman.Directory) (server *servertest.Server, post *smtp.Server, days *calendar) {
	t.Helper()
	post, days = smtp.Start(t, nil), &calendar{}
	server = servertest.Start(t, &servertest.Options{
		Clock: days.now,
		Settings: func(s *site.Settings) {
			s.SMTP = site.SMTPSettings{Server: post.Addr, From: "ACME Telephony <pbx@example.com>", Security: "none"}
		},
		People: func(o *userman.Options) { o.SIPAccounts, o.Directories = accounts{}, directories },
	})
	server.AddAdministrator(t, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, rootPassword)
	return server, post, days
}

// accounts tells SIP accounts of every extension.
type accounts struct{}

func (accounts) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: "PJSIP", Username: extension, Secret: store.NewSecret("sip-secret"), Domain: "pbx.example.com"}, nil
}

// addPerson makes somebody behind the back of the pages.
func addPerson(t *testing.T, server *servertest.Server, u userman.User) {
	t.Helper()
	_, err := server.Site.People.Create(t.Context(), userman.NewUser{User: &u})
	require.NoError(t, err)
}

// linkIn returns the link of a mail that leads to a path of the server.
func linkIn(t *testing.T, server *servertest.Server, mail smtp.Message, path string) string {
	t.Helper()
	_, rest, found := strings.Cut(mail.Text, server.URL+path)
	require.True(t, found, mail.Text)
	link := server.URL + path + strings.Fields(rest)[0]
	require.Contains(t, mail.HTML, link)
	return link
}

// chooses sets the password with the form of a link.
func (v visitor) chooses(t *testing.T, password string) int {
	t.Helper()
	v.Fill(t, `[name="password"]`, password)
	return v.Follow(t, mainButton)
}

// canLogIn checks that the password is the person's.
func canLogIn(t *testing.T, server *servertest.Server, username, password string) {
	t.Helper()
	_, err := server.Site.People.Authenticate(t.Context(), credential.Attempt{Username: username, Password: store.NewSecret(password)})
	require.NoError(t, err)
}

// TestTheStoryOfAPersonFromWelcomeMailToPassword_inABrowser is what an
// administrator and a person do until the person can log in, with a real mail
// server between them.
func TestTheStoryOfAPersonFromWelcomeMailToPassword_inABrowser(t *testing.T) {
	t.Parallel()
	server, post, days := mailing(t)
	browser := chromium.Start(t)
	addPerson(t, server, userman.User{Username: "alice", FirstName: "Alice", Email: "alice@example.org", DefaultExtension: "1001"})
	root, alice := at(t, browser, server, chromium.View{}), at(t, browser, server, chromium.View{Width: 360, Height: 740})
	root.logIn(t, "root.admin", rootPassword)
	welcome := func() string {
		root.Visit(t, server.URL+"/people/alice")
		require.Equal(t, 200, root.Follow(t, `form[action="/people/alice/welcome"] button`), root.Text(t, "main"))
		mail := post.Wait(t)
		require.Equal(t, []string{"alice@example.org"}, mail.To)
		return linkIn(t, server, mail, userman.SetPasswordPath)
	}

	// The link of the mail sets the password, once.
	link := welcome()
	require.Equal(t, 200, alice.Visit(t, link))
	require.Contains(t, alice.Text(t, "main"), "This link is for alice.")
	require.Equal(t, 422, alice.chooses(t, "short"))
	require.Contains(t, alice.refusal(t, "password"), "12", "what is wrong stands beside its field")
	require.Equal(t, 200, alice.chooses(t, alicePassword))
	require.Equal(t, "/person/password", alice.Path(t))
	require.Contains(t, alice.Text(t, "main"), "Your password is set.")
	canLogIn(t, server, "alice", alicePassword)
	require.Equal(t, 404, alice.Visit(t, link))
	require.Contains(t, alice.Text(t, "main"), "It was used")

	// One that has expired offers a new one, which arrives by mail.
	link = welcome()
	days.add(8 * 24 * time.Hour)
	require.Equal(t, 404, alice.Visit(t, link))
	require.Contains(t, alice.Text(t, "main"), "This link has expired")
	require.Equal(t, 200, alice.Follow(t, mainButton))
	require.Equal(t, "/person/sent", alice.Path(t))
	fresh := linkIn(t, server, post.Wait(t), userman.SetPasswordPath)
	require.Equal(t, 404, alice.Visit(t, link), "the old one is replaced")
	alice.Visit(t, fresh)
	require.Equal(t, 200, alice.chooses(t, alicePassword+" again"))
	canLogIn(t, server, "alice", alicePassword+" again")

	// A password that is forgotten is set anew, without an administrator.
	days.add(time.Hour)
	alice.Visit(t, link)
	alice.Follow(t, `a[href="/person/forgot"]`)
	alice.Fill(t, `[name="name"]`, "Alice")
	require.Equal(t, 200, alice.Follow(t, mainButton))
	alice.Visit(t, linkIn(t, server, post.Wait(t), userman.SetPasswordPath))
	require.Equal(t, 200, alice.chooses(t, alicePassword))
	canLogIn(t, server, "alice", alicePassword)
	require.Zero(t, post.Waiting())
}
