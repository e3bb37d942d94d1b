package ami

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	// maxBanner is the maximum size of the greeting in bytes.
	maxBanner = 256
	// maxLoginMessage is the maximum size of a message before the login
	// succeeds.
	maxLoginMessage = 64 << 10
	// maxEarlyEvents is the maximum number of events before the login answer.
	// The last ones are kept, so that the missing ones are at the place of the
	// gap that subscriptions report.
	maxEarlyEvents = 64
)

// handshake is one connection up to the end of its login.
type handshake struct {
	addr string
	opts *Options
	// newID returns the next ActionID.
	newID func() string

	conn        net.Conn
	local       netip.AddrPort
	reader      *Reader
	earlyEvents []Message
}

// connect connects and logs in. After an error the connection is closed, and
// local is still set if there was one.
func (l *handshake) connect(ctx context.Context) error {
	dialCtx, cancel := context.WithTimeout(ctx, l.opts.DialTimeout)
	defer cancel()
	err := l.dialAndLogin(dialCtx)
	if err == nil {
		return nil
	}
	if l.conn != nil {
		_ = l.conn.Close()
	}
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("ami: connecting to %s: %w", l.addr, cause)
	}
	return err
}

func (l *handshake) dialAndLogin(ctx context.Context) error {
	raw, err := l.opts.Dial(ctx, "tcp", l.addr)
	if err != nil {
		return &UnreachableError{Address: l.addr, Err: err}
	}
	l.conn = raw
	if local, ok := raw.LocalAddr().(*net.TCPAddr); ok {
		l.local = netip.AddrPortFrom(local.AddrPort().Addr().Unmap(), local.AddrPort().Port())
	}
	interrupt := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	err = l.negotiate(ctx)
	if !interrupt() && err == nil {
		// The deadline is set, or about to be: the connection is useless.
		return &UnreachableError{Address: l.addr, Err: ctx.Err()}
	}
	return err
}

func (l *handshake) negotiate(ctx context.Context) error {
	if err := l.startTLS(ctx); err != nil {
		return err
	}
	l.reader = NewReader(l.conn, maxLoginMessage)
	if err := l.readBanner(); err != nil {
		return err
	}
	if err := l.login(); err != nil {
		return l.loginError(err)
	}
	l.reader.max = l.opts.MaxMessage
	return nil
}

func (l *handshake) startTLS(ctx context.Context) error {
	if l.opts.TLS == nil {
		return nil
	}
	config := l.opts.TLS.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(l.addr)
	}
	tlsConn := tls.Client(l.conn, config)
	if err := tlsConn.HandshakeContext(ctx); err != nil {
		if _, notTLS := errors.AsType[tls.RecordHeaderError](err); notTLS {
			return ErrNotAMI
		}
		return &UnreachableError{Address: l.addr, Err: err}
	}
	l.conn = tlsConn
	return nil
}

// readBanner reads the greeting, "Asterisk Call Manager/11.0.0". A peer that
// closes without one, or stays silent, counts as unreachable. An Asterisk with
// too many pending logins (authlimit), a hung Asterisk, and a tunnel with a
// dead other end behave like that.
func (l *handshake) readBanner() error {
	var banner strings.Builder
	for banner.Len() < maxBanner {
		c, err := l.reader.src.ReadByte()
		if err != nil && banner.Len() == 0 {
			return &UnreachableError{Address: l.addr, Err: fmt.Errorf("it accepts connections but sends no greeting: %w", err)}
		}
		if err != nil {
			return ErrNotAMI
		}
		if c != '\n' {
			banner.WriteByte(c)
			continue
		}
		if line := banner.String(); strings.HasPrefix(line, "Asterisk") && strings.Contains(line, "Manager") {
			return nil
		}
		return ErrNotAMI
	}
	return ErrNotAMI
}

// roundTrip sends one action and waits for its answer. It accepts an answer
// without an ActionID: no other action is pending yet.
func (l *handshake) roundTrip(a Action) (Message, error) {
	id := l.newID()
	if _, err := l.conn.Write(a.encode(id)); err != nil {
		return Message{}, &DisconnectedError{Action: a.Name, Sent: true, Err: err}
	}
	for {
		m, err := l.reader.Next()
		if err != nil {
			return Message{}, &DisconnectedError{Action: a.Name, Sent: true, Err: err}
		}
		kind, value := m.kind()
		if gotID, hasID := m.Lookup("ActionID"); kind == "Response" && (gotID == id || !hasID) {
			return m, responseError(a.Name, value, m)
		}
		if kind == "Event" {
			l.earlyEvents = append(l.earlyEvents, m)
			l.earlyEvents = l.earlyEvents[max(0, len(l.earlyEvents)-maxEarlyEvents):]
		}
	}
}

// logoff ends the session. When it returns, or shortly after, the account can
// log in again.
func (l *handshake) logoff(timeout time.Duration) {
	_ = l.conn.SetDeadline(time.Now().Add(timeout))
	if _, err := l.roundTrip(Action{Name: "Logoff"}); err == nil {
		_, _ = io.CopyN(io.Discard, l.reader.src, maxLoginMessage)
	}
	_ = l.conn.Close()
}
