package ldapdir

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/store"
)

// session is a connection to one server. It ends with the context of its opening.
type session struct {
	server server
	raw    *limitedConn
	conn   *ldap.Conn
	// encrypted reports whether the connection is encrypted.
	encrypted bool
	// stop stops waiting for the end of the context.
	stop func() bool
}

// connect opens a session with the credentials for reading, with the first
// available server.
func (d *Directory) connect(ctx context.Context) (*session, error) {
	var errs error
	for _, server := range d.servers {
		s, err := d.openAs(ctx, server, d.opts.BindDN, d.opts.BindPassword)
		if err == nil {
			return s, nil
		}
		if errs == nil {
			errs = err
		} else {
			errs = fmt.Errorf("%w; %w", errs, err)
		}
		if ctx.Err() != nil || isInvalidCredentials(err) {
			break // another attempt on each server might lock the account
		}
	}
	return nil, errs
}

// openAs opens a session and binds; an empty dn means anonymous.
func (d *Directory) openAs(ctx context.Context, server server, dn string, password store.Secret) (*session, error) {
	s, err := d.open(ctx, server)
	if err != nil {
		return nil, err
	}
	if dn == "" {
		return s, nil
	}
	if err := s.bind(ctx, dn, password); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// open connects to a server, with TLS if the options require it.
func (d *Directory) open(ctx context.Context, server server) (*session, error) {
	dialCtx, cancel := context.WithTimeout(ctx, d.opts.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dialCtx, "tcp", server.address)
	if err != nil {
		return nil, wrapError(ctx, server.name, err)
	}
	raw := &limitedConn{Conn: conn}
	raw.setLimit(maxHandshake)
	s := &session{server: server, raw: raw, encrypted: server.tls || d.opts.StartTLS}
	s.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err := s.handshake(dialCtx, d.tlsConfig(server), d.opts.Timeout); err != nil {
		s.close()
		return nil, wrapError(ctx, server.name, err)
	}
	return s, nil
}

// handshake starts TLS if required, and then LDAP.
func (s *session) handshake(ctx context.Context, config *tls.Config, timeout time.Duration) error {
	deadline, _ := ctx.Deadline()
	if err := s.raw.SetDeadline(deadline); err != nil {
		return err
	}
	if s.server.tls {
		tlsConn := tls.Client(s.raw.Conn, config)
		if err := tlsConn.HandshakeContext(ctx); err != nil {
			return err
		}
		s.raw.Conn = tlsConn
	}
	s.conn = ldap.NewConn(s.raw, s.server.tls)
	s.conn.SetTimeout(timeout)
	s.conn.Start()
	if s.encrypted && !s.server.tls {
		if err := s.conn.StartTLS(config); err != nil {
			return err
		}
	}
	return s.raw.SetDeadline(time.Time{})
}

// tlsConfig returns the TLS configuration for a server.
func (d *Directory) tlsConfig(server server) *tls.Config {
	config := d.opts.TLSConfig.Clone()
	if config.ServerName == "" {
		config.ServerName = server.host
	}
	return config
}

// bind checks a password. It never sends an empty password, or an unencrypted
// password to another host. The error contains neither dn nor password.
func (s *session) bind(ctx context.Context, dn string, password store.Secret) error {
	if dn == "" || password.IsZero() {
		return errors.New("ldapdir: a bind needs a name and a password")
	}
	if !s.encrypted && !s.isLocal() {
		return fmt.Errorf("ldapdir: %s: passwords are not sent unencrypted over the network; use ldaps:// or StartTLS", s.server.name)
	}
	s.raw.setLimit(maxHandshake)
	return wrapError(ctx, s.server.name, s.conn.Bind(dn, password.Reveal()))
}

// isLocal reports whether the server is on this host.
func (s *session) isLocal() bool {
	address, ok := s.raw.RemoteAddr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}

// close ends the session. It closes the connection first, so that nothing waits for
// a server that does not respond.
func (s *session) close() {
	s.stop()
	_ = s.raw.Close()
	if s.conn != nil {
		_ = s.conn.Close()
	}
}
