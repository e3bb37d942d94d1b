package websession

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzManager_clientAddr(f *testing.F) {
	for _, seed := range [][2]string{
		{"10.1.1.1:1", "203.0.113.9"}, {"192.0.2.7:1", "127.0.0.1"}, {"[::1%lo]:1", "[2001:db8::5]:443, 10.2.2.2"},
		{"@", ""}, {"10.1.1.1:1", ",,,"}, {"10.1.1.1:1", "\x00<script>"},
	} {
		f.Add(seed[0], seed[1])
	}
	m := &Manager{trustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		source := m.clientAddr(&http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}})
		direct := m.clientAddr(&http.Request{RemoteAddr: remote})
		if !source.IsValid() {
			require.Equal(t, netip.Addr{}, direct)
			return
		}
		require.Empty(t, source.Zone())
		require.Equal(t, source, source.Unmap(), "one form, so that it is limited as one")
		if !m.isTrustedProxy(direct) {
			require.Equal(t, direct, source, "the header of an untrusted client is ignored")
		}
	})
}
