package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
)

func TestCLI_amiAccountAddPrintsAPIRecord(t *testing.T) {
	t.Parallel()
	c := offline(t)
	added := c.json(t, "ami-account", "add", "crm", "--preset", "click-to-call", "--permit", "10.1.2.3/8,192.0.2.1",
		"--event-filters", "include,header=Channel,starts_with=PJSIP/a,b", "--note", "for the CRM", "--owner", "Jane")
	secret, _ := added["secret"].(string)
	require.Len(t, secret, 32)
	for _, stamp := range []string{"created_at", "updated_at", "secret_changed_at"} {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, added[stamp])
		delete(added, stamp)
	}
	delete(added, "secret")
	require.Equal(t, map[string]any{
		"name": "crm",
		"deny": []any{}, "permit": []any{"10.0.0.0/8", "192.0.2.1/32"}, "named_acl": "",
		"read": []any{"call", "user"}, "write": []any{"call", "originate"},
		"event_filters": []any{map[string]any{
			"action": "include", "event": "", "header": "Channel", "method": "starts_with", "match": "PJSIP/a,b",
		}},
		"display_connects": false, "allow_multiple_login": true, "write_timeout": float64(100),
		"disabled": false, "note": "for the CRM", "owner": "Jane",
		"warnings": []any{map[string]any{
			"field": "deny", "code": "deny_all_added", "message": "only the permitted addresses can log in; all others are denied",
		}},
	}, added)
}

func TestCLI_amiAccountSecretShownOnce(t *testing.T) {
	t.Parallel()
	c := offline(t)
	first, _ := c.json(t, "ami-account", "add", "crm")["secret"].(string)
	second, _ := c.json(t, "ami-account", "rotate", "crm")["secret"].(string)
	require.NotEmpty(t, first)
	require.NotEmpty(t, second)
	require.NotEqual(t, first, second)

	// One that was given is not shown at all.
	const given = "given by a person"
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(given+"\n"), 0o600))
	require.NotContains(t, c.do(t, "ami-account", "add", "other", "--secret-file", path, "--json"), given)
	require.NotContains(t, c.withStdin(given+" too\r\n").do(t, "ami-account", "rotate", "other", "--secret-file", "-"), given)
	c.do(t, "config", "apply")
	require.Regexp(t, `(?m)^secret *= `+given+` too$`, c.read(t, ourFile))

	for _, line := range [][]string{
		{"ami-account", "show", "crm"}, {"ami-account", "list"}, {"ami-account", "edit", "crm", "--note", "x"}, {"ami-account", "disable", "crm"},
		{"ami-account", "enable", "crm"}, {"config", "plan"}, {"config", "apply"}, {"config", "status"}, {"ami-account", "delete", "crm"}, {"config", "plan"},
	} {
		for _, format := range []string{"--json=false", "--json"} {
			if line[1] == "delete" && format == "--json" {
				continue
			}
			printed := c.do(t, append(line, format)...)
			for _, secret := range []string{first, second, given} {
				require.NotContains(t, printed, secret, "%v", line)
			}
			if format == "--json" {
				require.NotContains(t, printed, `"secret":`, "%v", line)
			}
		}
	}
}

func TestSecretFlags_rejectEmptySecret(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	before := c.do(t, "ami-account", "show", "crm", "--json")
	for _, given := range [][]string{{"--secret", ""}, {"--secret-file", "-"}, {"--secret-file", os.DevNull}} {
		for _, verb := range []string{"rotate", "edit", "probe"} {
			output := c.fails(t, exitRejected, append([]string{"ami-account", verb, "crm"}, given...)...)
			require.Contains(t, output, "secret: the given value is empty; without the flag, ", verb)
		}
		require.Contains(t, c.fails(t, exitRejected, append([]string{"ami-account", "add", "other"}, given...)...), "without the flag, a secret is generated")
	}
	c.fails(t, exitFailed, "ami-account", "rotate", "crm", "--secret-file", "")
	require.Equal(t, before, c.do(t, "ami-account", "show", "crm", "--json"))
	require.Equal(t, []string{"crm"}, c.page(t, "ami-account", "list").names())
}

