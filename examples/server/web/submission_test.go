package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// withToken returns the values with the token of the forms of a page.
func (b *browser) withToken(path string, form url.Values) url.Values {
	b.Helper()
	with := maps.Clone(form)
	if with == nil {
		with = url.Values{}
	}
	with.Set("form_token", b.hiddenValue(b.get(path, http.StatusOK), "form_token"))
	return with
}

func TestPages_formSubmittedTwiceRunsOnce(t *testing.T) {
	t.Parallel()
	at := testclock.New()
	var log bytes.Buffer
	b := start(t, &servertest.Options{Clock: at.Now, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	form := b.withToken("/ami-accounts/new", crmAccountForm())
	var secrets []string
	for range 2 {
		require.Equal(t, "/ami-accounts/crmpro_ami/secret", b.postRedirect("/ami-accounts/new", form))
		secrets = append(secrets, copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret"))
	}
	require.NotEmpty(t, secrets[0])
	require.Equal(t, secrets[0], secrets[1], "the secret comes with the answer of the first submission")

	at.Advance(time.Minute)
	page, _ := b.submit("/ami-accounts/new", form, http.StatusUnprocessableEntity)
	require.Contains(t, page, "already")
	require.Empty(t, copyableText(b.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret"))
	b.server.Stop(t)
	require.NotContains(t, log.String(), secrets[0])
	require.NotContains(t, log.String(), form.Get("form_token"))
}

func TestPages_formSubmittedTwiceShowsMessageTwice(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := b.withToken("/users/new", janeForm())
	form.Set("onboarding", "link")
	for range 2 {
		require.Equal(t, "/users/jane.roe/link", b.postRedirect("/users/new", form))
		require.NotEmpty(t, copyableText(b.get("/users/jane.roe/link", http.StatusOK), "link"))
	}
	change := b.withToken("/users/jane.roe", janeForm())
	change.Set("version", b.hiddenValue(b.get("/users/jane.roe", http.StatusOK), "version"))
	for range 2 {
		require.Equal(t, "/users/jane.roe", b.postRedirect("/users/jane.roe", change))
		require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "Saved.")
	}
}

// An answer is only for its form, content, session and rights.
func TestPages_otherSubmissionsRun(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := b.withToken("/ami-accounts/new", crmAccountForm())
	b.postRedirect("/ami-accounts/new", form)

	other := b.loginAs("root.admin")
	other.submit("/ami-accounts/new", form, http.StatusUnprocessableEntity)
	require.Empty(t, copyableText(other.get("/ami-accounts/crmpro_ami/secret", http.StatusOK), "secret"), "another session")

	form.Set("name", "second_ami")
	require.Equal(t, "/ami-accounts/second_ami/secret", b.postRedirect("/ami-accounts/new", form), "other content")
	b.postRedirect("/groups/new", form)
	b.submit("/groups/new", b.withToken("/groups/new", form), http.StatusUnprocessableEntity)
}

func TestPages_formWithErrorsDoesNotBlockCorrection(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := b.withToken("/users/new", janeForm())
	b.createUser(userman.User{Username: "jane.roe"})
	b.submit("/users/new", form, http.StatusUnprocessableEntity)
	require.NoError(t, b.server.Site.Users.Delete(t.Context(), "jane.roe"))
	require.NotEmpty(t, b.postRedirect("/users/new", form), "the same form again, after the obstacle is gone")
}

func TestPages_submissionIsRejectedAfterRightsChanged(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.server.AddAdministrator(t, ampusers.Administrator{Username: "jane.admin", Sections: []string{"ami-accounts"}}, password)
	jane := b.loginAs("jane.admin")
	form := jane.withToken("/ami-accounts/new", crmAccountForm())
	jane.postRedirect("/ami-accounts/new", form)
	_, err := b.server.Site.Administrators.Update(t.Context(), "jane.admin", func(a *ampusers.Administrator) error {
		a.Sections = nil
		return nil
	})
	require.NoError(t, err)
	jane.submit("/ami-accounts/new", form, http.StatusForbidden)
}

// slowMailer tells of a mail before it is sent.
type slowMailer struct {
	begun chan *usermail.Mail
	sent  chan struct{}
}

func (m *slowMailer) Send(_ context.Context, mail *usermail.Mail) error {
	m.begun <- mail
	<-m.sent
	return nil
}

// A browser closes the connection of the first submission when its user clicks again.
func TestPages_secondClickGetsAnswerOfFirst(t *testing.T) {
	t.Parallel()
	mails := &slowMailer{make(chan *usermail.Mail, 2), make(chan struct{})}
	b := start(t, withMailer(mails))
	b.createUser(userman.User{Username: "jane.roe", Email: "jane@example.com"})
	form := b.withToken("/users/jane.roe", nil)
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.server.URL+"/users/jane.roe/welcome", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	first := make(chan error, 1)
	go func() {
		response, err := b.client.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		first <- err
	}()
	mail := <-mails.begun // the first submission runs
	require.Equal(t, "jane@example.com", mail.To)
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	close(mails.sent)
	require.Equal(t, "/users/jane.roe", b.postRedirect("/users/jane.roe/welcome", form))
	require.Empty(t, mails.begun, "no second mail is sent")
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), "Email sent to jane@example.com")
}

func TestPages_accountPasswordChangedTwiceKeepsSession(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := b.withToken("/account", url.Values{"current_password": {password}, "password": {"another " + password}})
	require.Equal(t, "/account", b.postRedirect("/account/password", form))
	b.get("/account", http.StatusOK)
}

func TestPages_passwordLinkSubmittedTwiceWorks(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	link, err := b.server.Site.Users.Invite(t.Context(), "jane.roe")
	require.NoError(t, err)
	path, visitor := userman.SetPasswordPath+link.Token.Reveal(), b.anonymous()
	form := visitor.withToken(path, url.Values{"password": {password}})
	for range 2 {
		require.Equal(t, "/set-password/done", visitor.postRedirect(path, form))
	}
}

func TestPages_tokenIsNotNeeded(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	form := crmAccountForm()
	form.Set("form_token", "nonsense")
	b.postRedirect("/ami-accounts/new", form)
	b.post("/ami-accounts/new", form, http.StatusUnprocessableEntity)
}
