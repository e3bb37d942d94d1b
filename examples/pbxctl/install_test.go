package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

// closedManagerConf is a manager.conf as Asterisk's own sample has it: AMI is
// off, would listen everywhere, and nothing is included.
const closedManagerConf = "[general]\nenabled = no\nport = {{port}}\nbindaddr = 0.0.0.0\n"

const includeLine = "#tryinclude pbxusers_manager.conf\n"

func TestCLI_installReportsAndFixesIssues(t *testing.T) {
	t.Parallel()
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{"manager.conf": closedManagerConf}})
	c.withoutDatabase(t)
	original := c.read(t, "manager.conf")
	for range 2 {
		o := c.run(t, "config", "install")
		require.Equal(t, exitFailed, o.code)
		require.Equal(t, "pbxctl: manager.conf:2: AMI is off; the fix sets enabled = yes\n"+
			"To fix it, run 'pbxctl config install --fix enabled'.\n", o.stderr)
		require.Contains(t, o.stdout, "manager.conf:4: AMI listens on an address that other hosts can reach")
		require.Contains(t, o.stdout, "\n  To fix it, run 'pbxctl config install --fix bindaddr'.\n")
		require.Equal(t, original+includeLine, c.read(t, "manager.conf"), "the include line is added once, and nothing is fixed")
	}
	require.NoFileExists(t, c.data("pbxusers.db"), "it goes no further")

	output := c.fails(t, exitRejected, "config", "install", "--fix", "everything")
	require.Contains(t, output, "  fix: ")
	require.Contains(t, output, "\nRun 'pbxctl config install --dry-run' ")
	o := c.run(t, "config", "install", "--json")
	require.Equal(t, exitFailed, o.code)
	require.Empty(t, o.stdout, "standard output is JSON, or nothing")

	c.withFlags("--ami", "none").do(t, "config", "install")
	require.Empty(t, liveAMIAccounts(t, asterisk), "all is written, and Asterisk knows nothing of it")
	fixed := c.do(t, "config", "install", "--fix", "enabled", "--fix", "bindaddr")
	require.Contains(t, fixed, "manager.conf:2: AMI is off; the fix sets enabled = yes\n  Fixed.\n")
	require.Contains(t, fixed, "manager.conf:4: ")
	require.Contains(t, fixed, " is live.")
	after := strings.NewReplacer("enabled = no", "enabled = yes", "0.0.0.0", "127.0.0.1").Replace(original)
	require.Equal(t, after+includeLine, c.read(t, "manager.conf"))
	require.Equal(t, []string{"pbxusers"}, liveAMIAccounts(t, asterisk))
	require.Contains(t, strings.Join(asterisk.Console(t, "manager show settings"), "\n"), asterisk.AMIAddr)
}

func TestCLI_configNamesAccountsOfExec(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "accounts.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nprintf '[printed]\\nsecret = Known2Secret3Printed4\\n'\n"), 0o700))
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true, ExecIncludes: true, Files: map[string]string{
		"manager.d/printed.conf": "#exec " + script + "\n",
	}})
	const finding = "manager.d/printed.conf:1: no file has these AMI accounts of Asterisk, so this program may print them: printed;"
	require.Contains(t, c.do(t, "config", "install", "--dry-run"), finding)
	require.Contains(t, c.do(t, "config", "install"), finding)
	require.Contains(t, c.fails(t, exitRejected, "ami-account", "add", "Printed"), "in the running Asterisk; a program may print it at manager.d/printed.conf:1")
	c.do(t, "ami-account", "add", "crm", "--permit", "127.0.0.1")
	require.Contains(t, c.do(t, "config", "plan"), "! "+finding)
	require.Contains(t, c.do(t, "config", "apply"), "! "+finding)
	require.ElementsMatch(t, []string{"crm", "pbxusers", "printed"}, liveAMIAccounts(t, asterisk))
	require.Contains(t, c.withFlags("--ami", "none").do(t, "config", "plan"), "! manager.d/printed.conf:1: this program may print AMI accounts")
}

func TestCLI_installRepairsDamage(t *testing.T) {
	t.Parallel()
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	secretFile := c.data("pbxusers_ami.secret")

	output := c.withFlags("--asterisk", c.data("no-asterisk")).fails(t, exitFailed, "config", "install")
	require.Contains(t, output, "the files are written, but Asterisk could not reload them")
	require.Contains(t, output, "\nRun 'pbxctl config install' again on the Asterisk host")
	require.Empty(t, liveAMIAccounts(t, asterisk))
	secret := readSecret(t, secretFile)
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")

	for _, damage := range []struct {
		name string
		do   func()
	}{
		{"the secret file was never written", func() { require.NoError(t, os.Remove(secretFile)) }},
		{"the secret file holds another secret", func() { require.NoError(t, os.WriteFile(secretFile, []byte("stale\n"), 0o600)) }},
		{"others may read the secret file", func() { require.NoError(t, os.Chmod(secretFile, 0o644)) }},
		{"Asterisk forgot the account", func() {
			c.write(t, ourFile, "")
			asterisk.Console(t, "manager reload")
			require.Empty(t, liveAMIAccounts(t, asterisk))
		}},
		{"Asterisk has another secret", func() {
			c.write(t, ourFile, "[pbxusers]\nsecret = by hand\nwrite = all\n")
			asterisk.Console(t, "manager reload")
			require.Contains(t, c.fails(t, exitFailed, "config", "apply"), "\nRun 'pbxctl config install'")
		}},
	} {
		damage.do()
		c.do(t, "config", "install")
		require.Equal(t, secret, readSecret(t, secretFile), damage.name)
		answer, _ := logIn(t, asterisk, "pbxusers", secret)
		require.Equal(t, loginSucceeds, answer, damage.name)
		require.Contains(t, c.do(t, "config", "status"), "No changes are pending.\n", damage.name)
	}
}