func TestCLI_amiAccountEditKeepsOtherFields(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm", "--preset", "click-to-call", "--deny", "192.0.2.0/24", "--permit", "192.0.2.1",
		"--event-filters", "exclude,event=Newexten", "--note", "kept", "--owner", "Jane", "--write-timeout", "2000")
	before := c.json(t, "ami-account", "show", "crm")

	expect := func(field string, value any, flags ...string) {
		t.Helper()
		edited := c.json(t, append([]string{"ami-account", "edit", "CRM"}, flags...)...)
		before[field] = value
		for _, own := range []string{"updated_at", "warnings"} {
			before[own] = edited[own]
		}
		require.Equal(t, before, edited, "%v", flags)
	}
	expect("owner", "Joe", "--owner", "Joe")
	expect("permit", []any{"10.0.0.0/8", "2001:db8::/32"}, "--permit", "10.0.0.0/8", "--permit", "2001:db8::/32")
	expect("permit", []any{}, "--permit", "")
	expect("deny", []any{}, "--deny", "")
	expect("event_filters", []any{}, "--event-filters", "")
	expect("read", []any{}, "--read", "")
	expect("write", []any{"system"}, "--write", "system")
	expect("allow_multiple_login", false, "--allow-multiple-login=false")
	expect("display_connects", true, "--display-connects")
	expect("write_timeout", float64(100), "--write-timeout", "0")
	expect("named_acl", "office", "--named-acl", "office")
	expect("note", "", "--note", "")
	expect("disabled", true, "--disabled")

	preset := c.json(t, "ami-account", "edit", "crm", "--preset", "queue-dashboard", "--read", "agent")
	require.Equal(t, []any{"agent"}, preset["read"], "a flag goes before the preset")
	require.Equal(t, []any{}, preset["write"])
}

func TestCLI_amiAccountEditSetsSecret(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	require.NotContains(t, c.withStdin("read from standard input\n").do(t, "ami-account", "edit", "crm", "--secret-file", "-"), "read from")
	c.do(t, "config", "apply")
	require.Regexp(t, `(?m)^secret *= read from standard input$`, c.read(t, ourFile))
}

func TestCLI_amiAccountDisableAndEnable(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	for _, step := range []struct {
		verb  string
		there bool
	}{{"disable", false}, {"enable", true}, {"delete", false}} {
		require.Contains(t, c.do(t, "ami-account", step.verb, "crm"), "pending")
		c.do(t, "config", "apply")
		require.Equal(t, step.there, strings.Contains(c.read(t, ourFile), "[crm]"), step.verb)
	}
	require.Contains(t, c.fails(t, exitRejected, "ami-account", "delete", "crm"), "there is no such AMI account\nRun 'pbxctl ami-account list' ")
}

func TestCLI_amiAccountProtectsApplyAccount(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "config", "install")
	for _, line := range [][]string{{"delete", "pbxusers"}, {"disable", "pbxusers"}, {"rotate", "pbxusers"}, {"edit", "pbxusers", "--write", "call"}} {
		output := c.fails(t, exitRejected, append([]string{"ami-account"}, line...)...)
		require.Contains(t, output, "needed by pbxusers to apply changes")
		require.Contains(t, output, "\nSwitch to another account first: run 'pbxctl config install --ami-user NAME'")
	}
	second := c.withFlags("--ami-user", "second")
	second.do(t, "config", "install")
	second.do(t, "ami-account", "delete", "pbxusers")
	require.Equal(t, []string{"second"}, second.page(t, "ami-account", "list").names())
}

func TestCLI_amiAccountListPaginates(t *testing.T) {
	t.Parallel()
	c := offline(t)
	require.Equal(t, "x", c.json(t, "ami-account", "add", "x", "--owner", "Zoe")["name"])
	for i := range 4 {
		c.do(t, "ami-account", "add", fmt.Sprintf("crm%d", i), "--note", "of Anna", "--read", "call")
	}
	for _, page := range []struct {
		flags []string
		names []string
		next  string
	}{
		{nil, []string{"crm0", "crm1", "crm2", "crm3", "x"}, ""},
		{[]string{"--limit", "2"}, []string{"crm0", "crm1"}, "crm1"},
		{[]string{"--limit", "2", "--after", "crm1"}, []string{"crm2", "crm3"}, "crm3"},
		{[]string{"--limit", "2", "--after", "crm3"}, []string{"x"}, ""},
		{[]string{"--search", "ANNA", "--limit", "3"}, []string{"crm0", "crm1", "crm2"}, "crm2"},
		{[]string{"--search", "zoe"}, []string{"x"}, ""},
		{[]string{"--search", "nobody"}, []string{}, ""},
	} {
		listed := c.page(t, append([]string{"ami-account", "list"}, page.flags...)...)
		require.Equal(t, page.names, listed.names(), "%v", page.flags)
		require.Equal(t, page.next, listed.Next, "%v", page.flags)
	}
	text := c.do(t, "ami-account", "list", "--limit", "1")
	require.Equal(t, "NAME  READ  WRITE  PERMIT  DISABLED  OWNER\ncrm0  call  none   -       false     -\nMore: --after crm0\n", text)
	require.Equal(t, "No matches.\n", c.do(t, "ami-account", "list", "--search", "nobody"))
}

