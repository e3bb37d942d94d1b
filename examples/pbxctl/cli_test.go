package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
)

func TestCLI_exitCodes(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	for _, test := range []struct {
		line string
		code int
	}{
		{"", exitOK},
		{"--help", exitOK},
		{"help ami-account add", exitOK},
		{"ami-account presets", exitOK},
		{"ami-account list --limit 1", exitOK},
		{"config plan", exitOK},
		{"completion zsh", exitOK},

		{"--db sqlite:" + c.data("no/such.db") + " ami-account list", exitFailed},
		{"--conf-dir " + c.data("nowhere") + " config install", exitFailed},
		{"--key-file " + c.confDir + " ami-account list", exitFailed},
		{"--ami 127.0.0.1:1 config apply", exitFailed},
		{"ami-account add other --secret-file " + c.data("no-such-file"), exitFailed},
		{"--ami 127.0.0.1:1 ami-account probe crm", exitFailed},

		{"ami-account", exitUsage},
		{"config", exitUsage},
		{"nonsense", exitUsage},
		{"ami-account nonsense", exitUsage},
		{"ami-account add", exitUsage},
		{"ami-account add one two", exitUsage},
		{"ami-account list one", exitUsage},
		{"ami-account show", exitUsage},
		{"config apply one", exitUsage},
		{"ami-account add x --nonsense", exitUsage},
		{"ami-account add x --write-timeout soon", exitUsage},
		{"ami-account add x --secret one --secret-file two", exitUsage},
		{"ami-account list --limit many", exitUsage},

		{"ami-account add crm", exitRejected},
		{"ami-account add CRM", exitRejected},
		{"ami-account add general", exitRejected},
		{"ami-account add x --secret short", exitRejected},
		{"ami-account add x --permit nonsense", exitRejected},
		{"ami-account add x --preset nonsense", exitRejected},
		{"ami-account show nobody", exitRejected},
		{"ami-account edit nobody --note x", exitRejected},
		{"ami-account rotate nobody", exitRejected},
		{"ami-account delete nobody", exitRejected},
		{"--ami 127.0.0.1:1 ami-account probe nobody", exitRejected},
		{"ami-account probe crm", exitRejected},
		{"config rollback", exitRejected},
		{"--db postgres:x ami-account list", exitRejected},
	} {
		t.Run(test.line, func(t *testing.T) {
			t.Parallel()
			o := c.run(t, strings.Fields(test.line)...)
			require.Equal(t, test.code, o.code, o.stderr)
			require.Equal(t, test.code == exitOK, o.stderr == "", o.stderr)
			switch test.code {
			case exitOK:
				require.NotEmpty(t, o.stdout)
			case exitUsage:
				require.Contains(t, o.stderr, "--help' for usage.\n")
				fallthrough
			case exitRejected:
				require.Empty(t, o.stdout)
			}
			if test.code != exitOK {
				require.True(t, strings.HasPrefix(o.stderr, "pbxctl: "), o.stderr)
			}
		})
	}
}

func TestCLI_warnsOfReadableDatabase(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	path := c.data("pbxusers.db")
	require.NoError(t, os.Chmod(path, 0o644))
	o := c.run(t, "ami-account", "list")
	require.Equal(t, exitOK, o.code)
	require.Contains(t, o.stderr, "warning: other users of this host can read the database; run: chmod 600 "+path+"\n")
	require.NotContains(t, o.stdout, "warning")
}

func TestCLI_usageErrorsNameCommandHelp(t *testing.T) {
	t.Parallel()
	c := offline(t)
	require.Contains(t, c.fails(t, exitUsage, "ami-account", "add", "x", "--nonsense"), "\nRun 'pbxctl ami-account add --help' for usage.\n")
	output := c.fails(t, exitUsage, "ami-account")
	require.Equal(t, "pbxctl: missing subcommand for ami-account; available: add, delete, disable, edit, enable, list, presets, probe, rotate, show\n"+
		"Run 'pbxctl ami-account --help' for usage.\n", output)
}

