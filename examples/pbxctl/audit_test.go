package main

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// entries runs 'audit list' and returns what it lists.
func (c *ctl) entries(t *testing.T, line ...string) []map[string]any {
	t.Helper()
	items, _ := c.json(t, append([]string{"audit", "list"}, line...)...)["items"].([]any)
	entries := make([]map[string]any, len(items))
	for i, item := range items {
		entries[i], _ = item.(map[string]any)
	}
	return entries
}

func TestAudit_recordsEveryCommandWithActor(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "config", "install")
	c.do(t, "ami-account", "add", "crm")
	c.do(t, "ami-account", "edit", "crm", "--note", "x")
	c.do(t, "ami-account", "rotate", "crm")
	c.do(t, "config", "apply")
	c.do(t, "ami-account", "delete", "crm")
	c.addRoot(t)
	c.do(t, "admin", "add", "jane")
	edited := c.run(t, "admin", "edit", "jane", "--sections", "audit") // it warns that the link ends
	require.Equal(t, exitOK, edited.code, edited.stderr)
	c.do(t, "admin", "delete", "jane")
	c.fails(t, exitRejected, "ami-account", "add", "general")

	current, err := user.Current()
	require.NoError(t, err)
	var lines []string
	for _, e := range c.entries(t) {
		require.Equal(t, map[string]any{"kind": "console", "name": current.Username, "remote_addr": ""}, e["actor"])
		lines = append(lines, fmt.Sprintf("%v %v %v", e["action"], e["kind"], e["outcome"]))
	}
	text := strings.Join(lines, "\n")
	for _, want := range []string{
		"install configuration succeeded", "create AMI account succeeded", "apply configuration succeeded", "update AMI account succeeded", "delete AMI account succeeded",
		"create administrator succeeded", "update administrator succeeded", "delete administrator succeeded", "create AMI account denied",
	} {
		require.Contains(t, text, want)
	}
	require.Equal(t, "create AMI account denied", lines[0], "newest first")
}

