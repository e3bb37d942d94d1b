package smtpmailer

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/pbxusers/pbxusers/internal/neterror"
	"github.com/pbxusers/pbxusers/store"
)

const (
	// maxResponseBytes limits the bytes that are read from a server for one mail,
	// certificates included.
	maxResponseBytes = 1 << 20
	// quitTimeout limits the wait for the answer to QUIT.
	quitTimeout = 2 * time.Second
)

// server holds the parameters of the connection.
type server struct {
	host     string
	port     int
	username string
	password store.Secret
	security Security
	tls      *tls.Config
	timeout  time.Duration
	// localName is the name in EHLO; empty for the address of the connection.
	localName string
}

// run connects, authenticates, calls do and quits, all within the timeout and ctx.
func (s *server) run(ctx context.Context, do func(c *smtp.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	rawConn, err := s.dial(ctx)
	if err != nil {
		return timeoutError(ctx, fmt.Errorf("the mail server %s cannot be reached: %w", net.JoinHostPort(s.host, strconv.Itoa(s.port)), neterror.Explain(err)))
	}
	closeConn := func() { _ = rawConn.Close() }
	defer closeConn()
	defer context.AfterFunc(ctx, closeConn)()
	client, err := s.open(ctx, rawConn)
	if err == nil {
		err = do(client)
	}
	if err != nil {
		return timeoutError(ctx, err)
	}
	// The mail is sent, whatever the server answers to QUIT.
	_ = rawConn.SetDeadline(time.Now().Add(quitTimeout))
	_ = client.Quit()
	return nil
}

// timeoutError returns err, or the timeout if that is the reason.
func timeoutError(ctx context.Context, err error) error {
	if ctx.Err() == nil || isRejected(err) {
		return err
	}
	return fmt.Errorf("the mail server did not answer in time: %w", ctx.Err())
}

// dial connects to the server.
func (s *server) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return nil, err
	}
	return &limitedConn{Conn: conn, remaining: maxResponseBytes}, nil
}

// open reads the greeting, protects the connection and authenticates.
func (s *server) open(ctx context.Context, rawConn net.Conn) (*smtp.Client, error) {
	conn := rawConn
	if s.security == TLS {
		tlsConn := tls.Client(rawConn, s.tls)
		if err := tlsConn.HandshakeContext(ctx); err != nil {
			return nil, tlsError(err)
		}
		conn = tlsConn
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, replyError("greeted with", err)
	}
	if err := client.Hello(cmp.Or(s.localName, addressLiteral(rawConn.LocalAddr()))); err != nil {
		return nil, greetingError(err)
	}
	if s.security == STARTTLS {
		if err := s.startTLS(client); err != nil {
			return nil, err
		}
	}
	if s.username == "" {
		return client, nil
	}
	return client, s.authenticate(client, rawConn.RemoteAddr())
}

// addressLiteral returns the address of this end of a connection in the form that EHLO
// takes in place of a name (RFC 5321, section 4.1.3).
func addressLiteral(addr net.Addr) string {
	local, err := netip.ParseAddrPort(addr.String())
	switch ip := local.Addr().Unmap().WithZone(""); {
	case err != nil:
		return "localhost"
	case ip.Is6():
		return "[IPv6:" + ip.String() + "]"
	default:
		return "[" + ip.String() + "]"
	}
}

func (s *server) startTLS(client *smtp.Client) error {
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return settingsError("the mail server does not offer STARTTLS; check whether it supports TLS on another port")
	}
	if err := client.StartTLS(s.tls); err != nil {
		return tlsError(err)
	}
	return nil
}

// tlsError returns the error of a failed TLS handshake.
func tlsError(err error) error {
	if code := replyCode(err); code != 0 {
		return replyError("answered STARTTLS with", err)
	}
	return fmt.Errorf("the TLS connection to the mail server failed: %w", neterror.Explain(err))
}

// limitedConn is a connection that fails after maxResponseBytes.
type limitedConn struct {
	net.Conn

	remaining int
}

// Read implements [net.Conn].
func (m *limitedConn) Read(p []byte) (int, error) {
	if m.remaining <= 0 {
		return 0, errors.New("the response of the mail server is too large")
	}
	n, err := m.Conn.Read(p[:min(len(p), m.remaining)])
	m.remaining -= n
	return n, err
}
