package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

const (
	loginSucceeds = "Response: Success"
	loginFails    = "Response: Error"
)

// TestE2E_installAddApplyAndDelete is the story of the README, on a host where nothing of ours is
// known yet.
func TestE2E_installAddApplyAndDelete(t *testing.T) {
	t.Parallel()
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	c.withoutDatabase(t)
	require.Empty(t, liveAMIAccounts(t, asterisk))

	installed := c.do(t, "config", "install")
	require.Contains(t, installed, "manager.d/pbxusers_manager.conf: included by manager.conf:6\n")
	require.Contains(t, installed, "Generation 2 is live.\n")
	require.Equal(t, []string{"pbxusers"}, liveAMIAccounts(t, asterisk))
	for _, private := range []string{"pbxusers_ami.secret", "pbxusers.key", "pbxusers.db"} {
		info, err := os.Stat(c.data(private))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), private)
	}

	added := c.do(t, "ami-account", "add", "crmpro_ami", "--preset", "click-to-call", "--permit", "10.0.0.0/8", "--permit", "127.0.0.0/8")
	secret := shownSecret(t, added)

	plan := c.do(t, "config", "plan")
	require.Contains(t, plan, "  + [crmpro_ami]\n    + secret = [redacted]\n")
	require.NotContains(t, plan, secret)
	require.Equal(t, []string{"pbxusers"}, liveAMIAccounts(t, asterisk), "a plan changes nothing")
	answer, _ := logIn(t, asterisk, "crmpro_ami", secret)
	require.Equal(t, loginFails, answer)

	applied := c.do(t, "config", "apply")
	require.Equal(t, "manager.d/pbxusers_manager.conf: 1 added, 0 modified, 0 removed\nGeneration 3 is live.\n", applied)
	require.ElementsMatch(t, []string{"pbxusers", "crmpro_ami"}, liveAMIAccounts(t, asterisk))
	answer, session := logIn(t, asterisk, "crmpro_ami", secret)
	require.Equal(t, loginSucceeds, answer)

	before := snapshot(t, c.confDir)
	again := c.do(t, "config", "install")
	require.Contains(t, again, "Nothing to apply: Asterisk serves the current records.\n")
	require.Equal(t, before, snapshot(t, c.confDir), "a second installation finds nothing to do")

	require.Contains(t, c.do(t, "ami-account", "delete", "crmpro_ami"), "the account works until 'pbxctl config apply'")
	require.Contains(t, c.do(t, "config", "apply"), "  ended an open session of crmpro_ami from 127.0.0.1\n")
	session.requireEnded(t)
	answer, _ = logIn(t, asterisk, "crmpro_ami", secret)
	require.Equal(t, loginFails, answer)
	require.Equal(t, []string{"pbxusers"}, liveAMIAccounts(t, asterisk))
}
