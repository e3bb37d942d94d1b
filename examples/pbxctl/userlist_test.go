package main

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestCLI_userListSearchesSortsAndPages(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales")
	require.Equal(t, "No users. Create one: pbxctl user add USERNAME --default-extension EXTENSION\n", c.do(t, "user", "list"))
	require.Equal(t, "No matches.\n", c.do(t, "user", "list", "--search", "jane"))
	c.do(t, "user", "add", "Bob", "--last-name", "Adams", "--default-extension", "401", "--email", "bob@example.com")
	c.do(t, "user", "add", "alice", "--last-name", "Brown", "--linked-extensions", "401", "--groups", "Sales", "--disabled")
	c.do(t, "user", "add", "王伟", "--cell-phone", "+49 (170) 123")
	for want, line := range map[string]string{
		"alice Bob 王伟": "",
		"Bob alice":    "--search 401 --sort last_name",
		"alice":        "--group sales",
		"王伟":           "--search +49170123",
		"Bob":          "--email BOB@example.com",
		"Bob 王伟":       "--status enabled",
		"王伟 Bob alice": "--sort -username --directory=",
	} {
		names, next := c.listField(t, "username", append([]string{"user", "list"}, strings.Fields(line)...)...)
		require.Equal(t, want, strings.Join(names, " "), line)
		require.Empty(t, next)
	}
	names, next := c.listField(t, "username", "user", "list", "--extension", "401", "--limit", "1", "--not-welcomed")
	require.Equal(t, []string{"alice"}, names)
	names, next = c.listField(t, "username", "user", "list", "--extension", "401", "--limit", "1", "--after", next)
	require.Equal(t, []string{"Bob"}, names)
	require.Empty(t, next)
	require.Contains(t, c.do(t, "user", "list", "--limit", "1"), "\nMore: --after ")
	require.Contains(t, c.fails(t, exitRejected, "user", "list", "--sort", "password"), "\n  sort: ")
	require.Contains(t, c.fails(t, exitRejected, "user", "list", "--status", "gone"), "\n  status: choose one of enabled, disabled, deleted")
	require.Equal(t, 3, strings.Count(c.do(t, "user", "export"), "\n"))
}

func TestCLI_userRestoreAndPurge(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--default-extension", "401")
	require.Equal(t, "No matches.\n", c.do(t, "user", "list", "--deleted"))
	deleted := c.json(t, "user", "delete", "JANE")
	require.Equal(t, "jane", deleted["deleted"])
	id, _ := deleted["id"].(string)
	ids, _ := c.listField(t, "id", "user", "list", "--deleted", "--search", "ja")
	require.Equal(t, []string{id}, ids)
	require.Contains(t, c.do(t, "user", "list", "--deleted"), id)
	require.Equal(t, c.do(t, "user", "list", "--deleted"), c.do(t, "user", "list", "--status", "deleted"))

	c.do(t, "user", "add", "jane", "--default-extension", "401")
	require.Contains(t, c.fails(t, exitRejected, "user", "restore", id), "username: another user already has this username")
	restored := c.json(t, "user", "restore", id, "--username", "jane.old", "--default-extension", "")
	require.Equal(t, "jane.old", restored["username"])
	require.Empty(t, restored["default_extension"])
	require.Contains(t, c.fails(t, exitRejected, "user", "purge", id), "only deleted users")
	for _, verb := range []string{"restore", "purge"} {
		require.Contains(t, c.fails(t, exitRejected, "user", verb, "nonsense"), "there is no such deleted user\nRun 'pbxctl user list --deleted'", verb)
	}

	c.do(t, "user", "delete", "jane.old")
	require.Equal(t, map[string]any{"purged": id}, c.json(t, "user", "purge", id))
	require.Contains(t, c.fails(t, exitRejected, "user", "restore", id), "there is no such")
	require.Contains(t, c.do(t, "audit", "verify"), "No tampering found")
}

func TestCLI_userExitCodes(t *testing.T) {
	t.Parallel()
	c := offline(t).withoutDatabase(t)
	for _, line := range []string{"user list", "user show jane", "user sync", "user welcome jane", "group list", "token list", "user export"} {
		require.Contains(t, c.fails(t, exitFailed, strings.Fields(line)...), "there is no database", "%s makes none", line)
	}
	c.do(t, "user", "add", "jane")
	for line, code := range map[string]int{
		"user":             exitUsage,
		"user nonsense":    exitUsage,
		"user add":         exitUsage,
		"user add one two": exitUsage,
		"user add x --password a --password-file b":  exitUsage,
		"user add x --password a --generate":         exitUsage,
		"user password jane":                         exitUsage,
		"user password jane --generate --password x": exitUsage,
		"user welcome":                               exitUsage,
		"user welcome jane --all":                    exitUsage,
		"user picture jane":                          exitUsage,
		"user picture jane --remove --save x":        exitUsage,
		"user picture jane --remove=false":           exitUsage,
		"user password jane --generate=false":        exitUsage,
		"user permissions --permission xmpp.login":   exitUsage,
		"user mail preview":                          exitUsage,
		"user list --limit many":                     exitUsage,
		"user sync one two":                          exitUsage,
		"user list --base-url https://x/y":           exitUsage,
		"user sync --ldap-max-removals 2":            exitUsage,
		"user sync --ldap-delete-after -1":           exitUsage,
		"group add-member Sales":                     exitUsage,
		"group add x --priority high":                exitUsage,
		"token add jane --expires-at tomorrow":       exitUsage,
		"user sync":                                  exitRejected,
		"user sync elsewhere":                        exitRejected,
		"user list --smtp 127.0.0.1":                 exitRejected,
		"user list --ldap-url ldap://127.0.0.1":      exitRejected,
		"user list --language !":                     exitRejected,
		"user welcome jane":                          exitFailed,
		"user reset jane":                            exitFailed,
		"user list --mail-templates no/such/place":   exitFailed,
	} {
		output := c.fails(t, code, strings.Fields(line)...)
		require.True(t, strings.HasPrefix(output, "pbxctl: "), output)
	}
}

