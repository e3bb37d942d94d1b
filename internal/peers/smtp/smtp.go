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

	"github.com/pbxusers/pbxusers/internal/peers"
)

const (
	// patience bounds the wait for a mail, on a busy machine.
	patience = 30 * time.Second
	// queue is how many mails wait for the test; more are refused with 452.
	queue = 10_000
	// largest is how many bytes a mail may have; a larger one is refused.
	largest = 10 << 20
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
	// RefuseRecipient is an address that is refused with 550, or "*" for
	// every one. Defaults to none.
	RefuseRecipient string
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
	Certificate *peers.Certificate

	opts   Options
	mails  chan received
	ending chan struct{} // closed when the test is over
}

// Start starts a mail server that ends with the test.
func Start(t testing.TB, opts *Options) *Server {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	s := &Server{
		Certificate: peers.NewCertificate(t),
		opts:        *opts,
		mails:       make(chan received, queue),
		ending:      make(chan struct{}),
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
	s.serve(t, &doors{Listener: listener})
	return s
}

// serve answers until the test ends, and waits then until nothing is left.
func (s *Server) serve(t testing.TB, d *doors) {
	t.Helper()
	var serving sync.WaitGroup
	server := s.protocol()
	if s.opts.Stall {
		serving.Go(d.hold)
	} else {
		serving.Go(func() { _ = server.Serve(s.encrypted(d)) })
	}
	t.Cleanup(func() {
		close(s.ending)
		d.close()
		// Now that no connection is left, this waits for who served them.
		_ = server.Shutdown(context.Background())
		serving.Wait()
	})
}

// protocol configures SMTP.
func (s *Server) protocol() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "mail.example.com"
	server.ErrorLog = silent{}
	server.MaxMessageBytes = largest
	server.EnableSMTPUTF8 = true
	server.AllowInsecureAuth = !s.opts.STARTTLS
	if s.opts.STARTTLS {
		server.TLSConfig = s.tls()
	}
	return server
}

func (s *Server) encrypted(l net.Listener) net.Listener {
	if s.opts.TLS {
		return tls.NewListener(l, s.tls())
	}
	return l
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.Certificate.Pair}, MinVersion: tls.VersionTLS12}
}

// silent drops what the protocol has to say of clients that hang up.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
