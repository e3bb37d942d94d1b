package smtpmailer

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/pbxusers/pbxusers/store"
)

const (
	// maxAnswers bounds, in bytes, what is read from a server for one mail,
	// certificates included.
	maxAnswers = 1 << 20
	// farewell bounds how long the answer to the goodbye is waited for.
	farewell = 2 * time.Second
)

// server is how the mail server is reached.
type server struct {
	host     string
	port     int
	username string
	password store.Secret
	security Security
	tls      *tls.Config
	timeout  time.Duration
}

// visit connects, authenticates, does what is to be done, and says goodbye, all
// of it within the timeout and ctx: a server may stall at any point.
func (s *server) visit(ctx context.Context, do func(c *smtp.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	wire, err := s.dial(ctx)
	if err != nil {
		return inTime(ctx, fmt.Errorf("smtpmailer: the mail server cannot be reached: %w", err))
	}
	hangUp := func() { _ = wire.Close() }
	defer hangUp()
	defer context.AfterFunc(ctx, hangUp)()
	client, err := s.open(ctx, wire)
	if err == nil {
		err = do(client)
	}
	if err != nil {
		return inTime(ctx, err)
	}
	// The work is done, whatever the server says to the goodbye.
	_ = wire.SetDeadline(time.Now().Add(farewell))
	_ = client.Quit()
	return nil
}

// inTime returns err, or that the time was over when that is why.
func inTime(ctx context.Context, err error) error {
	if ctx.Err() == nil || isRefused(err) {
		return err
	}
	return fmt.Errorf("smtpmailer: the mail server did not answer in time: %w", ctx.Err())
}

// dial connects to the server.
func (s *server) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return nil, err
	}
	return &metered{Conn: conn, left: maxAnswers}, nil
}

// open has the server greet, protects the connection and authenticates.
func (s *server) open(ctx context.Context, wire net.Conn) (*smtp.Client, error) {
	conn := wire
	if s.security == TLS {
		protected := tls.Client(wire, s.tls)
		if err := protected.HandshakeContext(ctx); err != nil {
			return nil, unprotected(err)
		}
		conn = protected
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, told("greeted with", err)
	}
	own, _ := os.Hostname() // some servers insist on a name, but not on which
	if err := client.Hello(cmp.Or(own, "localhost")); err != nil {
		return nil, told("answered the greeting with", err)
	}
	if s.security == STARTTLS {
		if err := s.startTLS(client); err != nil {
			return nil, err
		}
	}
	if s.username == "" {
		return client, nil
	}
	return client, s.authenticate(client, wire.RemoteAddr())
}

func (s *server) startTLS(client *smtp.Client) error {
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return errors.New("smtpmailer: the mail server does not offer STARTTLS; see whether it takes TLS at another port")
	}
	if err := client.StartTLS(s.tls); err != nil {
		return unprotected(err)
	}
	return nil
}

// unprotected says that there is no TLS.
func unprotected(err error) error {
	if code := codeOf(err); code != 0 {
		return told("answered STARTTLS with", err)
	}
	return fmt.Errorf("smtpmailer: no protected connection to the mail server: %w", err)
}

// metered is a connection that ends when more was read than a mail takes.
type metered struct {
	net.Conn

	left int
}

// Read implements [net.Conn].
func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errors.New("the mail server says too much")
	}
	n, err := m.Conn.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}
