package websession

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzOrigin_isOwnHost(f *testing.F) {
	for _, seed := range []string{
		"pbx.example.com", "PBX.example.com.:8443", "evil.example.com", "localhost:80", "[::1]:80", "[::1", "127.0.0.1.evil", ":", "", "a:b:c", "[evil]:80",
	} {
		f.Add(seed)
	}
	o := &Origin{URL: &url.URL{Scheme: "https", Host: "pbx.example.com:8443"}}
	f.Fuzz(func(t *testing.T, host string) {
		if !o.isOwnHost(host) {
			return
		}
		if _, err := netip.ParseAddr(host); err == nil {
			return
		}
		name, _, found := strings.Cut(strings.ToLower(host), ":")
		name = strings.TrimSuffix(name, ".")
		if _, err := netip.ParseAddr(name); err == nil || found && strings.HasPrefix(host, "[") {
			return // an address
		}
		require.True(t, name == "pbx.example.com" || name == "localhost" || strings.HasSuffix(name, ".localhost"), "%q", host)
	})
}