// readSecret reads the file of the secret, which only its owner may read.
func readSecret(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.TrimSuffix(string(content), "\n")
}

func TestCLI_installDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	c := offline(t).withoutDatabase(t)
	c.write(t, "manager.conf", closedManagerConf)
	before := snapshot(t, c.confDir)
	output := c.do(t, "config", "install", "--dry-run", "--fix", "enabled")
	require.Equal(t, "Dry run: nothing was changed. These changes would be made:\n"+
		"manager.conf: line added at the end: #tryinclude pbxusers_manager.conf\n"+
		"manager.conf:2: AMI is off; the fix sets enabled = yes\n"+
		"  Fixed.\n"+
		"manager.conf:4: AMI listens on an address that other hosts can reach; the fix sets bindaddr = 127.0.0.1, which locks out integrations on other hosts\n"+
		"  To fix it, run 'pbxctl config install --fix bindaddr'.\n"+
		"AMI account: pbxusers, secret in "+c.data("pbxusers_ami.secret")+"\n", output)
	rejected := c.fails(t, exitRejected, "config", "install", "--dry-run", "--fix", "everything")
	require.Contains(t, rejected, "  fix: ")
	require.Contains(t, rejected, "\nRun 'pbxctl config install --dry-run' ")
	document := c.json(t, "config", "install", "--dry-run")
	require.Nil(t, document["apply"])
	installation, _ := document["installation"].(map[string]any)
	require.Len(t, installation["issues"], 2)
	require.Equal(t, before, snapshot(t, c.confDir))
	require.Len(t, snapshot(t, c.dataDir), 1, "no database, no key, no secret: the folder alone")
}

func TestCLI_installWithoutAsteriskIsUnverified(t *testing.T) {
	t.Parallel()
	c := offline(t)
	output := c.do(t, "config", "install")
	require.Contains(t, output, "Files written, but not verified: there is no Asterisk to connect to. The changes stay pending.\n")
	require.Regexp(t, `(?m)^\[pbxusers\]\nsecret *= `+readSecret(t, c.data("pbxusers_ami.secret"))+`$`, c.read(t, ourFile))
	require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")

	document := c.json(t, "config", "install")
	apply, _ := document["apply"].(map[string]any)
	require.Equal(t, false, apply["verified"])
	require.Equal(t, "pbxusers", document["ami_user"])
	require.Equal(t, c.data("pbxusers_ami.secret"), document["ami_secret_file"])
}

func TestCLI_installRejectsForeignDirectory(t *testing.T) {
	t.Parallel()
	c := newCtl(t, t.TempDir())
	output := c.fails(t, exitFailed, "config", "install")
	require.Contains(t, output, "not the configuration folder of an Asterisk")
	require.Contains(t, output, "\nCheck the paths: --conf-dir")
}

// An account that Asterisk has already does the work, and its section stays.
func TestCLI_installUsesManualAMIAccountWithKnownSecret(t *testing.T) {
	t.Parallel()
	const manual = "\n[deploy]\nsecret = Known2Secret3Manual4\nread = security\nwrite = system,command,reporting\npermit = 127.0.0.1\n"
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = yes\nport = {{port}}\nbindaddr = 127.0.0.1\n" + manual,
	}})
	c.withoutDatabase(t)
	original := c.read(t, "manager.conf")
	secret := c.data("deploy.secret")
	require.NoError(t, os.WriteFile(secret, []byte("Known2Secret3Manual4\n"), 0o600))
	deploy := c.withFlags("--ami-user", "deploy", "--ami-secret-file", secret)
	output := deploy.fails(t, exitRejected, "config", "install")
	require.Contains(t, output, "it lacks config in write")

	c.write(t, "manager.conf", strings.Replace(original, "write = system", "write = config,system", 1)+includeLine)
	asterisk.Console(t, "manager reload")
	after := c.read(t, "manager.conf")
	require.Contains(t, deploy.do(t, "config", "install"), " is live.")
	require.Equal(t, after, c.read(t, "manager.conf"))
	deploy.do(t, "ami-account", "add", "crm", "--permit", "127.0.0.1")
	require.Contains(t, deploy.do(t, "config", "apply"), " is live.")
	require.ElementsMatch(t, []string{"crm", "deploy"}, liveAMIAccounts(t, asterisk))
}

func TestCLI_installKeepsManualAMIAccount(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.write(t, "manager.d/x.conf", "\n[PbxUsers]\nsecret = by hand\n")
	require.Contains(t, c.fails(t, exitRejected, "config", "install"), "manager.d/x.conf:2")
	require.NoFileExists(t, c.data("pbxusers_ami.secret"))
}
