package smtp_test

import (
	"context"
	"crypto/tls"
	"net"
	netsmtp "net/smtp"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
)

// send hands the server a mail as products do.
func send(t *testing.T, server *smtp.Server, opts ...mail.Option) error {
	t.Helper()
	message := mail.NewMsg()
	require.NoError(t, message.From("pbx@example.com"))
	require.NoError(t, message.To("jane@example.com"))
	message.Subject("Willkommen, Jürgen 张伟")
	message.SetBodyString(mail.TypeTextPlain, "Grüße, a line = 1")
	message.AddAlternativeString(mail.TypeTextHTML, "<p>Grüße</p>")
	opts = append([]mail.Option{mail.WithPort(server.Port), mail.WithTLSPolicy(mail.NoTLS)}, opts...)
	client, err := mail.NewClient(server.Host, opts...)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return client.DialAndSendWithContext(ctx, message)
}

// withCertificate has the client take the server's certificate.
func withCertificate(server *smtp.Server) mail.Option {
	return mail.WithTLSConfig(&tls.Config{
		RootCAs: server.Certificate.RootCAs, ServerName: "localhost", MinVersion: tls.VersionTLS12,
	})
}

func TestServer_Receive_returnsMessage(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	require.Zero(t, server.Pending())
	require.NoError(t, send(t, server))
	require.Equal(t, 1, server.Pending())
	got := server.Receive(t)
	require.Zero(t, server.Pending())
	require.Equal(t, "pbx@example.com", got.From)
	require.Equal(t, []string{"jane@example.com"}, got.To)
	require.Equal(t, "Willkommen, Jürgen 张伟", got.Get(t, "Subject"))
	require.NotEqual(t, "Willkommen, Jürgen 张伟", got.Header.Get("Subject"), "it came encoded")
	require.Equal(t, "Grüße, a line = 1", got.Text)
	require.Equal(t, "<p>Grüße</p>", got.HTML)
	require.Contains(t, string(got.Data), "multipart/alternative")
	require.False(t, got.Encrypted)
}

func TestServer_Receive_decodesBase64(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	err := netsmtp.SendMail(server.Addr, nil, "a@example.com", []string{"b@example.com", "c@example.com"},
		[]byte("Subject: x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\neDwvYj4=\r\n"))
	require.NoError(t, err)
	got := server.Receive(t)
	require.Equal(t, []string{"b@example.com", "c@example.com"}, got.To)
	require.Equal(t, "<b>x</b>", got.HTML)
	require.Empty(t, got.Text)
}

func TestServer_Receive_preservesOrder(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, nil)
	senders := []string{"a@example.com", "b@example.com", "c@example.com"}
	for _, from := range senders {
		require.NoError(t, netsmtp.SendMail(server.Addr, nil, from, []string{"d@example.com"}, []byte("Content-Type: text/plain\r\n\r\nx")))
	}
	require.Equal(t, len(senders), server.Pending())
	for _, from := range senders {
		require.Equal(t, from, server.Receive(t).From)
	}
}

func TestStart_encryptsWithServerCertificate(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		opts *smtp.Options
		ask  mail.Option
	}{
		"STARTTLS": {&smtp.Options{STARTTLS: true}, mail.WithTLSPolicy(mail.TLSMandatory)},
		"TLS":      {&smtp.Options{TLS: true}, mail.WithSSL()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smtp.Start(t, how.opts)
			require.Error(t, send(t, server, how.ask), "nobody vouches for the certificate")
			require.NoError(t, send(t, server, how.ask, withCertificate(server)))
			require.True(t, server.Receive(t).Encrypted)
			require.Zero(t, server.Pending())
		})
	}
}

func TestStart_requiresLogin(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{STARTTLS: true, User: "pbx", Password: "correct horse"})
	encrypted := []mail.Option{mail.WithTLSPolicy(mail.TLSMandatory), withCertificate(server)}
	login := func(kind mail.SMTPAuthType, password string) error {
		return send(t, server, append(encrypted, mail.WithSMTPAuth(kind), mail.WithUsername("pbx"), mail.WithPassword(password))...)
	}
	require.ErrorContains(t, send(t, server, encrypted...), "530")
	for _, kind := range []mail.SMTPAuthType{mail.SMTPAuthPlain, mail.SMTPAuthLogin} {
		require.ErrorContains(t, login(kind, "wrong"), "535", kind)
		require.NoError(t, login(kind, "correct horse"), kind)
		require.Equal(t, "pbx@example.com", server.Receive(t).From, kind)
	}
	require.Error(t, send(t, server, mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc), mail.WithUsername("pbx"), mail.WithPassword("correct horse")),
		"no login without encryption")
	require.Zero(t, server.Pending())
}

func TestStart_rejectsRecipient(t *testing.T) {
	t.Parallel()
	for recipient, rejected := range map[string]bool{"jane@example.com": true, "*": true, "john@example.com": false} {
		server := smtp.Start(t, &smtp.Options{RejectRecipient: recipient})
		err := send(t, server)
		if !rejected {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "550")
		require.Zero(t, server.Pending())
	}
}

func TestStart_stallsUntilTestEnds(t *testing.T) {
	t.Parallel()
	var conn net.Conn
	read := func(timeout time.Duration) error {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(timeout)))
		_, err := conn.Read(make([]byte, 1))
		require.Error(t, err)
		return err
	}
	t.Cleanup(func() { // runs when the server has ended
		require.NotErrorIs(t, read(30*time.Second), os.ErrDeadlineExceeded, "the server hung up")
		require.NoError(t, conn.Close())
	})
	var err error
	conn, err = net.Dial("tcp", smtp.Start(t, &smtp.Options{Stall: true}).Addr)
	require.NoError(t, err)
	require.ErrorIs(t, read(50*time.Millisecond), os.ErrDeadlineExceeded)
}

func TestStart_stallsAtData(t *testing.T) {
	t.Parallel()
	server := smtp.Start(t, &smtp.Options{StallAtData: true})
	err := send(t, server, mail.WithTimeout(100*time.Millisecond))
	require.Error(t, err)
	require.Zero(t, server.Pending())
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
