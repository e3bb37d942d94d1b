package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// waitForJob waits for the end of a job, and returns its page.
func (b *browser) waitForJob(path string) string {
	b.Helper()
	var page string
	require.Eventually(b, func() bool {
		page = b.get(path, http.StatusOK)
		return !strings.Contains(page, "<progress")
	}, 20*time.Second, 20*time.Millisecond)
	return page
}

// blockingMailer is a mail server that waits for the test before it accepts a
// mail.
type blockingMailer struct{ result chan error }

func (p blockingMailer) Send(ctx context.Context, _ *usermail.Mail) error {
	select {
	case err := <-p.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestPages_welcomeAllShowsProgress(t *testing.T) {
	t.Parallel()
	post := blockingMailer{make(chan error)}
	b := start(t, &servertest.Options{Users: func(o *userman.Options) { o.Mailer = post }})
	require.Contains(t, b.get("/users/welcome", http.StatusOK), "No users to welcome")
	for _, name := range []string{"alice", "bob", "carol"} {
		b.createUser(userman.User{Username: name, Email: name + "@example.org"})
	}
	b.createUser(userman.User{Username: "dave"})
	require.Contains(t, b.get("/users/welcome", http.StatusOK), "4 users have not been welcomed")

	require.Equal(t, "/users/welcome", b.postRedirect("/users/welcome", nil))
	require.Equal(t, "/users/welcome", b.postRedirect("/users/welcome", nil), "it runs once")
	require.Contains(t, b.get("/users/welcome", http.StatusOK), "Another run is in progress")
	post.result <- nil
	require.Eventually(t, func() bool { return strings.Contains(b.get("/users/welcome", http.StatusOK), "1 of 4.") }, 20*time.Second, 20*time.Millisecond)
	require.Contains(t, b.get("/users/welcome", http.StatusOK), `<meta http-equiv="refresh"`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+"/users/welcome?known=1", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("Hx-Request", "true")
	response, _ := servertest.Do(t, b.client, request)
	require.Equal(t, http.StatusNoContent, response.StatusCode, "nothing is read out again")

	post.result <- &userman.MailRejectedError{Reason: "550 <no>"}
	post.result <- nil
	page := b.waitForJob("/users/welcome")
	require.Contains(t, page, "Welcome emails sent")
	require.Contains(t, page, "2 sent")
	require.Contains(t, page, "1 without an email address")
	require.Contains(t, page, "1 rejected by the mail server")
	require.Contains(t, page, `href="/users/bob"`)
	require.Contains(t, page, "550 &lt;no&gt;")
	require.Contains(t, page, "2 users have not been welcomed")
}

func TestPages_welcomeAllIsLimitedToScope(t *testing.T) {
	t.Parallel()
	b, box, _ := startWithMail(t)
	b.createUser(userman.User{Username: "alice", Email: "alice@example.org", DefaultExtension: "1001"})
	b.createUser(userman.User{Username: "zoe", DefaultExtension: "2001"})
	extensions, err := scope.ParseRanges("1000-1999")
	require.NoError(t, err)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"users"}, Extensions: extensions}, password)
	limited := b.loginAs("jane.admin")
	require.Contains(t, limited.get("/users/welcome", http.StatusOK), "1 user has not been welcomed")

	b.postRedirect("/users/welcome", nil)
	require.Contains(t, b.waitForJob("/users/welcome"), `href="/users/zoe"`)
	page := limited.get("/users/welcome", http.StatusOK)
	require.NotContains(t, page, "zoe")
	require.Contains(t, page, "Undelivered emails to users outside your scope are not shown.")
	box.nextLink(t)

	limited.postRedirect("/users/welcome", nil)
	require.Contains(t, limited.waitForJob("/users/welcome"), "There were no users to welcome.")
}

func TestPages_welcomeAllWithoutMailServer(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "alice", Email: "alice@example.org"})
	page := b.get("/users/welcome", http.StatusOK)
	require.Contains(t, page, `href="/settings/mail">Open mail settings`)
	require.NotContains(t, page, `action="/users/welcome"`)
}
