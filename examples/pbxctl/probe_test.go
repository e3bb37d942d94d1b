package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

func TestCLI_managerProbeReportsOutcome(t *testing.T) {
	t.Parallel()
	c, _ := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	c.do(t, "config", "install")
	c.do(t, "manager", "add", "crm", "--permit", "127.0.0.1")
	c.do(t, "manager", "add", "elsewhere", "--permit", "192.0.2.1")
	c.do(t, "config", "apply")
	c.do(t, "manager", "add", "later")

	require.Equal(t, "The account can log in from 127.0.0.1.\n", c.do(t, "manager", "probe", "crm"))
	require.Equal(t, "logged_in", c.json(t, "manager", "probe", "crm")["outcome"])
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
			o := c.withStdin("not the secret\n").withFlags("--json").run(t, append([]string{"manager", "probe"}, test.line...)...)
			require.Equal(t, exitFailed, o.code)
			require.Equal(t, test.outcome, decoded(t, o.stdout)["outcome"], "the result is JSON, alone on standard output")
			require.Equal(t, "pbxctl: the login failed ("+test.outcome+")\n", o.stderr)
		})
	}
	require.Contains(t, c.fails(t, exitRejected, "manager", "probe", "nobody"), "there is no such AMI account")
}
