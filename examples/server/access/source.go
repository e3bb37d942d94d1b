package access

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Source returns the address of the visitor, without a port.
func (g *Gate) Source(ctx context.Context) string { return visitOf(ctx).source }

// sourceOf works out where a request comes from: from the other end of the
// connection, or, where that is a proxy that is trusted, from the nearest
// address in X-Forwarded-For that is none. What stands further left may be
// anybody's invention.
func (g *Gate) sourceOf(r *http.Request) string {
	source, err := parseAddr(r.RemoteAddr)
	if err != nil {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !g.trusts(source) {
			break
		}
		before, err := parseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		source = before
	}
	return source.String()
}

func (g *Gate) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseAddr reads an address with or without a port.
func parseAddr(text string) (netip.Addr, error) {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap().WithZone(""), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err
}