func TestCLI_auditListFiltersAndPages(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	c.do(t, "ami-account", "add", "wallboard")
	c.do(t, "ami-account", "delete", "crm")
	c.fails(t, exitRejected, "ami-account", "delete", "crm")
	count := func(line ...string) int { return len(c.entries(t, line...)) }
	all := count()
	require.GreaterOrEqual(t, all, 4)
	require.Equal(t, 2, count("--action", "create"))
	require.Equal(t, 1, count("--action", "create", "--key", "crm"))
	require.Equal(t, 1, count("--outcome", "denied"))
	require.Equal(t, all, count("--kind", "AMI account"))
	require.Zero(t, count("--kind", "administrator"))
	require.Zero(t, count("--actor", "nobody"))
	require.Equal(t, all, count("--since", "2020-01-31", "--until", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	require.Zero(t, count("--until", "2020-01-31 17:00:00"))
	require.Zero(t, count("--since", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	require.Equal(t, "No entries found.\n", c.do(t, "audit", "list", "--actor", "nobody"))

	output := c.do(t, "audit", "list", "--limit", "1")
	require.Regexp(t, `^SEQUENCE +TIME +ACTOR +ADDRESS +ACTION +KIND +KEY +OUTCOME +REASON\n\d+ +[-\d]+ [:\d]+ +console \S+ +- +delete +AMI account +- +denied +\S.*\n`, output)
	next := regexp.MustCompile(`\nMore: --after (\d+)\n$`).FindStringSubmatch(output)
	require.NotNil(t, next, output)
	rest := c.entries(t, "--after", next[1])
	require.Len(t, rest, all-1)
}

func TestAudit_recordsExportBeforeOutput(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane")
	require.Contains(t, c.do(t, "user", "export"), `"username":"jane"`)
	exports := c.entries(t, "--action", "export")
	require.Len(t, exports, 1)
	require.Equal(t, []any{"user", "", "succeeded"}, []any{exports[0]["kind"], exports[0]["key"], exports[0]["outcome"]})

	line := slices.Concat(c.flags, []string{"user", "export"})
	require.Equal(t, exitFailed, run(t.Context(), line, strings.NewReader(""), fullWriter{}, io.Discard))
	require.Len(t, c.entries(t, "--action", "export"), 2, "also when the rest fails")

	_, err := c.pool(t).ExecContext(t.Context(), "CREATE TRIGGER no_entry BEFORE INSERT ON pbxusers_audit BEGIN SELECT RAISE(ABORT, 'no'); END")
	require.NoError(t, err)
	o := c.run(t, "user", "export")
	require.Equal(t, exitFailed, o.code)
	require.Empty(t, o.stdout, "what cannot be recorded is not printed")
}

func TestAudit_verifyDetectsReplacedLog(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	output := c.do(t, "audit", "verify")
	checkpointMatch := regexp.MustCompile(`\nCheckpoint for the next time: --since (\d+):([0-9a-f]{64})\n$`).FindStringSubmatch(output)
	require.NotNil(t, checkpointMatch, output)
	c.do(t, "ami-account", "add", "wallboard")
	c.do(t, "audit", "verify", "--since", checkpointMatch[1]+":"+checkpointMatch[2])
	verified := c.json(t, "audit", "verify", "--since", checkpointMatch[1]+":"+strings.ToUpper(checkpointMatch[2]))
	require.Empty(t, verified["findings"])
	require.InDelta(t, 2, verified["records"], 0)

	// A new log is valid in itself.
	for _, name := range []string{"pbxusers.db", "pbxusers.db-wal", "pbxusers.db-shm"} {
		require.NoError(t, os.RemoveAll(c.data(name)))
	}
	c.do(t, "ami-account", "add", "crm")
	c.do(t, "ami-account", "add", "wallboard")
	c.do(t, "audit", "verify")
	output = c.fails(t, exitFailed, "audit", "verify", "--since", checkpointMatch[1]+":"+checkpointMatch[2])
	require.Contains(t, output, "\n  entry "+checkpointMatch[1]+": the entry differs from the checkpoint")
}

func TestCLI_auditBaselineAcceptsUntrackedRecords(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	c.exec(t, "DELETE FROM pbxusers_audit")
	c.exec(t, "DELETE FROM pbxusers_audit_head")
	require.Contains(t, c.fails(t, exitFailed, "audit", "verify"), "AMI account crm: ")
	require.Equal(t, []any{map[string]any{"kind": "AMI account", "key": "crm"}}, c.json(t, "audit", "baseline")["baselined"])
	c.do(t, "audit", "verify")
	c.do(t, "ami-account", "edit", "crm", "--owner", "Sales")
	c.do(t, "audit", "verify")
	require.Equal(t, "Nothing to baseline: the audit log knows every record.\n", c.do(t, "audit", "baseline"))
}

// TestConsoleActor_usesSudoUserForRoot runs alone: the environment is that of
// the whole process.
func TestConsoleActor_usesSudoUserForRoot(t *testing.T) {
	t.Setenv("SUDO_USER", "somebody")
	current, err := user.Current()
	require.NoError(t, err)
	want := current.Username
	if os.Getuid() == 0 {
		want = "somebody"
	}
	require.Equal(t, want, consoleActor().Name, "only root is believed")
}

func TestAudit_recordsRejectedFlagsOnce(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	c.do(t, "admin", "add", "jane")
	c.do(t, "ami-account", "add", "crm")
	for _, test := range []struct {
		stdin string
		line  []string
		want  []any
	}{
		{"", []string{"admin", "add", "bob", "--extensions", "hush"}, []any{"create", "administrator", "bob", "invalid: extensions (range)"}},
		{"", []string{"admin", "add", "hush me", "--dids", "hush"}, []any{"create", "administrator", "", "invalid: dids (range), username (username)"}},
		{"", []string{"admin", "edit", "JANE", "--extensions", "hush"}, []any{"update", "administrator", "jane", "invalid: extensions (range)"}},
		{"", []string{"admin", "edit", "nobody", "--extensions", "hush"}, []any{"update", "administrator", "", "not_found"}},
		{"\n", []string{"admin", "add", "bob", "--password-file", "-"}, []any{"create", "administrator", "bob", "invalid: password (required)"}},
		{"\n", []string{"admin", "password", "JANE", "--password-file", "-"}, []any{"set password", "administrator", "jane", "invalid: password (required)"}},
		{"", []string{"ami-account", "add", "pbx", "--permit", "hush"}, []any{"create", "AMI account", "pbx", "invalid: permit[0] (network)"}},
		{"", []string{"ami-account", "edit", "CRM", "--read", "hush"}, []any{"update", "AMI account", "crm", "invalid: read[0] (privilege)"}},
		{"\n", []string{"ami-account", "rotate", "CRM", "--secret-file", "-"}, []any{"rotate", "AMI account", "crm", "invalid: secret (required)"}},
		{"", []string{"config", "install", "--fix", "hush"}, []any{"install", "configuration", filepath.Base(c.confDir), "invalid: fix (unknown)"}},
	} {
		before := len(c.entries(t))
		require.NotContains(t, c.withStdin(test.stdin).fails(t, exitRejected, test.line...), "hush")
		entries := c.entries(t)
		require.Len(t, entries, before+1, "%v", test.line)
		e := entries[0]
		require.Equal(t, "denied", e["outcome"], "%v", test.line)
		require.Equal(t, test.want, []any{e["action"], e["kind"], e["key"], e["reason"]})
	}
	c.do(t, "audit", "verify")
}

func TestAudit_recordsApplyConnectionFailure(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "config", "install")
	for _, verb := range []string{"apply", "rollback", "recover"} {
		c.withFlags("--ami", "127.0.0.1:1").fails(t, exitFailed, "config", verb)
		e := c.entries(t)[0]
		require.Equal(t, []any{verb, "configuration", "failed", "failed: connect, nothing changed"},
			[]any{e["action"], e["kind"], e["outcome"], e["reason"]})
	}
	c.withFlags("--ami", "127.0.0.1:1", "--asterisk", c.data("no-asterisk")).fails(t, exitFailed, "config", "install")
	e := c.entries(t)[0]
	require.Equal(t, []any{"install", "configuration", "failed"}, []any{e["action"], e["kind"], e["outcome"]})
}

func TestAudit_recordsInstallBeforeBlockingIssue(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	c.write(t, "manager.conf", closedManagerConf)
	output := c.withFlags("--ami", "127.0.0.1:1").fails(t, exitFailed, "config", "install")
	require.Contains(t, output, "AMI is off")
	e := c.entries(t)[0]
	require.Equal(t, []any{"install", "configuration", "succeeded"}, []any{e["action"], e["kind"], e["outcome"]})
	require.Contains(t, c.read(t, "manager.conf"), includeLine, "this was changed")
}
