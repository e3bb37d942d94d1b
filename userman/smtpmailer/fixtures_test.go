package smtpmailer_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	username    = "pbx"
	password    = "correct horse battery"
	sender      = "ACME Telephony <pbx@acme.example>"
	testTimeout = 30 * time.Second
)

// openMailer returns a mailer for the server at address.
func openMailer(t testing.TB, address string, change ...func(*smtpmailer.Options)) *smtpmailer.Mailer {
	t.Helper()
	opts := smtpmailer.Options{Address: address, From: sender, Security: smtpmailer.None, Timeout: testTimeout}
	for _, c := range change {
		c(&opts)
	}
	m, err := smtpmailer.New(opts)
	require.NoError(t, err)
	return m
}

// withTLS lets a mailer use TLS and trust the server.
func withTLS(server *smtp.Server, security smtpmailer.Security) func(*smtpmailer.Options) {
	return func(o *smtpmailer.Options) {
		o.Security = security
		o.TLSConfig = &tls.Config{RootCAs: server.Certificate.RootCAs, MinVersion: tls.VersionTLS12}
	}
}

func withLogin(o *smtpmailer.Options) {
	o.Username, o.Password = username, store.NewSecret(password)
}

func withShortTimeout(o *smtpmailer.Options) { o.Timeout = 200 * time.Millisecond }

func message() *usermail.Mail {
	return &usermail.Mail{
		To: "jane@example.com", ToName: "Jürgen 张伟", Subject: "Ihr Zugang zu ACME – Grüße",
		Text: "Guten Tag,\n\nhttps://pbx.example.com/set-password/abc-_\n.\n", HTML: "<p>Grüße &amp; mehr</p>\n",
	}
}

// script has the responses of a server by step: a verb, "greeting" or "end" (of the
// mail). Other steps have the usual response. An empty response is never sent.
type script map[string]string

// start starts a server with the script, and returns its address and the received
// commands. It ends with the test.
func (s script) start(t testing.TB) (address string, received func() []string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &scriptedServer{script: s, done: make(chan struct{})}
	server.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server.running.Go(func() { server.serve(conn) })
		}
	})
	t.Cleanup(func() {
		close(server.done)
		require.NoError(t, listener.Close())
		server.running.Wait()
	})
	return listener.Addr().String(), server.receivedLines
}

type scriptedServer struct {
	script  script
	done    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	received []string
}

func (s *scriptedServer) receivedLines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.received...)
}

func (s *scriptedServer) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.running.Go(func() { // hang up when the test is over
		select {
		case <-s.done:
		case <-ctx.Done():
		}
		_ = conn.Close()
	})
	lines := bufio.NewScanner(conn)
	answer := func(step, usual string) {
		text, ok := s.script[step]
		if !ok {
			text = usual
		}
		if text == "" {
			<-s.done
		}
		_, _ = fmt.Fprint(conn, text, "\r\n")
	}
	answer("greeting", "220 mail.example.com")
	for lines.Scan() {
		line := lines.Text()
		s.mu.Lock()
		s.received = append(s.received, line)
		s.mu.Unlock()
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "EHLO":
			answer(verb, "250-mail.example.com\r\n250 AUTH PLAIN")
		case "DATA":
			answer(verb, "354 go on")
			for lines.Scan() {
				if lines.Text() == "." {
					break
				}
			}
			answer("end", "250 taken")
		case "QUIT":
			answer(verb, "221 bye")
			return
		case "STARTTLS": // and no TLS
			answer(verb, "220 go on")
			<-s.done
		case "AUTH":
			answer(verb, "235 welcome")
		default:
			answer(verb, "250 ok")
		}
	}
}

// requireRejected requires a MailRejectedError, and returns its reason.
func requireRejected(t testing.TB, err error) string {
	t.Helper()
	rejected, ok := errors.AsType[*userman.MailRejectedError](err)
	require.True(t, ok, "%v", err)
	return rejected.Reason
}

// requireTransient requires a temporary error.
func requireTransient(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	_, rejected := errors.AsType[*userman.MailRejectedError](err)
	require.False(t, rejected, "%v", err)
}
