package userman_test

import (
	"net/mail"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestMailService_Send_includesSoftphoneLink(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure, withSIPAccounts(sipAccounts{
		"1001": {Technology: "PJSIP", Username: "1001", Secret: secret("x"), Domain: "pbx.example.com"}, "1002": {Technology: "IAX2"},
	}))
	h.createUser(t, newUserWithEmail("jane", "1001"), "")
	h.sendWelcome(t, "jane", userman.DeliverySent)
	_, rest, found := strings.Cut(box.sent()[0].Text, "https://pbx.example.com"+userman.ActivationPath)
	require.True(t, found)
	activation, err := h.Softphones().Activate(t.Context(), secret(rest[:43]))
	require.NoError(t, err)
	require.Equal(t, "1001", activation.Account.Username)
}

func TestMailService_Send_explainsMissingSoftphoneLink(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		extensions []string
		change     func(u *userman.User)
		accounts   userman.SIPAccounts
		told, mail string
	}{
		{"no default extension", nil, nil, sipAccounts{}, "no default extension", "you have no extension"},
		{"another type", []string{"1002"}, nil, sipAccounts{"1002": {Technology: "IAX2"}}, "not of the type PJSIP", "softphones cannot use"},
		{"not permitted", nil, func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.SoftphoneActivate: permission.Off()}
		}, sipAccounts{}, "", ""},
		{"no softphones here", nil, nil, nil, "", ""},
	} {
		box := &mailbox{}
		h := newService(t, box.configure, func(o *userman.Options) { o.SIPAccounts = test.accounts })
		u := newUserWithEmail("jane", test.extensions...)
		if test.change != nil {
			test.change(u)
		}
		h.createUser(t, u, "")
		message := h.sendWelcome(t, "jane", userman.DeliverySent).Message
		sent := box.sent()[0]
		require.Contains(t, message, test.told, test.name)
		require.Contains(t, sent.Text, test.mail, test.name)
		require.Contains(t, sent.HTML, test.mail, test.name)
		if test.told == "" {
			require.NotContains(t, message+sent.Text, "softphone", test.name)
		}
		require.NotContains(t, sent.Text, userman.ActivationPath, test.name)
		require.Nil(t, h.storedUser(t, "jane").Activation, test.name)
	}
}

func TestMailService_Send_usesUserLanguageAndTimeZone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ language, zone, subject, until string }{
		{"", "", "Your pbxusers account", "8 March 2026, 09:00 (UTC)"},
		{"de-AT", "Europe/Vienna", "Ihr Zugang zu pbxusers", "8. März 2026, 10:00 Uhr (Europe/Vienna)"},
		{"zh-Hans", "Asia/Shanghai", "您的 pbxusers 账户", "2026年3月8日 17:00 (Asia/Shanghai)"},
		{"pl", "", "Su cuenta de pbxusers", "8 de marzo de 2026, 09:00 (UTC)"}, // that of the service
	} {
		box := &mailbox{}
		h := newService(t, box.configure, func(o *userman.Options) {
			if test.language != "" {
				o.Language = "es"
			}
		})
		u := newUserWithEmail("jane")
		u.Language, u.TimeZone = test.language, test.zone
		h.createUser(t, u, "")
		h.sendWelcome(t, "jane", userman.DeliverySent)
		require.Equal(t, test.subject, box.sent()[0].Subject)
		require.Contains(t, box.sent()[0].Text, test.until)
		require.Contains(t, box.sent()[0].HTML, test.until)
	}
}

func TestMailService_Send_listsLoginServices(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure)
	u := newUserWithEmail("jane")
	u.Permissions = permission.Permissions{permission.XMPPLogin: permission.On(), permission.ISymphonyLogin: permission.On()}
	h.createUser(t, u, "")
	u = newUserWithEmail("joe")
	u.Permissions = permission.Permissions{permission.PortalLogin: permission.Off()}
	h.createUser(t, u, "")
	h.sendWelcome(t, "jane", userman.DeliverySent)
	h.sendWelcome(t, "joe", userman.DeliverySent)
	require.Contains(t, box.sent()[0].Text, "credentials for: XMPP, iSymphony.")
	require.Contains(t, box.sent()[0].Text, "Log in here:\nhttps://pbx.example.com/portal\n")
	require.NotContains(t, box.sent()[1].Text, "Log in here")
	require.NotContains(t, box.sent()[1].Text, "credentials for")
}