func TestCLI_completesUsersGroupsAndTokens(t *testing.T) {
	t.Parallel()
	first := offline(t).withoutDatabase(t)
	require.Empty(t, first.complete(t, "user", "show", ""))
	require.Len(t, snapshot(t, first.dataDir), 1, "completion makes no database")

	c := offline(t)
	completed := func(args ...string) []string {
		t.Helper()
		return c.complete(t, args...)
	}
	for _, name := range []string{"jane", "Janet", "mary.jane"} {
		c.do(t, "user", "add", name)
	}
	c.do(t, "group", "add", "Sales")
	id, _ := c.json(t, "token", "add", "jane")["id"].(string)
	for _, verb := range []string{"show", "edit", "disable", "enable", "delete", "password", "invite", "welcome", "reset", "softphone", "picture", "permissions", "mail preview", "end-sessions", "remove-second-factor"} {
		require.Equal(t, []string{"jane", "Janet"}, completed(append([]string{"user"}, append(strings.Fields(verb), "JA")...)...), verb)
		if verb != "password" && verb != "picture" { // these go on with the flags that they need
			require.Empty(t, completed(append([]string{"user"}, append(strings.Fields(verb), "jane", "")...)...), verb)
		}
	}
	for _, verb := range []string{"show", "edit", "delete", "members", "impact", "add-member", "remove-member"} {
		require.Equal(t, []string{"Sales"}, completed("group", verb, "s"), verb)
	}
	require.Equal(t, []string{"jane", "Janet"}, completed("group", "add-member", "Sales", "mary.jane", "ja"))
	for _, verb := range []string{"show", "edit", "rotate", "delete"} {
		require.Equal(t, []string{id}, completed("token", verb, id[:2]), verb)
	}
	require.Equal(t, []string{"jane", "Janet"}, completed("token", "add", "ja"))
	require.Equal(t, []string{"jane", "Janet"}, completed("token", "list", "ja"))
	require.Equal(t, []string{"xmpp.login="}, completed("user", "edit", "jane", "--permissions", "xm"))
	require.Equal(t, []string{"Sales"}, completed("user", "add", "x", "--groups", ""))
	require.Equal(t, []string{"enabled", "disabled", "deleted"}, completed("user", "list", "--status", ""))
	require.Equal(t, []string{"welcome", "reset"}, completed("user", "mail", "preview", "jane", "--kind", ""))
	deleted, _ := c.json(t, "user", "delete", "jane")["id"].(string)
	for _, verb := range []string{"restore", "purge"} {
		require.Equal(t, []string{deleted}, completed("user", verb, ""), verb)
	}
}

// copyRows makes as many more rows of the only one that a table has. Each of the
// given columns is what its SQL makes of i, the number of the copy.
func (c *ctl) copyRows(t *testing.T, table string, count int, given map[string]string) {
	t.Helper()
	rows, err := c.pool(t).QueryContext(t.Context(), "SELECT name FROM pragma_table_info('"+table+"')")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var columns, values []string
	for rows.Next() {
		var column string
		require.NoError(t, rows.Scan(&column))
		columns, values = append(columns, column), append(values, cmp.Or(given[column], column))
	}
	require.NoError(t, rows.Err())
	c.exec(t, fmt.Sprintf("WITH RECURSIVE copies(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM %[2]s, copies",
		count, table, strings.Join(columns, ", "), strings.Join(values, ", ")))
}

// What is typed may stand in more records than one page holds, or be no search.
func TestCLI_completionReadsAllPages(t *testing.T) {
	t.Parallel()
	c := offline(t)
	zoe, _ := c.json(t, "user", "add", "zoe")["id"].(string)
	c.copyRows(t, "pbxusers_users", store.MaxPageLimit, map[string]string{
		"id": "printf('%024d', i)", "username": "printf('anne%d', i)", "folded_username": "printf('anne%d', i)", "unique_username": "NULL",
	})
	require.Equal(t, []string{"zoe"}, c.complete(t, "user", "show", "zo"))

	id, _ := c.json(t, "token", "add", "zoe")["id"].(string)
	c.exec(t, "UPDATE pbxusers_tokens SET id = 'z' || substr(id, 2)")
	c.copyRows(t, "pbxusers_tokens", store.MaxPageLimit, map[string]string{"id": "printf('%016d', i)"})
	require.Equal(t, []string{"z" + id[1:]}, c.complete(t, "token", "show", "z"))
	require.Len(t, c.complete(t, "token", "show", ""), store.MaxPageLimit, "a page is enough to choose from")

	c.exec(t, "UPDATE pbxusers_users SET deleted = 1, deleted_at = updated_at")
	require.Equal(t, []string{zoe}, c.complete(t, "user", "restore", zoe[:12]))
}
