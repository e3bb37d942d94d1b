package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

func TestCLI_amiAccountProbeReportsOutcome(t *testing.T) {
	t.Parallel()
	c, _ := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	c.do(t, "config", "install")
	c.do(t, "ami-account", "add", "crm", "--permit", "127.0.0.1")
	c.do(t, "ami-account", "add", "elsewhere", "--permit", "192.0.2.1")
	c.do(t, "config", "apply")
	c.do(t, "ami-account", "add", "later")

	require.Equal(t, "The account can log in from 127.0.0.1.\n", c.do(t, "ami-account", "probe", "crm"))
	require.Equal(t, "logged_in", c.json(t, "ami-account", "probe", "crm")["outcome"])
	for _, test := range []struct {
		outcome string
		line    []string
	}{
		{"wrong_secret", []string{"crm", "--secret-file", "-"}},
		{"address_denied", []string{"elsewhere"}},
		{"unknown_account", []string{"later"}},
		{"unreachable", []string{"crm", "--address", "127.0.0.1:1"}},
	} {
		t.Run(test.outcome, func(t *testing.T) {
			t.Parallel()
			o := c.withStdin("not the secret\n").withFlags("--json").run(t, append([]string{"ami-account", "probe"}, test.line...)...)
			require.Equal(t, exitFailed, o.code)
			require.Equal(t, test.outcome, decoded(t, o.stdout)["outcome"], "the result is JSON, alone on standard output")
			require.Equal(t, "pbxctl: the login failed ("+test.outcome+")\n", o.stderr)
		})
	}
	require.Contains(t, c.fails(t, exitRejected, "ami-account", "probe", "nobody"), "there is no such AMI account")
}
