package smtpmailer_test

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestMailer_Send_deliversMessageUnchanged(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	require.NoError(t, openMailer(t, server.Addr).Send(t.Context(), message()))
	got := server.Receive(t)
	require.Equal(t, "pbx@acme.example", got.From)
	require.Equal(t, []string{"jane@example.com"}, got.To)
	require.Equal(t, message().Subject, got.Get(t, "Subject"))
	require.Equal(t, strings.ReplaceAll(message().Text, "\n", "\r\n"), got.Text)
	require.Equal(t, strings.ReplaceAll(message().HTML, "\n", "\r\n"), got.HTML)

	from, err := got.Header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: "ACME Telephony", Address: "pbx@acme.example"}}, from)
	to, err := got.Header.AddressList("To")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: message().ToName, Address: "jane@example.com"}}, to)
	date, err := got.Header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), date, time.Minute)
	require.Regexp(t, `^<[A-Z2-7]+@acme\.example>$`, got.Header.Get("Message-Id"))
	require.Equal(t, "auto-generated", got.Header.Get("Auto-Submitted"))
	require.Empty(t, got.Header.Get("User-Agent"), "the program is not disclosed")
	header, _, _ := strings.Cut(string(got.Data), "\r\n\r\n")
	for i, c := range header {
		require.Less(t, c, rune(0x80), "byte %d of the header is beyond ASCII", i)
	}
}

func TestMailer_Send_sendsTextOnly(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	plain := message()
	plain.HTML, plain.ToName = "", ""
	require.NoError(t, openMailer(t, server.Addr).Send(t.Context(), plain))
	got := server.Receive(t)
	require.Empty(t, got.HTML)
	require.NotContains(t, string(got.Data), "multipart")
	require.Equal(t, "<jane@example.com>", got.Header.Get("To"))
}

func TestMailer_Send_encryptsAndAuthenticates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		server   smtp.Options
		security smtpmailer.Security
	}{
		{"none, on this host", smtp.Options{}, smtpmailer.None},
		{"STARTTLS", smtp.Options{STARTTLS: true}, smtpmailer.STARTTLS},
		{"TLS", smtp.Options{TLS: true}, smtpmailer.TLS},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.server.User, test.server.Password = username, password
			server := smtp.Start(t, &test.server)
			withServer := withTLS(server, test.security)

			m := openMailer(t, server.Addr, withServer, withLogin)
			require.NoError(t, m.Test(t.Context()))
			require.Zero(t, server.Pending())
			require.NoError(t, m.Send(t.Context(), message()))
			require.Equal(t, test.security != smtpmailer.None, server.Receive(t).Encrypted)

			err := openMailer(t, server.Addr, withServer).Send(t.Context(), message())
			requireTransient(t, err)
			require.ErrorContains(t, err, "authentication required")
			requireTransient(t, openMailer(t, server.Addr, withServer, withLogin, func(o *smtpmailer.Options) { o.Username = "other" }).Send(t.Context(), message()))
			require.Zero(t, server.Pending())
		})
	}
}

func TestMailer_Send_rejectsUntrustedCertificate(t *testing.T) {
	t.Parallel()
	for security, opts := range map[smtpmailer.Security]*smtp.Options{
		smtpmailer.STARTTLS: {STARTTLS: true}, smtpmailer.TLS: {TLS: true},
	} {
		server := smtp.Start(t, opts)
		err := openMailer(t, server.Addr, withLogin, func(o *smtpmailer.Options) { o.Security = security }).Send(t.Context(), message())
		requireTransient(t, err)
		require.ErrorContains(t, err, "certificate")
		require.Zero(t, server.Pending())
	}
}

func TestMailer_Send_requiresSTARTTLS(t *testing.T) {
	t.Parallel()
	address, received := script{}.start(t)
	err := openMailer(t, address, withLogin, func(o *smtpmailer.Options) { o.Security = smtpmailer.STARTTLS }).Send(t.Context(), message())
	requireTransient(t, err)
	require.ErrorContains(t, err, "does not offer STARTTLS")
	require.Len(t, received(), 1, "nothing but the greeting")
}

func TestMailer_Send_requiresSMTPUTF8ForNonASCIIAddress(t *testing.T) {
	t.Parallel()
	unusual := message()
	unusual.To = "jürgen@bücher.example"

	server := smtp.Start(t, nil)
	require.NoError(t, openMailer(t, server.Addr).Send(t.Context(), unusual))
	require.Equal(t, []string{unusual.To}, server.Receive(t).To)

	address, received := script{}.start(t)
	require.Contains(t, requireRejected(t, openMailer(t, address).Send(t.Context(), unusual)), "SMTPUTF8")
	require.NotContains(t, strings.Join(received(), "\n"), "MAIL")

	address, received = script{"EHLO": "250-mail.example.com\r\n250 SMTPUTF8"}.start(t)
	require.NoError(t, openMailer(t, address).Send(t.Context(), message()))
	require.Contains(t, received(), "MAIL FROM:<pbx@acme.example>", "it is not asked for where it is not needed")
}

