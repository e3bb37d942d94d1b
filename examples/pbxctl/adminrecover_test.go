package main

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func TestCLI_keepsLastFullAdministratorAndRecovers(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	c.do(t, "admin", "add", "jane", "--access", "full")
	for _, line := range [][]string{
		{"admin", "delete", "root"},
		{"admin", "disable", "root"},
		{"admin", "edit", "root", "--disabled"},
		{"admin", "edit", "root", "--access", "limited"},
		{"admin", "edit", "root", "--access", "limited", "--sections", "administrators"},
	} {
		require.Contains(t, c.fails(t, exitRejected, line...), "this is the last enabled full administrator who can log in", "jane has no password yet")
	}
	require.True(t, c.logsIn(t, "root", goodPassword))

	// Another program takes it away all the same.
	c.exec(t, "UPDATE pbxusers_administrators SET disabled = 1")
	require.False(t, c.logsIn(t, "root", goodPassword))
	token := shownSecret(t, c.do(t, "admin", "recover", "ROOT"))
	const next = "drei blaue Deiche voller Schafe"
	c.acceptInvitation(t, token, next)
	require.True(t, c.logsIn(t, "root", next))
	require.Contains(t, c.do(t, "audit", "list", "--action", "recover"), "root")

	// With a second one who can log in, the first may go.
	c.do(t, "admin", "edit", "jane", "--disabled=false")
	c.do(t, "admin", "password", "jane", "--password", goodPassword)
	require.Equal(t, "root", c.json(t, "admin", "delete", "Root")["deleted"])
	c.fails(t, exitRejected, "admin", "delete", "jane")
	require.Contains(t, c.do(t, "audit", "list", "--action", "delete", "--outcome", "denied", "--key", "jane"), "jane", "denials are recorded, too")
}

// pool opens the database, past all rules.
func (c *ctl) pool(t *testing.T) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(c.data("pbxusers.db")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

// exec runs a statement on the database, past all rules.
func (c *ctl) exec(t *testing.T, statement string) {
	t.Helper()
	result, err := c.pool(t).ExecContext(t.Context(), statement)
	require.NoError(t, err)
	changed, err := result.RowsAffected()
	require.NoError(t, err)
	require.Positive(t, changed, statement)
}

func TestCLI_adminAddReportsMissingInvitation(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.addRoot(t)
	_, err := c.pool(t).ExecContext(t.Context(), "CREATE TRIGGER no_link BEFORE UPDATE ON pbxusers_administrators BEGIN SELECT RAISE(ABORT, 'no'); END")
	require.NoError(t, err)
	output := c.fails(t, exitFailed, "admin", "add", "jane")
	require.Contains(t, output, "pbxctl: the administrator was created, but not the link: ")
	require.Contains(t, output, "\nThe link is lost. Run 'pbxctl admin password jane --invite' for a new one.\n")
	c.do(t, "admin", "show", "jane")
}

func TestCLI_auditVerifyDetectsTampering(t *testing.T) {
	t.Parallel()
	untouched := offline(t)
	untouched.addRoot(t)
	untouched.do(t, "ami-account", "add", "crm")
	untouched.do(t, "admin", "add", "jane", "--sections", "ami-accounts")
	require.Contains(t, untouched.do(t, "audit", "verify"), "No tampering found: ")
	for name, test := range map[string]struct {
		statement, code, key string
	}{
		"an administrator changed": {"UPDATE pbxusers_administrators SET access = 'full', sections = '[]' WHERE username = 'jane'", "record_modified", "jane"},
		"an administrator added": {
			`CREATE TEMP TABLE eve AS SELECT * FROM pbxusers_administrators WHERE username = 'root';
				UPDATE eve SET username = 'eve', folded_username = 'eve';
				INSERT INTO pbxusers_administrators SELECT * FROM eve`, "record_untracked", "eve",
		},
		"an administrator removed":  {"DELETE FROM pbxusers_administrators WHERE username = 'jane'", "record_missing", "jane"},
		"an AMI account changed":    {"UPDATE pbxusers_ami_accounts SET write_classes = 'system'", "record_modified", "crm"},
		"a password put back":       {"UPDATE pbxusers_administrators SET password_hash = 'x' WHERE username = 'root'", "record_modified", "root"},
		"an entry changed":          {"UPDATE pbxusers_audit SET actor_name = 'somebody' WHERE sequence = 2", "entry_modified", ""},
		"an entry removed":          {"DELETE FROM pbxusers_audit WHERE sequence = 2", "entry_missing", ""},
		"the tail of entries cut":   {"DELETE FROM pbxusers_audit WHERE sequence > 2", "entry_missing", ""},
		"the end of the chain gone": {"DELETE FROM pbxusers_audit_head", "head_missing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := untouched.copy(t)
			c.exec(t, test.statement)
			output := c.fails(t, exitFailed, "audit", "verify")
			require.Contains(t, output, "pbxctl: integrity check failed: records were modified outside this program:\n  ")
			o := c.run(t, "audit", "verify", "--json")
			require.Equal(t, exitFailed, o.code)
			problems, _ := decoded(t, o.stdout)["findings"].([]any)
			require.NotEmpty(t, problems)
			var codes, keys []any
			for _, item := range problems {
				problem, _ := item.(map[string]any)
				codes, keys = append(codes, problem["code"]), append(keys, problem["key"])
			}
			require.Contains(t, codes, test.code)
			if test.key != "" {
				require.Equal(t, []any{test.key}, keys, "nothing else is blamed")
				require.Contains(t, output, " "+test.key+": ")
			}
		})
	}
}
