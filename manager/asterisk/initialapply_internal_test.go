package asterisk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocalAddresses_includesAMIListenAddress(t *testing.T) {
	t.Parallel()
	for listenAddr, want := range map[string]string{
		"127.0.0.1:5038":        "127.0.0.1/32 ::1/128",
		"[::1]:5038":            "127.0.0.1/32 ::1/128",
		"[::]:5038":             "127.0.0.1/32 ::1/128",
		"192.0.2.5:5038":        "127.0.0.1/32 ::1/128 192.0.2.5/32",
		"[2001:db8::5]:5038":    "127.0.0.1/32 ::1/128 2001:db8::5/128",
		"[::ffff:192.0.2.5]:50": "127.0.0.1/32 ::1/128 192.0.2.5/32",
		"pbx.example.com:5038":  "127.0.0.1/32 ::1/128",
		"none":                  "127.0.0.1/32 ::1/128",
	} {
		networks, err := localAddresses(listenAddr)
		require.NoError(t, err)
		texts := make([]string, len(networks))
		for i, n := range networks {
			texts[i] = n.String()
		}
		require.Equal(t, want, strings.Join(texts, " "), listenAddr)
	}
}
