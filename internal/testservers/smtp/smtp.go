// Package smtp is a mail server for tests: it speaks real SMTP, by
// emersion/go-smtp, on a port of 127.0.0.1, hands every mail to the test
// instead of delivering it, and ends with the test. It can also refuse, and
// say nothing at all. It is part of the test binary, so it is never missing.
package smtp

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

const (
	// receiveTimeout bounds the wait for a mail, on a busy machine.
	receiveTimeout = 30 * time.Second
	// queueSize is how many mails wait for the test; more are refused with 452.
	queueSize = 10_000
	// maxMessageBytes is how many bytes a mail may have; a larger one is refused.
	maxMessageBytes = 10 << 20
)

// Options says how the server behaves. Nil is legal and means a server that
// takes every mail, without encryption and without a login.
type Options struct {
	// STARTTLS offers encryption, with the certificate that Server.Certificate
	// describes. A login is then taken over an encrypted connection only.
	// Defaults to no encryption.
	STARTTLS bool
	// TLS encrypts from the first byte, as on port 465. Defaults to not.
	TLS bool
	// User and Password are the login, by AUTH PLAIN or LOGIN, without which
	// no mail is taken. Empty, the default, is no login.
	User, Password string
	// RejectRecipient is an address that is refused with 550, or "*" for
	// every one. Defaults to none.
	RejectRecipient string
	// Greylist defers the first mail to each address with 451. Defaults to none.
	Greylist bool
	// NoSMTPUTF8 does not offer SMTPUTF8. Defaults to offering it.
	NoSMTPUTF8 bool
	// Stall accepts connections and says nothing until the test ends.
	Stall bool
	// StallAtData does the same once a mail has arrived whole: its sender
	// never learns what became of it.
	StallAtData bool
}

// Server is a running mail server.
type Server struct {
	// Host and Port are where it listens, and Addr is both.
	Host, Addr string
	Port       int
	// Certificate is the server's; a client is to be given its Authority.
	Certificate *testservers.Certificate

	opts  Options
	queue chan rawMessage
	done  chan struct{} // closed when the test is over

	mu sync.Mutex
	// known are the recipients that a greylist has seen.
	known map[string]bool
}

// Start starts a mail server that ends with the test.
func Start(t testing.TB, opts *Options) *Server {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	s := &Server{
		Certificate: testservers.NewCertificate(t),
		opts:        *opts,
		queue:       make(chan rawMessage, queueSize),
		known:       make(map[string]bool),
		done:        make(chan struct{}),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting a mail server: %v", err)
	}
	s.Addr = listener.Addr().String()
	host, port, err := net.SplitHostPort(s.Addr)
	if err == nil {
		s.Host = host
		s.Port, err = strconv.Atoi(port)
	}
	if err != nil {
		t.Fatalf("starting a mail server: %v", err)
	}
	s.serve(t, &trackingListener{Listener: listener})
	return s
}

// serve answers until the test ends, and waits then until nothing is left.
func (s *Server) serve(t testing.TB, listener *trackingListener) {
	t.Helper()
	var wg sync.WaitGroup
	server := s.newSMTPServer()
	if s.opts.Stall {
		wg.Go(listener.stall)
	} else {
		wg.Go(func() { _ = server.Serve(s.wrapTLS(listener)) })
	}
	t.Cleanup(func() {
		close(s.done)
		listener.closeAll()
		// Now that no connection is left, this waits for who served them.
		_ = server.Shutdown(context.Background())
		wg.Wait()
	})
}

// newSMTPServer configures SMTP.
func (s *Server) newSMTPServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(s.newSession))
	server.Domain = "mail.example.com"
	server.ErrorLog = discardLogger{}
	server.MaxMessageBytes = maxMessageBytes
	server.EnableSMTPUTF8 = !s.opts.NoSMTPUTF8
	server.AllowInsecureAuth = !s.opts.STARTTLS
	if s.opts.STARTTLS {
		server.TLSConfig = s.tlsConfig()
	}
	return server
}

func (s *Server) wrapTLS(l net.Listener) net.Listener {
	if s.opts.TLS {
		return tls.NewListener(l, s.tlsConfig())
	}
	return l
}

func (s *Server) tlsConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.Certificate.KeyPair}, MinVersion: tls.VersionTLS12}
}

// discardLogger drops what the protocol has to say of clients that hang up.
type discardLogger struct{}

func (discardLogger) Printf(string, ...any) {}
func (discardLogger) Println(...any)        {}
