package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/pbxusers/pbxusers/internal/httplimit"
)

// openListener listens, with TLS if a certificate is set. A client can have a quarter of
// the connections.
func (s *settings) openListener(ctx context.Context) (net.Listener, error) {
	var tlsConfig *tls.Config
	if s.tlsCert != "" {
		certificate, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
		}
		tlsConfig = &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s; stop it, or choose another address with --listen", s.listen)
	case err != nil:
		return nil, fmt.Errorf("--listen: %w", err)
	}
	proxies, err := s.trustedProxies()
	if err != nil {
		return nil, err
	}
	listener = httplimit.NewListener(listener, httplimit.ListenerOptions{Max: s.maxConnections, MaxPerClient: (s.maxConnections + 3) / 4, Proxies: proxies})
	if tlsConfig != nil {
		listener = tls.NewListener(listener, tlsConfig)
	}
	return listener, nil
}

// baseURL returns the start of links: the setting, or the address of the listener.
func (s *settings) baseURL(addr net.Addr) string {
	if s.site.BaseURL != "" {
		return strings.TrimRight(s.site.BaseURL, "/")
	}
	scheme := "http://"
	if s.tlsCert != "" {
		scheme = "https://"
	}
	at, err := netip.ParseAddrPort(addr.String())
	if err == nil && at.Addr().IsUnspecified() {
		return fmt.Sprintf("%slocalhost:%d", scheme, at.Port())
	}
	return scheme + addr.String()
}

// isExposed reports whether others on the network can read requests and responses.
func (s *settings) isExposed(addr net.Addr, base string) bool {
	at, err := netip.ParseAddrPort(addr.String())
	return (err != nil || !at.Addr().IsLoopback()) && !strings.HasPrefix(base, "https://")
}
