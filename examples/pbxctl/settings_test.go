package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
)

// settingsFile writes a file of settings for c, with more lines.
func (c *ctl) settingsFile(t *testing.T, lines string) string {
	t.Helper()
	path := c.data("site.ini")
	content := "db = sqlite:" + c.data("pbxusers.db") + "\nconf_dir = " + c.confDir + "\nami = none\n" + lines
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestConfig_flagsOverrideIniFile(t *testing.T) {
	t.Parallel()
	c := offline(t)
	path := c.settingsFile(t, "json = true\nbase-url = https://pbx.example.com\nlisten = :8080\n")
	o := runLine(t, "", "--config", path, "admin", "add", "jane")
	require.Equal(t, exitOK, o.code, o.stderr)
	invitation, _ := decoded(t, o.stdout)["invitation"].(map[string]any)
	require.Contains(t, invitation["url"], "https://pbx.example.com/set-password/")
	o = runLine(t, "", "--config", path, "admin", "list", "--json=false")
	require.Contains(t, o.stdout, "USERNAME")
	o = runLine(t, "", "--config", path, "ami-account", "list", "--db", "sqlite:"+c.data("other.db"))
	require.Contains(t, o.stderr, "other.db")
	o = runLine(t, "", "__complete", "--config", path, "admin", "show", "")
	require.Equal(t, "jane\n:4\n", o.stdout, "a shell completes with it, too")
}

func TestConfig_badIniFileIsUsageError(t *testing.T) {
	t.Parallel()
	c := offline(t)
	path := c.settingsFile(t, "colour = hush\n")
	o := runLine(t, "", "--config", path, "ami-account", "list")
	require.Equal(t, exitUsage, o.code)
	require.Equal(t, "pbxctl: "+path+": unknown setting colour\nRun 'pbxctl ami-account list --help' for usage.\n", o.stderr)
	o = runLine(t, "", "--config", c.data("missing.ini"), "ami-account", "list")
	require.Equal(t, exitUsage, o.code)
	require.Contains(t, o.stderr, "missing.ini")
	o = runLine(t, "", "--config", path, "ami-account", "list", "--help")
	require.Equal(t, exitOK, o.code, "help needs no settings")
}

// TestConfig_findsIniFileInWorkingDirectory runs alone: the working
// directory and the environment are those of the whole process.
func TestConfig_findsIniFileInWorkingDirectory(t *testing.T) {
	c := offline(t)
	path := c.settingsFile(t, "ami-user = applier\n")
	folder := t.TempDir()
	t.Chdir(folder)
	require.NoError(t, os.Rename(path, filepath.Join(folder, "pbxusers.ini")))
	o := runLine(t, "", "config", "install", "--dry-run")
	require.Contains(t, o.stdout, "AMI account: applier, secret in "+c.data("pbxusers_ami.secret"), o.stderr)

	path = c.settingsFile(t, "ami-user = other\n")
	t.Setenv("PBXUSERS_CONFIG", path)
	require.Contains(t, runLine(t, "", "config", "install", "--dry-run").stdout, "AMI account: other")
	t.Setenv("PBXUSERS_AMI_USER", "third")
	require.Contains(t, runLine(t, "", "config", "install", "--dry-run").stdout, "AMI account: third")
}

func TestCLI_settingsSetGetListUnset(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	require.Equal(t, "Saved.\n", c.do(t, "settings", "set", "product", "ACME Telephony"))
	require.Equal(t, "ACME Telephony\n", c.do(t, "settings", "get", "product"))
	require.Equal(t, "Saved.\n", c.withStdin("hush-hush\n").do(t, "settings", "set", "smtp=127.0.0.1:1", "smtp-security=none", "smtp_from=pbx@example.com",
		"smtp-user=pbx", "--secret-file", "-"))
	require.Equal(t, "(secret)\n", c.do(t, "settings", "get", "smtp-password"))
	shown := c.json(t, "settings", "get", "smtp-password")
	require.Nil(t, shown["value"])
	require.Equal(t, true, shown["has_secret"])
	require.NotContains(t, c.do(t, "settings", "list")+c.do(t, "settings", "list", "--json")+c.do(t, "audit", "list", "--json"), "hush-hush")
	require.Regexp(t, `(?m)^smtp +127\.0\.0\.1:1 +saved here$`, c.do(t, "settings", "list"))
	require.Regexp(t, `(?m)^ami +none +set by --ami$`, c.do(t, "settings", "list"))
	require.Regexp(t, `(?m)^product +Line +set by --product$`, c.do(t, "settings", "list", "--product", "Line"))

	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "smtp", "127.0.0.2:1"), "smtp-password: enter it again")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "ami", "127.0.0.1"), "ami: set by --ami")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "conf-dir", "/tmp"), "conf-dir")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "colour", "red"), "pbxctl settings list")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "smtp-password", "hush"), "--secret-file")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "smtp-password"), "--secret-file")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "session-idle", "soon"), "whole number")
	require.Contains(t, c.fails(t, exitRejected, "settings", "set", "product"), "write the value")
	c.fails(t, exitUsage, "settings", "set")

	c.withStdin("other").do(t, "settings", "set", "smtp", "127.0.0.2:1", "--secret-file", "-")
	items, _ := c.json(t, "settings", "unset", "smtp", "smtp-password", "smtp-user")["items"].([]any)
	require.Len(t, items, 3)
	require.Equal(t, "\n", c.do(t, "settings", "get", "smtp-password"))
	require.Equal(t, "ok", c.auditState(t))
}

// auditState is "ok" if audit verify finds nothing.
func (c *ctl) auditState(t *testing.T) string {
	t.Helper()
	c.do(t, "audit", "verify")
	return "ok"
}

func TestCLI_settingsSetPublicURLAsksForConfirmation(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	require.Contains(t, c.do(t, "settings", "set", "base-url", "https://pbx.example.com"), "https://pbx.example.com/settings/public-url")
	require.Equal(t, "\n", c.do(t, "settings", "get", "base-url"))
}

func TestCLI_settingsTestReportsResultAndFails(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	server := smtp.Start(t, nil)
	require.Contains(t, c.do(t, "settings", "test", "asterisk"), "No Asterisk is configured")
	c.fails(t, exitFailed, "settings", "test", "mail", "--to", "jane@example.org")
	require.Contains(t, c.fails(t, exitRejected, "settings", "test", "directory"), "directory")
	c.fails(t, exitUsage, "settings", "test", "mail")
	c.do(t, "settings", "set", "smtp="+server.Addr, "smtp-security=none", "smtp-from=pbx@example.com")
	require.Contains(t, c.do(t, "settings", "test", "mail", "--to", "jane@example.org"), "sent: ")
	require.Equal(t, []string{"jane@example.org"}, server.Receive(t).To)
	c.do(t, "settings", "set", "ldap-url=ldaps://127.0.0.1:1", "ldap-base-dn=dc=example,dc=com")
	o := c.run(t, "settings", "test", "directory")
	require.Equal(t, exitFailed, o.code)
	require.Contains(t, o.stdout, "could not be read")
}
