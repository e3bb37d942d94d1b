package smtpmailer_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

func TestMailer_Send_timesOutStalledServer(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "end"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			address, _ := script{step: ""}.start(t)
			err := openMailer(t, address, withLogin, withShortTimeout).Send(t.Context(), message())
			requireTransient(t, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)

			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, openMailer(t, address, withLogin).Send(ctx, message()), context.DeadlineExceeded)

			ctx, cancel = context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, openMailer(t, address, withLogin).Send(ctx, message()), context.Canceled)
		})
	}
	for name, opts := range map[string]*smtp.Options{"a silent server": {Stall: true}, "a server that stalls after the mail": {StallAtData: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smtp.Start(t, opts)
			require.ErrorIs(t, openMailer(t, server.Addr, withShortTimeout).Send(t.Context(), message()), context.DeadlineExceeded)
		})
	}
	t.Run("handshakes", func(t *testing.T) {
		t.Parallel()
		server := smtp.Start(t, &smtp.Options{Stall: true})
		err := openMailer(t, server.Addr, withShortTimeout, func(o *smtpmailer.Options) { o.Security = smtpmailer.TLS }).Send(t.Context(), message())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		address, _ := script{"EHLO": "250-mail.example.com\r\n250 STARTTLS"}.start(t)
		err = openMailer(t, address, withShortTimeout, func(o *smtpmailer.Options) { o.Security = smtpmailer.STARTTLS }).Send(t.Context(), message())
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestMailer_Send_ignoresErrorsAfterAcceptance(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"silence": "", "nonsense": "554 never"} {
		address, received := script{"QUIT": answer}.start(t)
		require.NoError(t, openMailer(t, address, withShortTimeout).Send(t.Context(), message()), name)
		require.Contains(t, received(), "QUIT", name)
	}
}

func TestMailer_Send_distinguishesPermanentErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		script script
		// reason is the reason of the rejection; empty is a failure.
		reason string
	}{
		{"an unknown mailbox", script{"RCPT": "550 5.1.1 <jane@example.com>: User unknown, see jane@example.com"}, "550 5.1.1 (address): User unknown, see (address)"},
		{"a sender that may not", script{"MAIL": "553 5.7.1 not from here"}, "553 5.7.1 not from here"},
		{"no mail now", script{"DATA": "554 no"}, "554 no"},
		{"spam", script{"end": "554-5.7.1 This looks\r\n554-5.7.1 like \x1b[31mspam\r\n554 5.7.1 <b>go</b>"}, "554 5.7.1 This looks 5.7.1 like [31mspam 5.7.1 (address)go(address)"},
		{"not UTF-8", script{"end": "554 \xff\xfe no"}, "554 ? no"},
		{"without a word", script{"RCPT": "550 "}, "550"},
		{"half an answer", script{"RCPT": "550"}, ""},
		{"a full mailbox", script{"RCPT": "452 4.2.2 full"}, ""},
		{"a grey list", script{"RCPT": "451 4.7.1 later"}, ""},
		{"going down", script{"MAIL": "421 4.3.2 bye"}, ""},
		{"not now", script{"end": "450 later"}, ""},
		{"a login that is missing", script{"MAIL": "530 5.7.0 authenticate"}, ""},
		{"a server that takes nothing", script{"greeting": "554 no SMTP service here"}, ""},
		{"a server that is none", script{"greeting": "HTTP/1.1 400 Bad Request"}, ""},
		{"another language", script{"EHLO": "500 what?", "HELO": "500 what?"}, ""},
		{"a wrong login", script{"AUTH": "535 5.7.8 wrong"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, _ := test.script.start(t)
			err := openMailer(t, address, withLogin).Send(t.Context(), message())
			if test.reason == "" {
				requireTransient(t, err)
			} else {
				require.Equal(t, test.reason, requireRejected(t, err))
			}
			require.NotContains(t, err.Error(), "jane")
			require.NotContains(t, err.Error(), "\n")
		})
	}
	t.Run("an endless reason", func(t *testing.T) {
		t.Parallel()
		address, _ := script{"RCPT": "550 " + strings.Repeat("no ", 1000)}.start(t)
		require.LessOrEqual(t, len(requireRejected(t, openMailer(t, address).Send(t.Context(), message()))), 210)
	})
	t.Run("a real server", func(t *testing.T) {
		t.Parallel()
		server := smtp.Start(t, &smtp.Options{RejectRecipient: "*"})
		require.Equal(t, "550 5.1.1 No such mailbox here", requireRejected(t, openMailer(t, server.Addr).Send(t.Context(), message())))
	})
}

func TestMailer_Send_distinguishesDeferredMails(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		"450 4.2.0 busy": true, "451 4.7.1 Greylisted": true, "452 4.2.2 full": true, "421 4.3.2 bye": false, "550 5.1.1 no": false,
	} {
		address, _ := script{"RCPT": answer}.start(t)
		_, deferred := errors.AsType[*userman.MailDeferredError](openMailer(t, address).Send(t.Context(), message()))
		require.Equal(t, want, deferred, answer)
	}
}

