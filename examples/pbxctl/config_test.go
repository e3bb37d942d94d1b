package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

func TestCLI_applyWithoutAsteriskStaysPending(t *testing.T) {
	t.Parallel()
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	c.do(t, "config", "install")
	require.Contains(t, c.do(t, "config", "status"), "No changes are pending.\n")
	c.do(t, "ami-account", "add", "crm", "--preset", "click-to-call")
	before := snapshot(t, c.confDir)

	asterisk.Stop()
	output := c.fails(t, exitFailed, "config", "apply")
	require.Contains(t, output, asterisk.AMIAddr+" is unreachable")
	require.Contains(t, output, "; nothing was changed, and the changes are still pending\nStart Asterisk, ")
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")
	require.Equal(t, true, c.json(t, "config", "status")["pending"])
	require.Equal(t, before, snapshot(t, c.confDir))

	asterisk.Restart(t)
	secretFile := c.data("pbxusers_ami.secret")
	good := readSecret(t, secretFile)
	require.NoError(t, os.WriteFile(secretFile, []byte("not the secret\n"), 0o600))
	output = c.fails(t, exitFailed, "config", "apply")
	require.Contains(t, output, "Asterisk denied the login")
	require.Contains(t, output, "\nRun 'pbxctl config install' on the Asterisk host")
	require.NotContains(t, output, "not the secret")
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")

	require.NoError(t, os.Remove(secretFile))
	output = c.fails(t, exitFailed, "config", "apply")
	require.Contains(t, output, "no secret for the AMI account pbxusers")
	require.Contains(t, output, "--ami-secret-file")

	require.NoError(t, os.WriteFile(secretFile, []byte(good), 0o600))
	require.Contains(t, c.do(t, "config", "apply"), " is live.")
	require.Contains(t, c.do(t, "config", "status"), "No changes are pending.\n")
}

func TestCLI_rollbackAndRecover(t *testing.T) {
	t.Parallel()
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	c.do(t, "config", "install")
	require.Contains(t, c.fails(t, exitRejected, "config", "rollback"), "there is no earlier generation")
	require.Equal(t, "No apply was interrupted.\n", c.do(t, "config", "recover"))
	require.Equal(t, false, c.json(t, "config", "recover")["interrupted"])

	c.do(t, "ami-account", "add", "crm")
	c.do(t, "config", "apply")
	require.Equal(t, "Nothing to apply: Asterisk serves the current records.\n", c.do(t, "config", "apply"))
	require.ElementsMatch(t, []string{"pbxusers", "crm"}, liveAMIAccounts(t, asterisk))

	back := c.json(t, "config", "rollback")
	require.Equal(t, true, back["verified"])
	require.Equal(t, []string{"pbxusers"}, liveAMIAccounts(t, asterisk))
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ", "the record is still there")
	require.Contains(t, c.do(t, "config", "rollback"), "1 added, 0 modified, 0 removed\nGeneration ", "a second one returns")
	require.ElementsMatch(t, []string{"pbxusers", "crm"}, liveAMIAccounts(t, asterisk))
	require.Contains(t, c.do(t, "config", "status"), "No changes are pending.\n")
}

func TestCLI_applyWithAMINoneIsUnverified(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	require.Equal(t, "manager.d/pbxusers_manager.conf: 1 added, 0 modified, 0 removed\n"+
		"Files written, but not verified: there is no Asterisk to connect to. The changes stay pending.\n", c.do(t, "config", "apply"))
	require.Contains(t, c.read(t, ourFile), "\n[crm]\n")
	require.Equal(t, false, c.json(t, "config", "apply")["verified"])
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")
}

func TestCLI_planBeginsWithDangers(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "aaa", "--permit", "10.0.0.0/8")
	c.do(t, "ami-account", "add", "open")
	c.do(t, "ami-account", "add", "root", "--permit", "10.0.0.0/8", "--write", "command")
	require.True(t, strings.HasPrefix(c.do(t, "config", "plan"), "DANGER open: any address may connect\n"+
		"DANGER root: root-equivalent access; with write command the account can take over the whole PBX\nmanager.d/pbxusers_manager.conf (reload manager)\n"))
}

func TestCLI_configCommandsHintInstall(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.write(t, "manager.conf", "[general]\nenabled = yes\n")
	c.do(t, "ami-account", "add", "crm")
	for _, verb := range []string{"plan", "apply"} {
		output := c.fails(t, exitFailed, "config", verb)
		require.Contains(t, output, "manager.conf does not include pbxusers_manager.conf")
		require.Contains(t, output, "\nRun 'pbxctl config install'.\n")
	}
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")
}

func TestCLI_planNamesLineOfSyntaxError(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	c.write(t, "manager.d/x.conf", "[x]\nsecret = y\n[unclosed\n")
	for _, verb := range []string{"plan", "apply"} {
		require.Contains(t, c.fails(t, exitFailed, "config", verb), "manager.d/x.conf:3: ")
	}
	c.write(t, "manager.d/x.conf", "[Crm]\nsecret = by hand\n")
	require.Contains(t, c.fails(t, exitRejected, "config", "apply"), "manager.d/x.conf:1: ")
}

// TestCLI_applyNeverCreatesDatabase: run in the wrong folder it would otherwise
// apply "no accounts at all".
func TestCLI_applyNeverCreatesDatabase(t *testing.T) {
	t.Parallel()
	c := offline(t).withoutDatabase(t)
	before := snapshot(t, c.confDir)
	for _, line := range [][]string{{"config", "apply"}, {"config", "plan"}, {"config", "status"}, {"ami-account", "list"}, {"ami-account", "edit", "crm", "--disabled"}} {
		output := c.fails(t, exitFailed, line...)
		require.Contains(t, output, "there is no database")
		require.Contains(t, output, "\nSet its path with --db. ")
	}
	require.Equal(t, before, snapshot(t, c.confDir))
	require.Len(t, snapshot(t, c.dataDir), 1)

	c.do(t, "ami-account", "add", "crm")
	require.NoError(t, os.Remove(c.data("pbxusers.key")))
	for _, line := range [][]string{{"config", "apply"}, {"ami-account", "add", "other"}} {
		require.Contains(t, c.fails(t, exitFailed, line...), "there is no key file of the database")
	}
	require.NoFileExists(t, c.data("pbxusers.key"), "a new key could not read the secrets")
}
