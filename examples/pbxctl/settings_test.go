package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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