func TestRequireChange_rejectsEditWithoutFlags(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	c.do(t, "ami-account", "add", "crm")
	c.do(t, "group", "add", "Sales")
	c.do(t, "user", "add", "jane")
	id, _ := c.json(t, "token", "add", "jane")["id"].(string)
	log := c.do(t, "audit", "list", "--json")
	for noun, name := range map[string]string{"admin": "root", "ami-account": "crm", "group": "Sales", "user": "jane", "token": id} {
		for _, flag := range []string{"--json", "--product=x"} { // flags of every command are no fields
			output := c.fails(t, exitUsage, noun, "edit", name, flag)
			require.Equal(t, "pbxctl: nothing to change: give at least one field as a flag\nRun 'pbxctl "+noun+" edit --help' for usage.\n", output)
		}
	}
	require.Equal(t, log, c.do(t, "audit", "list", "--json"))
}

func TestSplitValues_trimsSpaces(t *testing.T) {
	t.Parallel()
	c := offline(t)
	jane := c.json(t, "user", "add", "jane", "--default-extension", "4001", "--linked-extensions", "4002 , 4003", "--other-emails", "a@example.com, b@example.com")
	require.Equal(t, []any{"4002", "4003"}, jane["linked_extensions"])
	require.Equal(t, []any{"a@example.com", "b@example.com"}, jane["other_emails"])
	token := c.json(t, "token", "add", "jane", "--extensions", "4001, 4002", "--modules", " voicemail, contacts", "--addresses", "192.0.2.7, 198.51.100.0/24")
	require.Equal(t, []any{"4001", "4002"}, token["extensions"])
	require.Equal(t, []any{"contacts", "voicemail"}, token["modules"])
	require.Equal(t, []any{"192.0.2.7/32", "198.51.100.0/24"}, token["addresses"])
	admin := c.json(t, "admin", "add", "root", "--sections", "ami-accounts, apply", "--extensions", "205, 100-199", "--teams", " , acme")
	require.Equal(t, []any{"ami-accounts", "apply"}, admin["sections"])
	require.Equal(t, "100-199,205", admin["extensions"])
	require.Equal(t, []any{"", "acme"}, admin["teams"])
	account := c.json(t, "ami-account", "add", "crm", "--permit", "10.0.0.0/8, 127.0.0.1", "--read", "call, user")
	require.Equal(t, []any{"10.0.0.0/8", "127.0.0.1/32"}, account["permit"])
	require.Equal(t, []any{"call", "user"}, account["read"])
}

func TestCLI_helpDescribesEveryFlag(t *testing.T) {
	t.Parallel()
	c := offline(t)
	help := c.do(t, "admin", "add", "--help") + c.do(t, "admin", "show", "--help") + c.do(t, "admin", "password", "--help") +
		c.do(t, "audit", "list", "--help") + c.do(t, "ami-account", "add", "--help") +
		c.do(t, "user", "edit", "--help") + c.do(t, "user", "list", "--help") + c.do(t, "user", "password", "--help") + c.do(t, "user", "sync", "--help") +
		c.do(t, "user", "mail", "preview", "--help") +
		c.do(t, "group", "add", "--help") + c.do(t, "token", "add", "--help") + c.do(t, "help", "flags")
	for _, flag := range []string{
		"display-name", "access", "sections", "extensions", "dids", "teams", "password", "password-file", "explain", "invite",
		"actor", "action", "kind", "key", "outcome", "since", "until", "after", "limit", "config", "base-url",
		"secret", "secret-file", "preset", "deny", "permit", "named-acl", "read", "write", "event-filters", "display-connects",
		"allow-multiple-login", "write-timeout", "disabled", "note", "owner",
		"username", "description", "title", "company", "department", "first-name", "last-name", "email", "other-emails", "cell-phone", "home-phone",
		"work-phone", "fax", "language", "time-zone", "default-extension", "linked-extensions", "groups", "permissions", "must-change-password",
		"external-id", "status", "directory", "group", "not-welcomed", "generate", "disable-tokens", "dry-run", "priority", "default",
		"modules", "requests-per-hour", "addresses", "expires-at",
		"product", "mail-templates", "login-by-email", "login-by-extension", "password-lifetime", "smtp", "smtp-from", "smtp-user",
		"smtp-password-file", "smtp-local-name", "smtp-security", "smtp-ca-file", "ldap-url", "ldap-name", "ldap-kind", "ldap-start-tls", "ldap-ca-file", "ldap-bind-dn",
		"ldap-password-file", "ldap-base-dn", "ldap-filter", "ldap-group-base-dn", "ldap-max-removals", "ldap-delete-after",
		"db", "key-file", "conf-dir", "ami", "ami-user", "ami-secret-file", "asterisk", "json",
	} {
		require.Regexp(t, `--`+flag+`( \S+)? {2,}\S`, help)
	}
}

