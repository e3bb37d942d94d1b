package main

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// withMailServer is an installation with a mail server in its settings file.
func withMailServer(t *testing.T, opts *smtp.Options) (*ctl, *smtp.Server) {
	t.Helper()
	server := smtp.Start(t, opts)
	c := offline(t)
	settings := "base-url = https://pbx.example.com\nproduct = ACME\nsmtp = " + server.Addr + "\nsmtp-from = ACME <pbx@example.com>\n"
	if opts != nil && opts.User != "" {
		require.NoError(t, os.WriteFile(c.data("smtp.password"), []byte(opts.Password+"\n"), 0o600))
		require.NoError(t, os.WriteFile(c.data("ca.pem"), server.Certificate.CertPEM, 0o600))
		settings += "smtp-user = " + opts.User + "\nsmtp-password-file = " + c.data("smtp.password") + "\nsmtp-ca-file = " + c.data("ca.pem") + "\n"
	} else {
		settings += "smtp-security = none\n"
	}
	path := filepath.Join(c.dataDir, "settings.ini")
	require.NoError(t, os.WriteFile(path, []byte(settings), 0o600))
	return c.withFlags("--config", path), server
}

var mailedLink = regexp.MustCompile(`https://pbx\.example\.com` + regexp.QuoteMeta(userman.SetPasswordPath) + `([\w-]{43})`)

// linkToken returns the token of the link to set a password in a mail.
func linkToken(t *testing.T, m smtp.Message) store.Secret {
	t.Helper()
	found := mailedLink.FindStringSubmatch(m.Text)
	require.NotNil(t, found, m.Text)
	return store.NewSecret(found[1])
}

func TestCLI_userWelcomeMailLinkSetsPassword(t *testing.T) {
	t.Parallel()
	c, server := withMailServer(t, &smtp.Options{STARTTLS: true, User: "pbx", Password: "hush"})
	c.do(t, "user", "add", "jane", "--first-name", "Jane", "--email", "jane@example.org", "--default-extension", "401", "--language", "de")
	output := c.do(t, "user", "welcome", "jane")
	require.Contains(t, output, "Sent: the mail server has taken the mail")
	require.Contains(t, output, "The link in the mail expires at ")
	mail := server.Receive(t)
	require.True(t, mail.Encrypted)
	require.Equal(t, []string{"jane@example.org"}, mail.To)
	token := linkToken(t, mail)
	require.NotContains(t, output, token.Reveal())
	_, err := c.openApp(t).Users.AcceptInvitation(t.Context(), token, store.NewSecret(goodPassword))
	require.NoError(t, err)
	require.True(t, c.janeLogsIn(t, goodPassword))
	_, err = c.openApp(t).Users.AcceptInvitation(t.Context(), token, store.NewSecret(goodPassword))
	require.ErrorIs(t, err, store.ErrNotFound, "it works once")

	reset := c.json(t, "user", "reset", "jane")
	require.Equal(t, "sent", reset["status"])
	require.Equal(t, "jane", reset["username"])
	require.NotEmpty(t, reset["expires_at"])
	const next = "drei blaue Deiche voller Schafe"
	_, err = c.openApp(t).Users.AcceptInvitation(t.Context(), linkToken(t, server.Receive(t)), store.NewSecret(next))
	require.NoError(t, err)
	require.True(t, c.janeLogsIn(t, next))
	require.NotEqual(t, "-", c.json(t, "user", "show", "jane")["welcomed_at"])
	require.NotContains(t, c.do(t, "audit", "list", "--json"), token.Reveal())
}

func TestCLI_userMailListShowsDeferredMail(t *testing.T) {
	t.Parallel()
	c, server := withMailServer(t, &smtp.Options{Greylist: true})
	c.do(t, "user", "add", "jane", "--email", "jane@example.org")
	require.Equal(t, "No mails were sent to this user.\n", c.do(t, "user", "mail", "list", "jane"))
	output := c.do(t, "user", "welcome", "jane")
	require.Contains(t, output, "Not sent yet: the mail server accepts the mail later only: 451 4.7.1 Greylisted")
	require.Contains(t, output, "The server tries again at ")
	require.Contains(t, c.do(t, "user", "mail", "list", "jane"), "welcome: deferred since ")
	var mails []map[string]any
	require.NoError(t, json.Unmarshal([]byte(c.do(t, "user", "mail", "list", "jane", "--json")), &mails))
	require.Len(t, mails, 1)
	require.Equal(t, "deferred", mails[0]["status"])
	require.NotEmpty(t, mails[0]["next_attempt_at"])
	require.Zero(t, server.Pending())
}

func TestCLI_userWelcomeReportsDeliveryStatus(t *testing.T) {
	t.Parallel()
	c, _ := withMailServer(t, &smtp.Options{RejectRecipient: "rejected@example.org"})
	c.do(t, "user", "add", "silent")
	c.do(t, "user", "add", "rejected", "--email", "rejected@example.org")
	c.do(t, "user", "add", "disabled", "--email", "disabled@example.org", "--disabled")
	for status, test := range map[string]struct {
		c        *ctl
		username string
		want     string
	}{
		"no_address":     {c, "silent", "the user has no primary email address"},
		"rejected":       {c, "rejected", "the mail server rejected the mail"},
		"skipped":        {c, "disabled", "the user is disabled"},
		"not_configured": {c.withFlags("--smtp", ""), "rejected", "no mail server is configured"},
	} {
		output := test.c.fails(t, exitFailed, "user", "welcome", test.username)
		require.Contains(t, output, "pbxctl: no mail was sent ("+status+"): "+test.want)
		o := test.c.run(t, "user", "welcome", test.username, "--json")
		require.Equal(t, exitFailed, o.code)
		require.Equal(t, status, decoded(t, o.stdout)["status"])
		require.NotContains(t, o.stdout+o.stderr+output, "@example.org")
	}
	output := c.withFlags("--base-url", "").fails(t, exitFailed, "user", "welcome", "rejected")
	require.Contains(t, output, "configure the base URL")
}

