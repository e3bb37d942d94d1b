package httplimit

import (
	"net"
	"net/netip"
	"slices"
	"sync"

	"golang.org/x/net/netutil"
)

// ListenerOptions of [NewListener].
type ListenerOptions struct {
	// Max is the maximum number of connections. More wait to be accepted. Required.
	Max int
	// MaxPerClient is the maximum number of connections of one client, an IPv4
	// address or the /64 of an IPv6 address. More are closed immediately. Required.
	MaxPerClient int
	// Proxies are the addresses that connect for many clients. MaxPerClient does not
	// apply to them, nor to the host itself. Defaults to none.
	Proxies []netip.Prefix
}

// NewListener returns a listener with bounded connections. TLS must be above it.
func NewListener(inner net.Listener, opts ListenerOptions) net.Listener {
	return &listener{Listener: netutil.LimitListener(inner, opts.Max), opts: opts, clients: map[netip.Prefix]int{}}
}

type listener struct {
	net.Listener

	opts ListenerOptions

	mu      sync.Mutex
	clients map[netip.Prefix]int
}

// Accept waits for a connection of a client that may have one more.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		if l.isExempt(addr.Addr().Unmap()) {
			return conn, nil
		}
		if key := clientKey(addr.Addr()); l.add(key) {
			return &countedConn{Conn: conn, release: sync.OnceFunc(func() { l.remove(key) })}, nil
		}
		_ = conn.Close()
	}
}

// isExempt reports whether connections from addr are not of one client.
func (l *listener) isExempt(addr netip.Addr) bool {
	return !addr.IsValid() || addr.IsLoopback() ||
		slices.ContainsFunc(l.opts.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// add counts a connection, unless its client has too many.
func (l *listener) add(key netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.clients[key] >= l.opts.MaxPerClient {
		return false
	}
	l.clients[key]++
	return true
}

func (l *listener) remove(key netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.clients[key]--; l.clients[key] == 0 {
		delete(l.clients, key)
	}
}

// countedConn is a connection that is counted until it is closed.
type countedConn struct {
	net.Conn

	release func()
}

func (c *countedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
