package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// authorizes reports whether a program with the key may use a module.
func (c *ctl) authorizes(t *testing.T, id, key, module string) bool {
	t.Helper()
	_, err := c.openApp(t).Tokens.Authenticate(t.Context(), apitoken.Request{
		TokenID: apitoken.ID(id), Key: store.NewSecret(key), Module: module, RemoteAddr: netip.MustParseAddr("192.0.2.7"),
	})
	if err != nil {
		require.ErrorIs(t, err, store.ErrForbidden)
	}
	return err == nil
}

func TestCLI_tokenAddPrintsAPIRecord(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--default-extension", "401", "--permissions", "rest.use=on")
	added := c.json(t, "token", "add", "JANE", "--description", "CRM", "--extensions", "401", "--modules", "voicemail,contacts", "--modules", "history",
		"--requests-per-hour", "100", "--addresses", "192.0.2.7,198.51.100.9/24", "--expires-at", "2099-01-31T17:00:00Z")
	key, _ := added["key"].(string)
	id, _ := added["id"].(string)
	require.Regexp(t, `^[\w-]{43}$`, key)
	require.Regexp(t, `^[a-z0-9]{16}$`, id)
	for _, stamp := range []string{"created_at", "updated_at", "key_created_at"} {
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, added[stamp])
		delete(added, stamp)
	}
	require.Equal(t, c.json(t, "user", "show", "jane")["id"], added["user_id"])
	delete(added, "key")
	delete(added, "id")
	delete(added, "user_id")
	require.Equal(t, "jane", added["username"])
	delete(added, "username")
	require.Equal(t, map[string]any{
		"description": "CRM", "extensions": []any{"401"}, "modules": []any{"contacts", "history", "voicemail"}, "requests_per_hour": 100.0,
		"addresses": []any{"192.0.2.7/32", "198.51.100.0/24"}, "expires_at": "2099-01-31T17:00:00Z", "disabled": false,
	}, added)
	require.True(t, c.authorizes(t, id, key, "voicemail"))
	require.False(t, c.authorizes(t, id, key, "sms"))
	require.Regexp(t, `(?m)^username +jane$`, c.do(t, "token", "show", id))
}

func TestCLI_tokenKeyShownOnceAndRotated(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--permissions", "rest.use=on")
	output := c.do(t, "token", "add", "jane", "--modules", "all")
	require.Regexp(t, `(?m)^key +\S{43}   \(shown only once\)$`, output)
	require.Contains(t, output, "\nextensions         all\n")
	ids, _ := c.listField(t, "id", "token", "list", "jane")
	require.Len(t, ids, 1)
	rotated := c.json(t, "token", "rotate", ids[0])
	key, _ := rotated["key"].(string)
	require.NotContains(t, output, key)
	require.True(t, c.authorizes(t, ids[0], key, "voicemail"))
	for _, line := range []string{"token list", "token list jane", "token show " + ids[0], "token edit " + ids[0] + " --description x", "audit list", "user export"} {
		for _, format := range []string{"--json=false", "--json"} {
			printed := c.do(t, append(strings.Fields(line), format)...)
			require.NotContains(t, printed, key)
			require.NotContains(t, printed, `"key":`+` "`+key[:8])
		}
	}
	c.do(t, "token", "edit", ids[0], "--disabled")
	require.False(t, c.authorizes(t, ids[0], key, "voicemail"))
	require.Equal(t, map[string]any{"deleted": ids[0]}, c.json(t, "token", "delete", ids[0]))
	require.Equal(t, "No API tokens. Create one: pbxctl token add USERNAME\n", c.do(t, "token", "list"))
	require.Contains(t, c.do(t, "audit", "verify"), "No tampering found")
}

func TestCLI_tokenEditKeepsOtherFields(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane", "--default-extension", "401")
	before := c.json(t, "token", "add", "jane", "--description", "CRM", "--extensions", "401", "--modules", "voicemail", "--addresses", "2001:db8::/32",
		"--expires-at", "2099-01-31")
	id, _ := before["id"].(string)
	after := c.json(t, "token", "edit", id, "--requests-per-hour", "-1")
	require.InDelta(t, -1, after["requests_per_hour"], 0)
	for _, document := range []map[string]any{before, after} {
		delete(document, "requests_per_hour")
		delete(document, "updated_at")
		delete(document, "key")
	}
	require.Equal(t, before, after)
	after = c.json(t, "token", "edit", id, "--description", "", "--extensions", "all", "--modules", "all", "--addresses", "", "--expires-at", "", "--requests-per-hour", "0")
	require.Empty(t, after["description"])
	require.Equal(t, []any{"all"}, after["extensions"])
	require.Equal(t, []any{"all"}, after["modules"])
	require.Empty(t, after["addresses"])
	require.NotContains(t, after, "expires_at")
	require.InDelta(t, 1000, after["requests_per_hour"], 0)
}

func TestCLI_tokenReportsAllFieldErrors(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "user", "add", "jane")
	id, _ := c.json(t, "token", "add", "jane")["id"].(string)
	before := c.do(t, "token", "list", "--json")
	output := c.fails(t, exitRejected, "token", "add", "jane", "--addresses", "192.0.2.1,hush", "--extensions", "hush", "--modules", "hu\x00sh",
		"--requests-per-hour", "-7", "--expires-at", "1999-01-01")
	for _, field := range []string{"addresses[1]", "extensions[0]", "modules[0]", "requests_per_hour"} {
		require.Contains(t, output, "\n  "+field+": ")
	}
	require.NotContains(t, output, "hush")
	require.Contains(t, c.fails(t, exitRejected, "token", "edit", id, "--addresses", "fe80::1%eth0"), "\n  addresses[0]: enter an IP address")
	for _, line := range [][]string{{"token", "add", "jane"}, {"token", "edit", id}} {
		for _, list := range []string{"extensions", "modules"} {
			output = c.fails(t, exitRejected, append(slices.Clone(line), "--"+list, "")...)
			require.Equal(t, 1, strings.Count(output, "\n  "+list+": name "+list+", or all"), "none would be all")
		}
	}
	require.Contains(t, c.fails(t, exitRejected, "token", "list", ""), "\n  username: the username is empty")
	require.Contains(t, c.fails(t, exitRejected, "token", "list", "nobody"), "there is no such user")
	for _, verb := range []string{"show", "edit --disabled", "rotate", "delete"} {
		line := append([]string{"token"}, strings.Fields(verb)...)
		require.Contains(t, c.fails(t, exitRejected, append(line, "hush")...), "there is no such API token\nRun 'pbxctl token list'", verb)
	}
	require.Equal(t, before, c.do(t, "token", "list", "--json"))
}

func TestCLI_tokenListPaginatesWithOwners(t *testing.T) {
	t.Parallel()
	c := offline(t)
	for _, name := range []string{"jane", "王伟"} {
		c.do(t, "user", "add", name)
		c.do(t, "token", "add", name)
	}
	ids, next := c.listField(t, "id", "token", "list", "--limit", "1")
	more, end := c.listField(t, "id", "token", "list", "--limit", "1", "--after", next)
	require.NotEqual(t, ids, more)
	require.Empty(t, end)
	c.do(t, "user", "delete", "jane")
	output := c.do(t, "token", "list")
	require.Contains(t, output, "王伟")
	require.Contains(t, output, "jane", "also of who was deleted")
}