func TestCLI_userWelcomeAllMailsEachUserOnce(t *testing.T) {
	t.Parallel()
	c, server := withMailServer(t, &smtp.Options{RejectRecipient: "rejected@example.org"})
	for _, name := range []string{"alice", "bob", "rejected"} {
		c.do(t, "user", "add", name, "--email", name+"@example.org")
	}
	c.do(t, "user", "add", "silent")
	c.do(t, "user", "add", "has.password", "--email", "has.password@example.org", "--generate")
	o := c.run(t, "user", "welcome", "--all")
	require.Equal(t, exitFailed, o.code, o.stderr)
	require.Contains(t, o.stdout, "1 of 4: alice: the mail server has taken the mail\n")
	require.Contains(t, o.stdout, "\nno address: 1, rejected: 1, sent: 2.\n")
	require.Contains(t, o.stderr, "1 mails were not sent")
	for _, name := range []string{"alice", "bob"} {
		require.Equal(t, []string{name + "@example.org"}, server.Receive(t).To)
	}
	require.Zero(t, server.Pending())

	c.do(t, "user", "edit", "rejected", "--email", "taken@example.org")
	c.do(t, "user", "delete", "silent")
	c.do(t, "user", "add", "carol", "--email", "carol@example.org")
	report := c.json(t, "user", "welcome", "--all")
	require.Equal(t, map[string]any{"sent": 2.0}, report["counts"])
	for _, name := range []string{"carol", "taken"} {
		require.Equal(t, []string{name + "@example.org"}, server.Receive(t).To)
	}
	require.Zero(t, server.Pending())

	done := newCtlWithPasswordUser(t, c)
	require.Contains(t, done.do(t, "user", "welcome", "--all"), "No new users")
}

// newCtlWithPasswordUser is another site with the settings of c, and somebody who has a
// password.
func newCtlWithPasswordUser(t *testing.T, c *ctl) *ctl {
	t.Helper()
	other := c.withFlags("--db", "sqlite:"+filepath.Join(t.TempDir(), "pbxusers.db"))
	other.do(t, "user", "add", "jane", "--generate")
	return other
}

func TestCLI_userWelcomeAllQueuesWhenServerIsDown(t *testing.T) {
	t.Parallel()
	c, _ := withMailServer(t, nil)
	for name := range strings.FieldsSeq("anna bert cleo dora emil fred") {
		c.do(t, "user", "add", name, "--email", name+"@example.org")
	}
	o := c.withFlags("--smtp", "127.0.0.1:1").run(t, "user", "welcome", "--all")
	require.Equal(t, exitOK, o.code, o.stderr)
	require.Contains(t, o.stdout, "deferred: 6.\n")
	require.NotContains(t, o.stdout, "Stopped early")
	require.Contains(t, c.do(t, "user", "mail", "list", "anna"), "the mail could not be sent")
	require.Contains(t, c.do(t, "user", "mail", "list", "fred"), "the mail waits, because the mail server accepted no other mails")
}

func TestCLI_userPreviewSendsNothing(t *testing.T) {
	t.Parallel()
	c, server := withMailServer(t, nil)
	c.do(t, "user", "add", "jane", "--display-name", "Jane \"J\" Roe", "--email", "jane@example.org")
	before := c.do(t, "user", "show", "jane")
	output := c.do(t, "user", "mail", "preview", "jane")
	require.True(t, strings.HasPrefix(output, "To: Jane \"J\" Roe <jane@example.org>\nSubject: Your ACME account\n\nHello "), output)
	require.Contains(t, output, "https://pbx.example.com"+userman.SetPasswordPath)
	shown := c.json(t, "user", "mail", "preview", "jane", "--kind", "reset")
	require.Equal(t, "jane@example.org", shown["to"])
	require.Contains(t, shown["text"], "a new password was requested")
	require.Contains(t, shown["html"], "<p")
	require.Contains(t, c.fails(t, exitRejected, "user", "mail", "preview", "jane", "--kind", "hush"), "\n  kind: ")
	require.Equal(t, before, c.do(t, "user", "show", "jane"))
	require.Zero(t, server.Pending())
}

// The content of a record is only text in a mail.
func TestCLI_userWelcomeEscapesNames(t *testing.T) {
	t.Parallel()
	c, server := withMailServer(t, nil)
	c.do(t, "user", "add", "mallory", "--display-name", `<script>alert("x")</script> {{.Link}}`, "--email", "mallory@example.org")
	require.Contains(t, c.fails(t, exitRejected, "user", "edit", "mallory", "--display-name", "x\r\nBcc: victim@example.org"), "\n  display_name: ")
	require.Contains(t, c.fails(t, exitRejected, "user", "edit", "mallory", "--email", "x@example.org>\r\nRCPT TO:<victim@example.org"), "\n  email: ")
	c.do(t, "user", "welcome", "mallory")
	mail := server.Receive(t)
	require.Equal(t, []string{"mallory@example.org"}, mail.To)
	require.NotContains(t, mail.HTML, "<script>")
	require.Contains(t, mail.Text, "{{.Link}}", "a name is no template")
	link, err := url.Parse(mailedLink.FindString(mail.Text))
	require.NoError(t, err)
	require.Equal(t, "pbx.example.com", link.Host)
}