// A domain has a form in ASCII, so it needs no SMTPUTF8.
func TestMailer_Send_encodesDomainWithoutSMTPUTF8(t *testing.T) {
	t.Parallel()
	unusual := message()
	unusual.To = "joerg@exämple.net"
	server := smtp.Start(t, &smtp.Options{NoSMTPUTF8: true})
	require.NoError(t, openMailer(t, server.Addr).Send(t.Context(), unusual))
	received := server.Receive(t)
	require.Equal(t, []string{"joerg@xn--exmple-cua.net"}, received.To)
	require.Contains(t, received.Header.Get("To"), "<joerg@xn--exmple-cua.net>")

	server = smtp.Start(t, nil)
	require.NoError(t, openMailer(t, server.Addr).Send(t.Context(), unusual))
	require.Equal(t, []string{unusual.To}, server.Receive(t).To)
}

func TestMailer_Send_introducesItselfWithQualifiedName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ from, localName, want string }{
		"the setting":           {sender, "pbx.example.net", "EHLO pbx.example.net"},
		"the sender's domain":   {"pbx@acme.example", "", "EHLO acme.example"},
		"an unqualified domain": {"pbx@localhost", "", "EHLO [127.0.0.1]"},
	} {
		address, received := script{}.start(t)
		m := openMailer(t, address, func(o *smtpmailer.Options) { o.From, o.LocalName = test.from, test.localName })
		require.NoError(t, m.Send(t.Context(), message()), name)
		require.Equal(t, test.want, received()[0], name)
	}
}

// Postfix rejects the name of EHLO at RCPT: that is nothing of the recipient.
func TestMailer_Send_rejectedLocalNameIsNoRejectedRecipient(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"EHLO", "RCPT"} {
		answers := script{step: "504 5.5.2 <pbx>: Helo command rejected: need fully-qualified hostname"}
		if step == "EHLO" {
			answers["HELO"] = answers[step]
		}
		address, _ := answers.start(t)
		err := openMailer(t, address).Send(t.Context(), message())
		requireTransient(t, err)
		require.ErrorContains(t, err, "504 5.5.2", step)
		require.ErrorContains(t, err, "set it to a fully qualified name", step)
	}
}

func TestMailer_Send_rejectsInvalidMessage(t *testing.T) {
	t.Parallel()
	address, received := script{}.start(t)
	for name, mutate := range map[string]func(m *usermail.Mail){
		"no address":                     func(m *usermail.Mail) { m.To = "" },
		"none":                           func(m *usermail.Mail) { m.To = "jane" },
		"with a name":                    func(m *usermail.Mail) { m.To = "Jane <jane@example.com>" },
		"two":                            func(m *usermail.Mail) { m.To = "jane@example.com, joe@example.com" },
		"a line break in the address":    func(m *usermail.Mail) { m.To = "jane@example.com\r\nRCPT TO:<joe@example.com>" },
		"a line break in a quoted one":   func(m *usermail.Mail) { m.To = "\"jane\r\n\"@example.com" },
		"an endless address":             func(m *usermail.Mail) { m.To = strings.Repeat("a", 400) + "@example.com" },
		"a line break in the name":       func(m *usermail.Mail) { m.ToName = "Jane\r\nBcc: joe@example.com" },
		"a line break in the subject":    func(m *usermail.Mail) { m.Subject = "Hello\nBcc: joe@example.com" },
		"a line separator in the name":   func(m *usermail.Mail) { m.ToName = "Jane\u2028Bcc" },
		"a name that is no UTF-8":        func(m *usermail.Mail) { m.ToName = "J\xffne" },
		"a control character in subject": func(m *usermail.Mail) { m.Subject = "\x1b[31m" },
	} {
		bad := message()
		mutate(bad)
		requireRejected(t, openMailer(t, address).Send(t.Context(), bad))
		require.Empty(t, received(), name)
	}
}

// genNames draws names with the characters of headers and HTML, and any other.
func genNames() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ -~]{0,80}`),
		rapid.StringOfN(rapid.RuneFrom([]rune(`<>"'\,;:@()[]=?_% aäß张ﬁ🙂`)), 0, 60, -1),
		rapid.SampledFrom([]string{
			`<script>alert(1)</script>`, `"Jane" <joe@example.com>, x`, `=?utf-8?q?Jane=0D=0ABcc:_joe?=`, `=?UTF-8?B?SmFuZQ==?=`,
			`\"\\`, `\张`, strings.Repeat("long", 50), strings.Repeat("Grüße ", 30), "a  b", "Bcc: joe@example.com",
		}),
	)
}

func TestMailer_Send_preventsHeaderInjection(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	m := openMailer(t, server.Addr)
	usual := func() map[string]bool {
		require.NoError(t, m.Send(t.Context(), message()))
		fields := make(map[string]bool)
		for field := range server.Receive(t).Header {
			fields[field] = true
		}
		return fields
	}()
	rapid.Check(t, func(rt *rapid.T) {
		sent := message()
		sent.ToName = genNames().Draw(rt, "name")
		sent.Subject = strings.TrimSpace(genNames().Draw(rt, "subject"))
		require.NoError(rt, m.Send(t.Context(), sent))
		got := server.Receive(t)
		require.Equal(rt, []string{"jane@example.com"}, got.To)
		require.Equal(rt, sent.Subject, got.Get(t, "Subject"))
		to, err := got.Header.AddressList("To")
		require.NoError(rt, err)
		require.Equal(rt, []*mail.Address{{Name: sent.ToName, Address: "jane@example.com"}}, to)
		for field, values := range got.Header {
			require.True(rt, usual[field], field)
			require.Len(rt, values, 1, field)
		}
		for line := range strings.SplitSeq(string(got.Data), "\r\n") {
			require.Less(rt, len(line), 999, "RFC 5322, 2.1.1")
		}
	})
}