func TestMailService_Preview_hasPlaceholderLinksAndNoSideEffects(t *testing.T) {
	t.Parallel()
	box := &mailbox{}
	h := newService(t, box.configure, withDirectories(newHeadOffice()), withSIPAccounts(sipAccounts{"1001": {Technology: "PJSIP"}}))
	h.createUser(t, newUserWithEmail("jane", "1001"), "")
	before, entries := h.storedUser(t, "jane"), h.entries(t, audit.Query{})
	preview, err := h.Mails().Preview(t.Context(), usermail.Welcome, "jane")
	require.NoError(t, err)
	reset, err := h.Mails().Preview(t.Context(), usermail.Reset, "jane")
	require.NoError(t, err)
	require.Contains(t, reset.Text, "a new password was requested")
	require.Empty(t, box.sent())
	require.Equal(t, before, h.storedUser(t, "jane"))
	require.Equal(t, entries, h.entries(t, audit.Query{}))
	_, err = h.Invitation(t.Context(), linkToken(t, preview))
	requireLinkNotFound(t, err)

	h.sendWelcome(t, "jane", userman.DeliverySent)
	sent := box.sent()[0]
	stored := h.storedUser(t, "jane")
	require.NotNil(t, stored.Activation)
	_, rest, _ := strings.Cut(sent.Text, userman.ActivationPath)
	for _, token := range []string{linkToken(t, sent).Reveal(), rest[:43]} {
		sent.Text = strings.ReplaceAll(sent.Text, token, linkToken(t, preview).Reveal())
		sent.HTML = strings.ReplaceAll(sent.HTML, token, linkToken(t, preview).Reveal())
	}
	require.Equal(t, sent, preview)

	h.moveToDirectory(t, "jane", "head-office", "uid-jane")
	_, err = h.Mails().Preview(t.Context(), usermail.Reset, "jane")
	requireConflict(t, err, "directory")
	preview, err = h.Mails().Preview(t.Context(), usermail.Welcome, "jane")
	require.NoError(t, err)
	require.NotContains(t, preview.Text, userman.SetPasswordPath)
	_, err = h.Mails().Preview(t.Context(), "newsletter", "jane")
	requireFieldErrors(t, err, "kind: oneof")
	_, err = h.Mails().Preview(t.Context(), usermail.Welcome, "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestMailService_Preview_worksWithoutMailer(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	preview, err := h.Mails().Preview(t.Context(), usermail.Welcome, "jane")
	require.NoError(t, err)
	require.Contains(t, preview.Text, "\n"+userman.SetPasswordPath)
	require.Empty(t, preview.To)
}

func TestMailService_Send_escapesNames(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	h := newService(t, withSMTP(t, server))
	u := newUserWithEmail("jane")
	u.DisplayName = "Jane"
	h.createUser(t, u, "")
	h.sendWelcome(t, "jane", userman.DeliverySent)
	baseline := server.Receive(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := strings.TrimSpace(rapid.OneOf(
			rapid.StringMatching(`[ -~]{1,60}`),
			rapid.StringOfN(rapid.RuneFrom([]rune(`<>"'&,;:@\=?_ aß张🙂`)), 1, 60, -1),
			rapid.SampledFrom([]string{`</p><script>alert(1)</script>`, `{{.Link}}`, `" <joe@example.com>`, `=?utf-8?q?=0D=0ABcc:_joe?=`, `\张`}),
		).Draw(rt, "name"))
		if name == "" {
			return
		}
		h.update(t, "jane", func(u *userman.User) { u.DisplayName = name })
		h.sendWelcome(t, "jane", userman.DeliverySent)
		got := server.Receive(t)
		to, err := got.Header.AddressList("To")
		require.NoError(rt, err)
		require.Equal(rt, []*mail.Address{{Name: name, Address: "jane@example.com"}}, to)
		require.Len(rt, got.Header, len(baseline.Header))
		require.Contains(rt, got.Text, "Hello "+name+",")
		require.Equal(rt, strings.Count(baseline.HTML, "<"), strings.Count(got.HTML, "<"), "no tag came in")
		require.Equal(rt, strings.Count(baseline.HTML, ">"), strings.Count(got.HTML, ">"))
	})
}

func TestMailService_Send_preventsHeaderInjection(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	h := newService(t, withSMTP(t, server))
	created := h.createUser(t, newUserWithEmail("jane"), "")
	// No rule lets this pass; a record may be older than the rule.
	require.NoError(t, h.store.UpdateUser(t.Context(), created.ID, func(u *userman.User) error {
		u.DisplayName = "Jane\r\nBcc: joe@example.com\r\n\r\n<script>"
		return nil
	}))
	h.sendWelcome(t, "jane", userman.DeliverySent)
	got := server.Receive(t)
	require.Equal(t, []string{"jane@example.com"}, got.To)
	require.Empty(t, got.Header.Get("Bcc"))
	to, err := got.Header.AddressList("To")
	require.NoError(t, err)
	require.Equal(t, "Jane  Bcc: joe@example.com    <script>", to[0].Name)
	require.NotContains(t, got.HTML, "<script>")
}

func TestMailService_Send_usesProductTemplates(t *testing.T) {
	t.Parallel()
	templates, err := usermail.ParseTemplates(fstest.MapFS{
		"en/welcome.txt": {Data: []byte(`{{define "subject"}}Hi{{end}}Hi {{.FirstName}} at {{.Link}}`)},
	})
	require.NoError(t, err)
	box := &mailbox{}
	h := newService(t, box.configure, func(o *userman.Options) { o.Templates = templates })
	u := newUserWithEmail("jane")
	u.FirstName = "Jane"
	h.createUser(t, u, "")
	h.sendWelcome(t, "jane", userman.DeliverySent)
	require.Equal(t, "Hi", box.sent()[0].Subject)
	require.Contains(t, box.sent()[0].Text, "Hi Jane at https://pbx.example.com/set-password/")
	require.Empty(t, box.sent()[0].HTML)
}
