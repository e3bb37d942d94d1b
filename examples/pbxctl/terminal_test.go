package main

import (
	"database/sql"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// requireNoControlCharacters fails on anything that a terminal would obey.
func requireNoControlCharacters(t require.TestingT, text string) {
	for _, r := range text {
		require.False(t, r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%q in %q", r, text)
	}
}

// TestCLI_escapesTerminalControlSequences puts into the database, past all rules,
// what another program might.
func TestCLI_escapesTerminalControlSequences(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	const hostile = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202egnp.exe\ndisabled  false\r\t\x7f"
	insertAMIAccount(t, c, &manager.Account{
		Name: "crm" + hostile, Secret: store.NewSecret("long enough for a secret"), Owner: hostile, Note: hostile, NamedACL: hostile,
		EventFilters: []manager.EventFilter{{Action: manager.Include, Header: hostile, Method: manager.MatchExact, Match: hostile}},
	})
	c.do(t, "admin", "add", "jane")
	c.exec(t, "UPDATE pbxusers_administrators SET display_name = '"+hostile+"', username = 'jane"+hostile+"', sections = '[\"\\u001b\"]'")
	c.exec(t, "UPDATE pbxusers_audit SET actor_name = '"+hostile+"', record_key = '"+hostile+"', reason = '"+hostile+"'")
	c.write(t, "manager.d/x.conf", "[other"+strings.ReplaceAll(hostile, "\n", " ")+"\n")
	for _, line := range [][]string{
		{"ami-account", "list"},
		{"ami-account", "list", "--search", "owned"},
		{"ami-account", "show", "crm" + hostile},
		{"ami-account", "disable", "crm" + hostile},
		{"ami-account", "show", hostile},
		{"ami-account", "add", hostile, "--permit", hostile},
		{"ami-account", hostile},
		{"--" + hostile},
		{"ami-account", "list", "--limit", hostile},
		{"ami-account", "list", "--limit", "1"},
		{"admin", "list"},
		{"admin", "show", "jane", "--explain", "team:" + hostile},
		{"admin", "show", hostile, "--explain", hostile},
		{"admin", "add", hostile, "--display-name", hostile, "--teams", hostile},
		{"audit", "list"},
		{"audit", "list", "--key", hostile},
		{"audit", "verify"},
		{"config", "plan"},
		{"config", "apply"},
		{"config", "install"},
		{"__complete", "ami-account", "show", "c"},
	} {
		for _, flag := range []string{"--json", "--json=false"} {
			o := c.run(t, append(line, flag)...)
			if line[0] == "__complete" {
				o = runLine(t, "", append(append([]string{"__complete"}, c.flags...), line[1:]...)...)
			}
			requireNoControlCharacters(t, o.stdout)
			requireNoControlCharacters(t, o.stderr)
			require.NotEmpty(t, o.stdout+o.stderr)
		}
	}
	shown := c.do(t, "ami-account", "show", "crm"+hostile)
	require.Equal(t, 1, strings.Count(shown, "\ndisabled  "), "a record cannot forge a line of its own")
	document := c.json(t, "ami-account", "show", "crm"+hostile)
	require.Equal(t, hostile, document["note"], "JSON keeps the very text")
}

// insertAMIAccount stores an account without asking the service.
func insertAMIAccount(t *testing.T, c *ctl, u *manager.Account) {
	t.Helper()
	keys, err := store.OpenKeyring(c.data("pbxusers.key"))
	require.NoError(t, err)
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(c.data("pbxusers.db")))
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	db, err := sqlstore.Open(t.Context(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	require.NoError(t, err)
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), u))
}

func TestEscapeControl_keepsPrintableText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		shown := escapeControl(text)
		requireNoControlCharacters(t, shown)
		requireNoControlCharacters(t, cell(text))
		require.NotContains(t, cell(text), "\n")
		if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			require.Equal(t, text, shown)
		}
	})
}
