package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// chanMailer is a mail server that stores its mails.
type chanMailer struct{ mails chan *usermail.Mail }

func newChanMailer() chanMailer { return chanMailer{make(chan *usermail.Mail, 100)} }

func (m chanMailer) Send(_ context.Context, mail *usermail.Mail) error {
	m.mails <- mail
	return nil
}

// nextLink returns the path of the link in the next mail.
func (m chanMailer) nextLink(t *testing.T) string {
	t.Helper()
	const path = userman.SetPasswordPath
	select {
	case mail := <-m.mails:
		_, link, found := strings.Cut(mail.Text, path)
		require.True(t, found, mail.Text)
		return path + strings.Fields(link)[0]
	case <-time.After(20 * time.Second):
		require.FailNow(t, "no mail came")
		return ""
	}
}

// testClock is a clock that a test advances.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// startWithMail starts a server that sends mails into a box, at a time that the
// test moves.
func startWithMail(t *testing.T) (*browser, chanMailer, *testClock) {
	t.Helper()
	box, at := newChanMailer(), &testClock{now: time.Now().UTC().Truncate(time.Microsecond)}
	b := start(t, &servertest.Options{Clock: at.Now, Users: func(o *userman.Options) { o.Mailer = box }})
	return b, box, at
}

func TestPages_mailedPasswordLinkWorksOnce(t *testing.T) {
	t.Parallel()
	b, box, _ := startWithMail(t)
	b.createUser(userman.User{Username: "alice", Email: "alice@example.org"})
	_, err := b.server.Site.Users.Mails().Send(t.Context(), usermail.Welcome, "alice")
	require.NoError(t, err)
	link := box.nextLink(t)

	alice := b.anonymous()
	page := alice.get(link, http.StatusOK)
	require.Contains(t, page, "<strong>alice</strong>")
	require.Contains(t, page, `autocomplete="new-password"`)
	page = alice.post(link, url.Values{"password": {"short"}}, http.StatusUnprocessableEntity)
	alice.requireFieldError(page, "field-password")
	require.NotContains(t, page, `value="short"`)

	require.Equal(t, "/set-password/done", alice.postRedirect(link, url.Values{"password": {password}}))
	require.Contains(t, alice.get("/set-password/done", http.StatusOK), "Your password is set.")
	require.Equal(t, "/forgot-password", alice.getRedirect("/set-password/done"), "the page is shown only once")
	_, err = b.server.Site.Users.Authenticate(t.Context(), credential.LoginAttempt{Username: "alice", Password: store.NewSecret(password)})
	require.NoError(t, err)

	require.Contains(t, alice.get(link, http.StatusNotFound), "no longer works")
	page = alice.post(link, url.Values{"password": {password + "-2"}}, http.StatusNotFound)
	require.Contains(t, page, `href="/forgot-password"`)
	require.Contains(t, alice.get(userman.SetPasswordPath+"nothing", http.StatusNotFound), `href="/forgot-password"`)
}

func TestPages_expiredPasswordLinkIsRenewedByMail(t *testing.T) {
	t.Parallel()
	b, box, at := startWithMail(t)
	b.createUser(userman.User{Username: "alice", Email: "alice@example.org"})
	_, err := b.server.Site.Users.Mails().Send(t.Context(), usermail.Welcome, "alice")
	require.NoError(t, err)
	link := box.nextLink(t)
	at.advance(8 * 24 * time.Hour)

	alice := b.anonymous()
	page := alice.get(link, http.StatusNotFound)
	require.Contains(t, page, "This link has expired")
	require.Contains(t, page, `action="`+link+`/renew"`)
	require.Contains(t, alice.post(link, url.Values{"password": {password}}, http.StatusNotFound), "This link has expired")
	require.Equal(t, "/forgot-password/sent", alice.postRedirect(link+"/renew", nil))
	fresh := box.nextLink(t)
	require.NotEqual(t, link, fresh)
	require.Contains(t, alice.get(link, http.StatusNotFound), "no longer works")
	require.Equal(t, "/set-password/done", alice.postRedirect(fresh, url.Values{"password": {password}}))

	require.Equal(t, "/forgot-password/sent", alice.postRedirect(userman.SetPasswordPath+"nothing/renew", nil), "whoever asks learns nothing")
}

func TestPages_forgotPasswordDoesNotRevealUsers(t *testing.T) {
	t.Parallel()
	b, box, _ := startWithMail(t)
	b.createUser(userman.User{Username: "alice", Email: "alice@example.org"})
	stranger := b.anonymous()
	require.Contains(t, stranger.get("/forgot-password", http.StatusOK), "Forgot password")
	for _, name := range []string{"alice", "nobody", strings.Repeat("n", 8000), "'\x00<"} {
		require.Equal(t, "/forgot-password/sent", stranger.postRedirect("/forgot-password", url.Values{"name": {name}}))
	}
	stranger.post("/forgot-password", url.Values{"name": {strings.Repeat("n", 9000)}}, http.StatusRequestEntityTooLarge)
	require.Contains(t, stranger.get("/forgot-password/sent", http.StatusOK), "If an account with an email address matches")
	link := box.nextLink(t)
	require.Equal(t, "/set-password/done", stranger.postRedirect(link, url.Values{"password": {password}}))
	stranger.requireFieldError(stranger.post("/forgot-password", nil, http.StatusUnprocessableEntity), "field-name")
}

func TestPages_forgotPasswordIsRateLimited(t *testing.T) {
	t.Parallel()
	b, _, _ := startWithMail(t)
	stranger, last := b.anonymous(), 0
	for range 200 {
		response, page := b.server.Post(t, stranger.client, "/forgot-password", url.Values{"name": {"nobody"}})
		if last = response.StatusCode; last == http.StatusTooManyRequests {
			require.NotEmpty(t, response.Header.Get("Retry-After"))
			require.Contains(t, page, `role="alert"`)
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, last)
}

func TestPages_forgotPasswordWithoutMailServer(t *testing.T) {
	t.Parallel()
	at := &testClock{now: time.Now().UTC()}
	b := start(t, &servertest.Options{Clock: at.Now})
	b.createUser(userman.User{Username: "alice"})
	link, err := b.server.Site.Users.Invite(t.Context(), "alice")
	require.NoError(t, err)
	at.advance(8 * 24 * time.Hour)
	stranger := b.anonymous()
	page := stranger.get(userman.SetPasswordPath+link.Token.Reveal(), http.StatusNotFound)
	require.Contains(t, page, "Ask an administrator for a new link.")
	require.NotContains(t, page, "/renew")
	require.NotContains(t, stranger.get("/forgot-password", http.StatusOK), `name="name"`)
	require.Contains(t, stranger.post("/forgot-password", url.Values{"name": {"alice"}}, http.StatusConflict), "does not send email")
}

func TestPages_passwordLinkIsNotLeaked(t *testing.T) {
	t.Parallel()
	b, _, _ := startWithMail(t)
	b.createUser(userman.User{Username: "alice", Email: "alice@example.org"})
	link, err := b.server.Site.Users.Invite(t.Context(), "alice")
	require.NoError(t, err)
	response, page := b.server.Get(t, b.anonymous().client, userman.SetPasswordPath+link.Token.Reveal())
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.Equal(t, "same-origin", response.Header.Get("Referrer-Policy"))
	require.NotContains(t, page, "http://")
	require.NotContains(t, page, "https://")
	require.Empty(t, response.Cookies(), "reading a page starts no session")
}