// TestConfig_globalFlagsFromEnvironment runs alone: the environment is
// that of the whole process.
func TestConfig_globalFlagsFromEnvironment(t *testing.T) {
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	folder := t.TempDir()
	script := filepath.Join(folder, "asterisk")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nexec "+strings.Join(asterisk.Command(), " ")+" \"$@\"\n"), 0o700))
	for variable, value := range map[string]string{
		"DB":              "sqlite:" + filepath.Join(folder, "records.db"),
		"KEY_FILE":        filepath.Join(folder, "own.key"),
		"CONF_DIR":        asterisk.ConfDir,
		"AMI":             asterisk.AMIAddr,
		"AMI_USER":        "applier",
		"AMI_SECRET_FILE": filepath.Join(folder, "own.secret"),
		"ASTERISK":        script,
		"JSON":            "true",
	} {
		t.Setenv("PBXUSERS_"+variable, value)
	}
	o := runLine(t, "", "config", "install")
	require.Equal(t, exitOK, o.code, o.stderr)
	require.Equal(t, "applier", decoded(t, o.stdout)["ami_user"])
	require.Equal(t, []string{"applier"}, liveAMIAccounts(t, asterisk))
	for _, name := range []string{"records.db", "own.key", "own.secret"} {
		require.FileExists(t, filepath.Join(folder, name))
	}
	answer, _ := logIn(t, asterisk, "applier", readSecret(t, filepath.Join(folder, "own.secret")))
	require.Equal(t, loginSucceeds, answer)

	// The command line goes before the environment.
	require.Contains(t, runLine(t, "", "config", "status", "--json=false").stdout, "No changes are pending.\n")
	t.Setenv("PBXUSERS_AMI", "127.0.0.1:1")
	require.Equal(t, exitFailed, runLine(t, "", "config", "apply").code)
	require.Equal(t, exitOK, runLine(t, "", "config", "apply", "--ami", asterisk.AMIAddr).code)
	t.Setenv("PBXUSERS_JSON", "perhaps")
	o = runLine(t, "", "config", "status")
	require.Equal(t, exitUsage, o.code)
	require.Equal(t, "pbxctl: the environment variable PBXUSERS_JSON holds no bool for --json\nRun 'pbxctl config status --help' for usage.\n", o.stderr)
	t.Setenv("PBXUSERS_JSON", "")
	require.Contains(t, runLine(t, "", "config", "status").stdout, "No changes are pending.\n", "an empty variable is none")
}

func TestCLI_completion(t *testing.T) {
	t.Parallel()
	c := offline(t).withoutDatabase(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		require.Contains(t, c.do(t, "completion", shell), "__complete")
	}
	completed := func(args ...string) []string {
		t.Helper()
		return c.complete(t, args...)
	}
	require.Empty(t, completed("ami-account", "show", ""))
	require.Len(t, snapshot(t, c.dataDir), 1, "completion makes no database")
	for _, name := range []string{"crm1", "Crm2", "xcrm"} {
		c.do(t, "ami-account", "add", name)
	}
	for _, verb := range []string{"show", "edit", "rotate", "disable", "enable", "delete", "probe"} {
		require.Equal(t, []string{"crm1", "Crm2"}, completed("ami-account", verb, "cr"), verb)
		require.Empty(t, completed("ami-account", verb, "crm1", ""), verb)
	}
	require.Equal(t, manager.PresetNames(), completed("ami-account", "add", "x", "--preset", ""))
	require.Contains(t, completed("ami-account", "add", "x", "--read", ""), "agent")
	c.addRoot(t)
	for _, verb := range []string{"show", "edit", "password", "disable", "enable", "delete", "recover"} {
		require.Equal(t, []string{"root"}, completed("admin", verb, "RO"), verb)
	}
	require.Equal(t, sectionIDs(), completed("admin", "add", "x", "--sections", ""))
	require.Equal(t, []string{"enabled", "bindaddr"}, completed("config", "install", "--fix", ""))
}
