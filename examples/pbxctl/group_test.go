package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCLI_groupAddPrintsAPIRecord(t *testing.T) {
	t.Parallel()
	c := offline(t)
	added := c.json(t, "group", "add", "Sales", "--description", "All who sell", "--priority", "10", "--default",
		"--permissions", "portal.click_to_dial=off", "--permissions", "sms.numbers=+49301,+49302")
	for _, stamp := range []string{"created_at", "updated_at"} {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, added[stamp])
		delete(added, stamp)
	}
	require.Equal(t, map[string]any{
		"name": "Sales", "description": "All who sell", "priority": 10.0, "default": true, "directory": "", "members": 0.0,
		"permissions": map[string]any{"portal.click_to_dial": false, "sms.numbers": []any{"+49301", "+49302"}},
	}, added)
	require.Regexp(t, `(?m)^permissions +portal.click_to_dial=off\npermissions +sms.numbers=\+49301, \+49302$`, c.do(t, "group", "show", "SALES"))
	require.InDelta(t, 100, c.json(t, "group", "add", "Plain")["priority"], 0)
}

func TestCLI_groupEditKeepsOtherFields(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales", "--description", "x", "--default", "--permissions", "xmpp.login=on")
	before := c.json(t, "group", "show", "Sales")
	after := c.json(t, "group", "edit", "sales", "--priority", "5")
	require.InDelta(t, 5, after["priority"], 0)
	for _, document := range []map[string]any{before, after} {
		delete(document, "priority")
		delete(document, "updated_at")
	}
	require.Equal(t, before, after)
	after = c.json(t, "group", "edit", "sales", "--description", "", "--default=false", "--permissions", "xmpp.login=", "--priority", "0")
	require.Empty(t, after["description"])
	require.Equal(t, false, after["default"])
	require.Empty(t, after["permissions"])
	require.InDelta(t, 100, after["priority"], 0, "0 is the default")
}

func TestCLI_groupListSortsByPriority(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane")
	require.Equal(t, "No groups. Create one: pbxctl group add NAME --default\n", c.do(t, "group", "list"))
	for _, line := range []string{"b --priority 5", "c --priority 1", "A --priority 5"} {
		c.do(t, append([]string{"group", "add"}, strings.Fields(line)...)...)
	}
	require.Equal(t, []string{"c", "A", "b"}, c.page(t, "group", "list").names())
	require.Regexp(t, `(?m)^1 +c +- +0 +false\n5 +A `, c.do(t, "group", "list"))
}

func TestCLI_groupMemberChangesAreAtomic(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales")
	for _, name := range []string{"alice", "bob", "carol"} {
		c.do(t, "user", "add", name, "--groups", "")
	}
	require.InDelta(t, 2, c.json(t, "group", "add-member", "sales", "alice", "BOB")["members"], 0)
	require.Contains(t, c.fails(t, exitRejected, "group", "add-member", "Sales", "carol", "nobody"), "\n  usernames[1]: ")
	names, next := c.listField(t, "username", "group", "members", "SALES")
	require.Equal(t, []string{"alice", "bob"}, names)
	require.Empty(t, next)
	items, _ := c.json(t, "group", "members", "Sales", "--limit", "1")["items"].([]any)
	require.Equal(t, []any{map[string]any{"username": "alice", "name": "alice", "default_extension": "", "disabled": false}}, items)
	require.InDelta(t, 1, c.json(t, "group", "remove-member", "Sales", "alice", "carol")["members"], 0)
	for _, line := range []string{"members", "impact", "show", "edit --default", "delete"} {
		args := append([]string{"group"}, strings.Fields(line)...)
		require.Contains(t, c.fails(t, exitRejected, append(args, "nowhere")...), "there is no such group\nRun 'pbxctl group list'", line)
	}
}

func TestCLI_groupImpactBeforeDelete(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales", "--permissions", "xmpp.login=on")
	c.do(t, "user", "add", "alice", "--groups", "Sales")
	c.do(t, "user", "add", "bob", "--groups", "Sales", "--permissions", "xmpp.login=on")
	output := c.do(t, "group", "impact", "Sales")
	require.Regexp(t, `(?m)^alice +xmpp.login +on -> off$`, output)
	require.Regexp(t, `(?m)^bob +loses nothing`, output)
	require.Contains(t, output, "2 members, 2 shown.\n")
	shown := c.json(t, "group", "impact", "Sales", "--limit", "1")
	require.Len(t, shown["items"], 1)
	require.InDelta(t, 2, shown["total"], 0)

	output = c.fails(t, exitRejected, "group", "delete", "Sales")
	require.Contains(t, output, "this group is needed by user alice, user bob")
	require.Contains(t, output, "'pbxctl group impact NAME'")
	require.Equal(t, map[string]any{"deleted": "Sales"}, c.json(t, "group", "delete", "SALES", "--force"))
	require.Empty(t, c.json(t, "user", "show", "alice")["groups"])
	require.Contains(t, c.do(t, "audit", "verify"), "No tampering found")
}

func TestCLI_groupReportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "group", "add", "Sales")
	output := c.fails(t, exitRejected, "group", "add", "a\nb", "--priority", "99999", "--description", "hush\x1b[2J", "--permissions", "xmpp.login=hush", "--permissions", "no.such=on")
	for _, field := range []string{"name", "priority", "description", "permissions.xmpp.login", "permissions.no.such"} {
		require.Contains(t, output, "\n  "+field+": ")
	}
	require.NotContains(t, output, "hush")
	require.Contains(t, c.fails(t, exitRejected, "group", "add", "SALES"), "name: another group already has this name")
	require.Contains(t, c.fails(t, exitRejected, "group", "edit", "Sales", "--permissions", "xmpp.login=x"), "\n  permissions.xmpp.login: ")
	require.Equal(t, []string{"Sales"}, c.page(t, "group", "list").names())
}