func TestCLI_amiAccountListSorts(t *testing.T) {
	t.Parallel()
	c := offline(t)
	for _, name := range []string{"b", "c", "a"} {
		c.do(t, "ami-account", "add", name)
	}
	require.Equal(t, []string{"b", "c", "a"}, c.page(t, "ami-account", "list", "--sort", "created_at").names())
	require.Equal(t, []string{"c", "b", "a"}, c.page(t, "ami-account", "list", "--sort", "-name").names())
	first := c.page(t, "ami-account", "list", "--sort", "-created_at", "--limit", "2")
	require.Equal(t, []string{"a", "c"}, first.names())
	require.Equal(t, []string{"b"}, c.page(t, "ami-account", "list", "--sort", "-created_at", "--after", first.Next).names())
	require.Contains(t, c.fails(t, exitRejected, "ami-account", "list", "--sort", "note"), "\n  sort: sort by one of name, ")
}

func TestCLI_amiAccountDeletePrintsStoredName(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "Crm")
	require.Equal(t, map[string]any{"deleted": "Crm"}, c.json(t, "ami-account", "delete", "cRM"))
}

func TestCLI_amiAccountAddRejectsManualAccountName(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.write(t, "manager.d/x.conf", "; by hand\n\n[Crm]\nsecret = x\n")
	output := c.fails(t, exitRejected, "ami-account", "add", "crm")
	require.Contains(t, output, "manager.d/x.conf:3")
	require.Equal(t, "No AMI accounts.", strings.SplitAfter(c.do(t, "ami-account", "list"), ".")[0])
}

func TestCLI_amiAccountWarnsOfUnknownNamedACL(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.write(t, "acl.conf", "[office]\ndeny = 0.0.0.0/0\n")
	const warning = "warning: named_acl: acl.conf does not have this list, so nobody could log in with the account"
	require.Contains(t, c.do(t, "ami-account", "add", "crm", "--named-acl", "offices"), warning)
	require.Contains(t, c.do(t, "ami-account", "show", "crm"), warning)
	require.NotContains(t, c.do(t, "ami-account", "edit", "crm", "--named-acl", "office"), warning)
	require.Contains(t, c.do(t, "ami-account", "edit", "crm", "--named-acl", "offices"), warning)
}

// TestCLI_managerReportsAllFieldErrors: what a flag cannot hold together with
// what the service refuses.
func TestCLI_amiAccountReportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	c := offline(t)
	invalidFlags := []string{
		"--permit", "10.0.0.0/8,bad", "--deny", "worse", "--read", "call,nothing", "--event-filters", "exclude,nonsense",
		"--preset", "none-such", "--write-timeout", "5", "--owner", "two\nlines", "--secret-file", "-",
	}
	fields := func(output string) (names []string) {
		for _, line := range strings.Split(strings.TrimSpace(output), "\n")[1:] {
			name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			names = append(names, name)
		}
		return names
	}
	output := c.fails(t, exitRejected, append([]string{"ami-account", "add", "bad name"}, invalidFlags...)...)
	require.True(t, strings.HasPrefix(output, "pbxctl: rejected, nothing was changed:\n"), output)
	common := []string{"secret", "preset", "deny[0]", "permit[1]", "read[1]", "event_filters[0]", "write_timeout", "owner"}
	require.ElementsMatch(t, append([]string{"name"}, common...), fields(output))
	for _, value := range []string{"bad name", "worse", "nonsense", "none-such"} {
		require.NotContains(t, output, value, "no submitted value is repeated")
	}

	c.do(t, "ami-account", "add", "crm", "--owner", "Jane")
	require.ElementsMatch(t, common, fields(c.fails(t, exitRejected, append([]string{"ami-account", "edit", "crm"}, invalidFlags...)...)))
	require.Equal(t, []string{"permit[0]", "name"}, fields(c.fails(t, exitRejected, "ami-account", "add", "CRM", "--permit", "bad")))
	require.Equal(t, []string{"permit[0]"}, fields(c.fails(t, exitRejected, "ami-account", "edit", "crm", "--owner", "Joe", "--permit", "bad")))
	require.Equal(t, []string{"permit[0]"}, fields(c.fails(t, exitRejected, "ami-account", "add", "other", "--permit", "bad")))
	require.Equal(t, "Jane", c.json(t, "ami-account", "show", "crm")["owner"], "nothing was changed")
	c.fails(t, exitRejected, "ami-account", "show", "other")
}

func TestCLI_amiAccountPresetsLists(t *testing.T) {
	t.Parallel()
	c := offline(t)
	require.Contains(t, c.do(t, "ami-account", "presets"), "click-to-call\n  A CRM that starts calls")
	presets := c.page(t, "ami-account", "presets")
	require.Empty(t, presets.Next)
	require.Equal(t, manager.PresetNames(), presets.names())
}
