package apitoken_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func TestParseNetwork_readsAddressesAndNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "2001:db8::1": "2001:db8::1/128", "2001:db8::/32": "2001:db8::/32", "::ffff:192.0.2.1": "192.0.2.1/32",
	} {
		network, err := apitoken.ParseNetwork(text)
		require.NoError(t, err, text)
		require.Equal(t, want, network.String(), text)
	}
	network, err := apitoken.ParseNetwork(" 10.0.0.0/8 ")
	require.NoError(t, err)
	require.Equal(t, "10.0.0.0/8", network.String(), "spaces around it")
	for _, text := range []string{"", "localhost", "fe80::1%eth0", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0.1, 10.0.0.2"} {
		_, err := apitoken.ParseNetwork(text)
		require.ErrorContains(t, err, "enter an IP address", text)
	}
}
