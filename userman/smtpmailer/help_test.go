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

	"github.com/pbxusers/pbxusers/internal/peers/smtp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	username = "pbx"
	password = "correct horse battery"
	sender   = "ACME Telephony <pbx@acme.example>"
	patience = 30 * time.Second
)

// mailer returns one for the server at address.
func mailer(t testing.TB, address string, change ...func(*smtpmailer.Options)) *smtpmailer.Mailer {
	t.Helper()
	opts := smtpmailer.Options{Address: address, From: sender, Security: smtpmailer.None, Timeout: patience}
	for _, c := range change {
		c(&opts)
	}
	m, err := smtpmailer.New(opts)
	require.NoError(t, err)
	return m
}

// protected has a mailer reach the server over TLS, and trust it.
func protected(server *smtp.Server, security smtpmailer.Security) func(*smtpmailer.Options) {
	return func(o *smtpmailer.Options) {
		o.Security = security
		o.TLSConfig = &tls.Config{RootCAs: server.Certificate.Authority, MinVersion: tls.VersionTLS12}
	}
}

func loggedIn(o *smtpmailer.Options) {
	o.Username, o.Password = username, store.NewSecret(password)
}

func impatient(o *smtpmailer.Options) { o.Timeout = 200 * time.Millisecond }

func message() *userman.Message {
	return &userman.Message{
		To: "jane@example.com", ToName: "Jürgen 张伟", Subject: "Ihr Zugang zu ACME – Grüße",
		Text: "Guten Tag,\n\nhttps://pbx.example.com/person/password/abc-_\n.\n", HTML: "<p>Grüße &amp; mehr</p>\n",
	}
}

// script is what a server answers: by the step, which is a verb, "greeting" or
// "end" (of the mail). A step that is not in it is answered as usual, and an
// empty answer is none, ever.
type script map[string]string

// start starts a server that follows the script, and returns its address and
// what was said to it. It ends with the test.
func (s script) start(t testing.TB) (address string, heard func() []string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &scripted{script: s, over: make(chan struct{})}
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
		close(server.over)
		require.NoError(t, listener.Close())
		server.running.Wait()
	})
	return listener.Addr().String(), server.said
}

type scripted struct {
	script  script
	over    chan struct{}
	running sync.WaitGroup

	mu    sync.Mutex
	heard []string
}

func (s *scripted) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.heard...)
}

func (s *scripted) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.running.Go(func() { // hang up when the test is over
		select {
		case <-s.over:
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
			<-s.over
		}
		_, _ = fmt.Fprint(conn, text, "\r\n")
	}
	answer("greeting", "220 mail.example.com")
	for lines.Scan() {
		line := lines.Text()
		s.mu.Lock()
		s.heard = append(s.heard, line)
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
			<-s.over
		case "AUTH":
			answer(verb, "235 welcome")
		default:
			answer(verb, "250 ok")
		}
	}
}

// requireRefused requires a MailRefusedError, and returns its reason.
func requireRefused(t testing.TB, err error) string {
	t.Helper()
	refused, ok := errors.AsType[*userman.MailRefusedError](err)
	require.True(t, ok, "%v", err)
	return refused.Reason
}

// requireFailed requires an error that is worth another try.
func requireFailed(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	_, refused := errors.AsType[*userman.MailRefusedError](err)
	require.False(t, refused, "%v", err)
}
