package websession

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// RemoteAddr returns the IP address of the client. It is zero for a connection
// without one, such as a Unix socket.
func (m *Manager) RemoteAddr(ctx context.Context) netip.Addr { return stateFromContext(ctx).remoteAddr }

// clientAddr returns the address of the client: the peer of the connection or, if
// that is a trusted proxy, the rightmost address in X-Forwarded-For that is not a
// trusted proxy. Clients can forge the addresses before it.
func (m *Manager) clientAddr(r *http.Request) netip.Addr {
	source, err := parseAddr(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !m.isTrustedProxy(source) {
			break
		}
		before, err := parseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		source = before
	}
	return source
}

func (m *Manager) isTrustedProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(m.trustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseAddr reads an address with or without a port.
func parseAddr(text string) (netip.Addr, error) {
	if addrPort, err := netip.ParseAddrPort(text); err == nil {
		return addrPort.Addr().Unmap().WithZone(""), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err
}