func TestMailer_Send_distinguishesSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script script
		want   bool
	}{
		{script{"EHLO": "504 5.5.2 need fully-qualified hostname", "HELO": "504 no"}, true},
		{script{"RCPT": "504 5.5.2 <pbx>: Helo command rejected: need fully-qualified hostname"}, true},
		{script{"MAIL": "530 5.7.0 authenticate"}, true},
		{script{"RCPT": "535 5.7.8 authenticate"}, true},
		{script{"AUTH": "535 5.7.8 wrong"}, true},
		{script{"EHLO": "250 mail.example.com"}, true},
		{script{"AUTH": "454 4.7.0 later"}, false},
		{script{"RCPT": "550 5.1.1 no"}, false},
		{script{"RCPT": "451 4.7.1 Greylisted"}, false},
		{script{"greeting": "421 4.3.2 bye"}, false},
	} {
		address, _ := test.script.start(t)
		settings, ok := errors.AsType[*userman.MailSettingsError](openMailer(t, address, withLogin).Send(t.Context(), message()))
		require.Equal(t, test.want, ok, test.script)
		if ok {
			require.NotEmpty(t, settings.Reason)
		}
	}
	address, _ := script{}.start(t) // without STARTTLS
	err := openMailer(t, address, func(o *smtpmailer.Options) { o.Security = smtpmailer.STARTTLS }).Send(t.Context(), message())
	require.ErrorAs(t, err, new(*userman.MailSettingsError))
}

func TestMailer_Test_errorsOmitPassword(t *testing.T) {
	t.Parallel()
	const echoed = "AHBieABjb3JyZWN0IGhvcnNlIGJhdHRlcnk=" // what AUTH PLAIN sends
	for _, code := range []string{"535", "454", "334"} {
		address, received := script{"AUTH": code + " " + echoed + " " + password}.start(t)
		err := openMailer(t, address, withLogin).Test(t.Context())
		requireTransient(t, err)
		require.Contains(t, received()[1], echoed)
		require.NotContains(t, err.Error(), echoed)
		require.NotContains(t, err.Error(), password)
	}
}

func TestMailer_Send_limitsResponseSize(t *testing.T) {
	t.Parallel()
	address, _ := script{"EHLO": "250-" + strings.Repeat("x", 2<<20)}.start(t)
	requireTransient(t, openMailer(t, address).Send(t.Context(), message()))
}

func TestMailer_Send_failsWhenServerUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	err = openMailer(t, listener.Addr().String()).Send(t.Context(), message())
	requireTransient(t, err)
	require.ErrorContains(t, err, "cannot be reached")
}

func TestNew_validatesOptions(t *testing.T) {
	t.Parallel()
	secret := store.NewSecret(password)
	for _, test := range []struct {
		name  string
		opts  smtpmailer.Options
		wrong string
	}{
		{"all good", smtpmailer.Options{Address: "mail.example.com", From: "pbx@example.com", Username: "pbx", Password: secret}, ""},
		{"a port", smtpmailer.Options{Address: "mail.example.com:2525", From: sender, Security: smtpmailer.TLS}, ""},
		{"IPv6", smtpmailer.Options{Address: "::1", From: sender, Security: smtpmailer.None, Username: "pbx", Password: secret}, ""},
		{"IPv6 and a port", smtpmailer.Options{Address: "[::1]:25", From: sender, Security: smtpmailer.None}, ""},
		{"localhost", smtpmailer.Options{Address: "LocalHost", From: sender, Security: smtpmailer.None, Username: "pbx", Password: secret}, ""},
		{"another host, without a login", smtpmailer.Options{Address: "mail", From: sender, Security: smtpmailer.Unprotected}, ""},
		{"no address", smtpmailer.Options{From: sender}, "address"},
		{"a URL", smtpmailer.Options{Address: "smtp://mail.example.com", From: sender}, "address"},
		{"a socket", smtpmailer.Options{Address: "unix:///run/smtp", From: sender}, "address"},
		{"a port that is none", smtpmailer.Options{Address: "mail.example.com:99999", From: sender}, "address"},
		{"a line break", smtpmailer.Options{Address: "mail.example.com\r\n", From: sender}, "address"},
		{"no sender", smtpmailer.Options{Address: "mail.example.com"}, "from"},
		{"a sender that is none", smtpmailer.Options{Address: "mail.example.com", From: "ACME"}, "from"},
		{"a sender beyond ASCII", smtpmailer.Options{Address: "mail.example.com", From: "pbx@bücher.example"}, "from"},
		{"a line break in the sender", smtpmailer.Options{Address: "mail.example.com", From: "ACME\r\n <pbx@example.com>"}, "from"},
		{"a line break that is encoded", smtpmailer.Options{Address: "mail.example.com", From: "=?utf-8?b?QUNNRQ0KQmNjOiBldmU=?= <pbx@example.com>"}, "from"},
		{"no such security", smtpmailer.Options{Address: "mail.example.com", From: sender, Security: "ssl"}, "security"},
		{"a username alone", smtpmailer.Options{Address: "mail.example.com", From: sender, Username: "pbx"}, "password"},
		{"a password alone", smtpmailer.Options{Address: "mail.example.com", From: sender, Password: secret}, "username"},
		{"a line break in the username", smtpmailer.Options{Address: "mail.example.com", From: sender, Username: "pbx\n", Password: secret}, "username"},
		{"links for all to read", smtpmailer.Options{Address: "mail", From: sender, Security: smtpmailer.None}, "security"},
		{"a password for all to see", smtpmailer.Options{Address: "mail.example.com", From: sender, Security: smtpmailer.Unprotected, Username: "pbx", Password: secret}, "password"},
		{"and for another address", smtpmailer.Options{Address: "192.0.2.1:25", From: sender, Security: smtpmailer.Unprotected, Username: "pbx", Password: secret}, "password"},
	} {
		m, err := smtpmailer.New(test.opts)
		if test.wrong == "" {
			require.NoError(t, err, test.name)
			require.NotNil(t, m, test.name)
			continue
		}
		invalid, ok := errors.AsType[*store.InvalidError](err)
		require.True(t, ok, test.name)
		require.Len(t, invalid.Fields, 1, test.name)
		require.Equal(t, test.wrong, invalid.Fields[0].Field, test.name)
		require.NotContains(t, err.Error(), password, test.name)
		require.Nil(t, m, test.name)
	}
}
