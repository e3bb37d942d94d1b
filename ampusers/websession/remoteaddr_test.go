package websession_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestManager_RemoteAddr_trustsOnlyListedProxies(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for name, c := range map[string]struct {
		from, forwarded, source string
	}{
		"no proxy":             {"192.0.2.7:1", "", "192.0.2.7"},
		"forged header":        {"192.0.2.7:1", "203.0.113.9", "192.0.2.7"},
		"through a proxy":      {"10.1.1.1:1", "203.0.113.9", "203.0.113.9"},
		"invented on the left": {"10.1.1.1:1", "127.0.0.1, 203.0.113.9", "203.0.113.9"},
		"two proxies":          {"10.1.1.1:1", "198.51.100.4, 203.0.113.9, 10.2.2.2", "203.0.113.9"},
		"only proxies":         {"10.1.1.1:1", "10.3.3.3, 10.2.2.2", "10.3.3.3"},
		"no address":           {"10.1.1.1:1", "203.0.113.9, <script>", "10.1.1.1"},
		"none given":           {"10.1.1.1:1", "", "10.1.1.1"},
		"with a port":          {"10.1.1.1:1", "203.0.113.9:443", "203.0.113.9"},
		"IPv6":                 {"[::1]:1", "[2001:db8::5]:443", "2001:db8::5"},
		"IPv6 bare":            {"[::1]:1", "2001:db8::5", "2001:db8::5"},
		"IPv4 in IPv6":         {"[::ffff:10.1.1.1]:1", "::ffff:203.0.113.9", "203.0.113.9"},
		"a zone":               {"[fe80::1%eth0]:1", "", "fe80::1"},
		"a socket":             {"@", "203.0.113.9", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := setup(t, &websession.Options{TrustedProxies: proxies}).newClient()
			v.remoteAddr = c.from
			if c.forwarded != "" {
				v.header.Set("X-Forwarded-For", c.forwarded)
			}
			v.do(t, func(ctx context.Context) {
				require.Equal(t, c.source, addrText(v.RemoteAddr(ctx)))
				require.Equal(t, v.RemoteAddr(ctx), audit.ActorFromContext(ctx).RemoteAddr)
			})
		})
	}
}

// addrText returns the text of an address, "" for the zero one.
func addrText(addr netip.Addr) string {
	text, _ := addr.MarshalText()
	return string(text)
}

func TestManager_RemoteAddr_joinsForwardedHeaders(t *testing.T) {
	t.Parallel()
	v := setup(t, &websession.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}).newClient()
	v.remoteAddr = "10.1.1.1:1"
	v.header["X-Forwarded-For"] = []string{"127.0.0.1", "203.0.113.9, 10.9.9.9"}
	v.do(t, func(ctx context.Context) { require.Equal(t, netip.MustParseAddr("203.0.113.9"), v.RemoteAddr(ctx)) })
}
