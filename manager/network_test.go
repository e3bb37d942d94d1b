package manager_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestParseNetwork_normalizesLikeAsterisk(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.0/8":                      "10.0.0.0/8",
		"10.0.0.0/255.0.0.0":              "10.0.0.0/8",
		"10.1.2.3/8":                      "10.0.0.0/8",
		"192.0.2.1":                       "192.0.2.1/32",
		"0.0.0.0/0":                       "0.0.0.0/0",
		"0.0.0.0/0.0.0.0":                 "0.0.0.0/0",
		"192.0.2.1/255.255.255.255":       "192.0.2.1/32",
		"::/0":                            "::/0",
		"2001:db8::1":                     "2001:db8::1/128",
		"2001:db8::/ffff:ffff::":          "2001:db8::/32",
		"::ffff:192.0.2.1":                "192.0.2.1/32",
		"::ffff:192.0.2.0/120":            "192.0.2.0/24",
		"2001:DB8:0:0:0:0:0:1/64":         "2001:db8::/64",
		"255.255.255.255/255.255.255.255": "255.255.255.255/32",
	} {
		n, err := manager.ParseNetwork(text)
		require.NoError(t, err, text)
		require.Equal(t, want, n.String(), text)
	}
}

func TestParseNetwork_rejectsInvalidRange(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/255.0.255.0",
		"10.0.0/8", "010.0.0.0/8", "10.0.0.256", "!10.0.0.0/8", "10.0.0.0/8,192.0.2.1", "10.0.0.0/8 ", " 10.0.0.0/8",
		"10.0.0.1:5038", "[::1]", "fe80::1%eth0", "fe80::1%eth0/64", "::/129", "::1/255.0.0.0", "10.0.0.0/ff00::", "localhost",
		"10.0.0.0/8\n", "10.0.0.0/8\npermit=0.0.0.0/0", "10.0.0.0/8;", "10.0.0.0\x00/8", "::ffff:10.0.0.1/90",
	} {
		_, err := manager.ParseNetwork(text)
		require.ErrorIs(t, err, store.ErrInvalid, "%q", text)
		require.EqualError(t, err, "enter an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32",
			"an error never repeats what was submitted")
	}
}

func TestNetwork_roundTripsThroughText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t, "network")
		text, err := n.MarshalText()
		require.NoError(t, err)
		var back manager.Network
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, n, back)
		require.True(t, back.Contains(n.Prefix().Addr()))
	})
}

func drawNetwork(t *rapid.T, label string) manager.Network {
	size := rapid.SampledFrom([]int{4, 16}).Draw(t, label+" family")
	bytes := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, label+" address")
	addr, _ := netip.AddrFromSlice(bytes)
	addr = addr.Unmap()
	bits := rapid.IntRange(0, addr.BitLen()).Draw(t, label+" bits")
	n, err := manager.NetworkFromPrefix(netip.PrefixFrom(addr, bits))
	require.NoError(t, err)
	return n
}
