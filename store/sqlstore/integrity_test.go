package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// unverifiedColumns are not in the audit log, because they change with each request.
// docs/administrators.md names them.
func unverifiedColumns() []string {
	return []string{"pbxusers_tokens.hour_started_at", "pbxusers_tokens.hour_requests", "pbxusers_tokens.last_used_at"}
}

// unverified tells how to fix a failure of the sweep.
const unverified = "audit verify does not see this change. A column of a record must be in the audit state of the record and in its table of this " +
	"package (columns or derived). A table of its own needs a check in integrity.go: compare its rows with what the records require, or seal " +
	"each row (sealedColumn.provesRow)"

// column is a column of a table in a database.
type column struct {
	table, name, kind string
	isKey             bool
}

func (c column) String() string { return c.table + "." + c.name }

// columnsOf returns the columns of all tables of the program.
func columnsOf(t *testing.T, conn querier) []column {
	t.Helper()
	const text = `SELECT s.name, c.name, c.type, c.pk > 0 FROM sqlite_schema s, pragma_table_info(s.name) c
		WHERE s.type = 'table' AND s.name LIKE 'pbxusers%' ORDER BY s.name, c.cid`
	rows, err := conn.QueryContext(t.Context(), text)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var columns []column
	for rows.Next() {
		var c column
		require.NoError(t, rows.Scan(&c.table, &c.name, &c.kind, &c.isKey))
		columns = append(columns, c)
	}
	require.NoError(t, rows.Err())
	return columns
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// keysOf returns the names of the key columns of a table.
func keysOf(columns []column, table string) string {
	var names []string
	for _, c := range columns {
		if c.table == table && c.isKey {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, ", ")
}

// variantsOf returns expressions for other values of a column. other is the value of
// another row.
func variantsOf(c column, other string) []string {
	name := c.name
	variants := []string{"NULL", "'x'", "x'00'", "7", other}
	switch c.kind {
	case "TEXT":
		return append(variants, "''", "'[]'", name+"||char(0)", "upper("+name+")")
	case "BLOB":
		return append(variants, "x''", "CAST("+name+"||x'00' AS BLOB)", "substr("+name+", 1, length("+name+") - 1)")
	}
	return append(variants, "0", "1", "-1", "9223372036854775807", name+" + 1")
}

// sweep changes values of the records of a fixture as an attacker who can write SQL.
type sweep struct {
	*fixture

	columns []column
}

// attempt runs statements in a transaction, verifies, and rolls back. It returns false
// if the database rejects a statement or if nothing changed.
func (s *sweep) attempt(t *testing.T, statements ...string) (result *audit.Verification, changed bool) {
	t.Helper()
	s.inTx(t, func(ctx context.Context, tx *sql.Tx) {
		for _, statement := range statements {
			done, err := tx.ExecContext(ctx, statement)
			if err != nil {
				return
			}
			affected, err := done.RowsAffected()
			require.NoError(t, err)
			changed = changed || affected > 0
		}
		if changed {
			result = s.verify(t, ctx)
		}
	})
	return result, changed
}

// requireFinding requires that a change is found.
func (s *sweep) requireFinding(t *testing.T, result *audit.Verification, statements ...string) {
	t.Helper()
	require.NotZero(t, result.FindingCount, "%s\nafter %s", unverified, strings.Join(statements, "; "))
}

func TestDB_Audit_findsChangeOfEachColumn(t *testing.T) {
	t.Parallel()
	columns := columnsOf(t, newFixture(t).conn)
	for _, table := range tablesOf(columns) {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			s := &sweep{newFixture(t), columns}
			require.Empty(t, s.verify(t, t.Context()).Findings, "nothing was changed")
			for _, c := range columns {
				if c.table == table && !slices.Contains(unverifiedColumns(), c.String()) {
					s.requireSeen(t, c)
				}
			}
		})
	}
}

// requireSeen requires that each change of a value of a column is found.
func (s *sweep) requireSeen(t *testing.T, c column) {
	t.Helper()
	require.NotZero(t, s.count(t, c.table, c.name+" IS NOT NULL"),
		"no row of the fixture has a value in %s; add it to newFixture, so that the sweep can change it", c)
	changes := s.changeColumn(t, c, "IS NOT NULL")
	changes += s.changeColumn(t, c, "IS NULL")
	changes += s.swapColumn(t, c)
	require.NotZero(t, changes, "no variant of a value of %s was accepted", c)
}

// changeColumn sets other values in the first row whose value meets a condition, and
// returns how many changes the database accepted.
func (s *sweep) changeColumn(t *testing.T, c column, condition string) (changes int) {
	t.Helper()
	keys := keysOf(s.columns, c.table)
	row := fmt.Sprintf("(%s) = (SELECT %s FROM %s WHERE %s %s ORDER BY %s LIMIT 1)", keys, keys, c.table, c.name, condition, keys)
	other := fmt.Sprintf("(SELECT %s FROM %s ORDER BY %s DESC LIMIT 1)", c.name, c.table, keys)
	for _, value := range variantsOf(c, other) {
		// The check constraint of a strict table converts some values.
		statement := fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s AND quote(%s) IS NOT quote(%s) AND quote(%s) IS NOT quote(CAST(%s AS %s))",
			c.table, c.name, value, row, c.name, value, c.name, value, castType(c))
		if result, changed := s.attempt(t, statement); changed {
			changes++
			s.requireFinding(t, result, statement)
		}
	}
	return changes
}

func castType(c column) string {
	if c.kind == "TIMESTAMP" {
		return "NUMERIC"
	}
	return c.kind
}

// swapColumn swaps the values of the first and the last row.
func (s *sweep) swapColumn(t *testing.T, c column) (changes int) {
	t.Helper()
	keys := keysOf(s.columns, c.table)
	if s.count(t, c.table, "1") < 2 || c.isKey {
		return 0 // swapping the keys of two rows is swapping everything else
	}
	selected := keys + ", " + c.name
	setup := fmt.Sprintf(`CREATE TEMP TABLE swapped AS
		SELECT 1 AS place, %s FROM (SELECT %s FROM %s ORDER BY %s LIMIT 1) UNION ALL
		SELECT 2, %s FROM (SELECT %s FROM %s ORDER BY %s DESC LIMIT 1)`, selected, selected, c.table, keys, selected, selected, c.table, keys)
	set := func(place int, value string) string {
		return fmt.Sprintf("UPDATE %s SET %s = %s WHERE (%s) = (SELECT %s FROM swapped WHERE place = %d)", c.table, c.name, value, keys, keys, place)
	}
	from := func(place int) string {
		return fmt.Sprintf("(SELECT %s FROM swapped WHERE place = %d)", c.name, place)
	}
	free := map[string]string{"INTEGER": "-77", "BLOB": "x'7777'"}[c.kind]
	if free == "" {
		free = "'~'"
	}
	var differ bool
	s.inTx(t, func(ctx context.Context, tx *sql.Tx) {
		_, err := tx.ExecContext(ctx, setup)
		require.NoError(t, err)
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT "+from(1)+" IS NOT "+from(2)).Scan(&differ))
		if !differ {
			return
		}
		for _, statement := range []string{set(1, free), set(2, from(1)), set(1, from(2))} {
			_, err := tx.ExecContext(ctx, statement)
			require.NoError(t, err, statement)
		}
		changes++
		s.requireFinding(t, s.verify(t, ctx), "swap "+c.String())
	})
	return changes
}

func TestDB_Audit_findsDeletedAndAddedRows(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: newFixture(t)}
	s.columns = columnsOf(t, s.conn)
	for _, table := range tablesOf(s.columns) {
		keys := keysOf(s.columns, table)
		for _, order := range []string{"", " DESC"} {
			statement := fmt.Sprintf("DELETE FROM %s WHERE (%s) = (SELECT %s FROM %s ORDER BY %s LIMIT 1)", table, keys, keys, table, strings.ReplaceAll(keys, ",", order+",")+order)
			result, changed := s.attempt(t, statement)
			require.True(t, changed, statement)
			if table == "pbxusers_ttl_values" || table == "pbxusers_mails" {
				continue // such as a logout, or a mail that is not sent; docs/administrators.md says so
			}
			s.requireFinding(t, result, statement)
		}
		statement := s.copyRow(t, table)
		result, changed := s.attempt(t, statement)
		require.True(t, changed, statement)
		s.requireFinding(t, result, statement)
	}
}

func tablesOf(columns []column) []string {
	var tables []string
	for _, c := range columns {
		tables = append(tables, c.table)
	}
	return slices.Compact(tables)
}

// copyRow returns the statement that inserts a copy of a row with other unique values.
func (s *sweep) copyRow(t *testing.T, table string) string {
	t.Helper()
	var unique []string
	rows, err := s.conn.QueryContext(t.Context(), `SELECT DISTINCT c.name FROM pragma_index_list(?) i, pragma_index_info(i.name) c WHERE i."unique"`, table)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		unique = append(unique, name)
	}
	require.NoError(t, rows.Err())
	var names, values []string
	for _, c := range s.columns {
		if c.table != table {
			continue
		}
		value := c.name
		if c.isKey || slices.Contains(unique, c.name) {
			value = map[string]string{"TEXT": c.name + "||'x'", "BLOB": "CAST(" + c.name + "||x'00' AS BLOB)", "INTEGER": c.name + " + 1000"}[c.kind]
		}
		names, values = append(names, c.name), append(values, value)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s LIMIT 1", table, strings.Join(names, ", "), strings.Join(values, ", "), table)
}

func TestDB_Audit_findsChangedSchema(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: newFixture(t)}
	for statement, object := range map[string]string{
		"CREATE TRIGGER evil AFTER UPDATE ON pbxusers_users BEGIN UPDATE pbxusers_users SET disabled = 0; END":           "trigger evil",
		`CREATE TABLE product (a); CREATE TRIGGER evil AFTER INSERT ON product BEGIN DELETE FROM "PBXusers_tokens"; END`: "trigger evil",
		"CREATE VIEW pbxusers_more AS SELECT 1":                                                                                   "view pbxusers_more",
		"CREATE VIEW evil AS SELECT password_hash FROM pbxusers_users":                                                            "view evil",
		"CREATE TABLE pbxusers_more (id INTEGER)":                                                                                 "table pbxusers_more",
		"CREATE UNIQUE INDEX evil ON pbxusers_users (team, folded_email)":                                                         "index evil",
		"DROP INDEX pbxusers_tokens_user":                                                                                         "index pbxusers_tokens_user",
		"DROP TABLE pbxusers_pictures; CREATE TABLE pbxusers_pictures (team TEXT, user_id TEXT, picture BLOB)":                    "table pbxusers_pictures",
		"ALTER TABLE pbxusers_users ADD COLUMN evil TEXT":                                                                         "table pbxusers_users",
		"INSERT INTO pbxusers_migrations (version_id, is_applied) VALUES (99, 1)":                                                 "table pbxusers_migrations",
		"UPDATE pbxusers_migrations SET is_applied = 0 WHERE version_id = (SELECT MAX(version_id) FROM pbxusers_migrations)":      "table pbxusers_migrations",
		"CREATE TRIGGER evil BEFORE INSERT ON pbxusers_audit WHEN new.action = 'delete' BEGIN SELECT RAISE(IGNORE); END":          "trigger evil",
		"CREATE TRIGGER pbxusers_evil INSTEAD OF INSERT ON evil_view BEGIN SELECT 1; END":                                         "",
		"CREATE TABLE product (a); CREATE TRIGGER own AFTER INSERT ON product BEGIN SELECT 1; END; CREATE INDEX i ON product (a)": "",
	} {
		var found []string
		s.inTx(t, func(ctx context.Context, tx *sql.Tx) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				require.ErrorContains(t, err, "evil_view", "%s", statement)
				return
			}
			for _, f := range s.verify(t, ctx).Findings {
				if f.Code == audit.CodeSchemaModified {
					found = append(found, f.Key)
				}
			}
		})
		if object == "" {
			require.Empty(t, found, statement)
			continue
		}
		require.Contains(t, found, object, statement)
	}
}

func TestDB_Audit_findsRowHiddenFromIndex(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const index = "pbxusers_users_username"
	var definition string
	var root int64
	require.NoError(t, f.conn.QueryRowContext(t.Context(), "SELECT sql, rootpage FROM sqlite_schema WHERE name = ?", index).Scan(&definition, &root))
	// A row that changes while the schema does not have the index keeps its old place.
	for _, step := range []struct {
		statement string
		args      []any
	}{
		{"DELETE FROM sqlite_schema WHERE name = ?", []any{index}},
		{"UPDATE pbxusers_users SET folded_username = 'moved' WHERE username = 'jane'", nil},
		{"INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('index', ?, 'pbxusers_users', ?, ?)", []any{index, root, definition}},
	} {
		f.execUnsafe(t, step.statement, step.args...)
	}
	var problems []string
	for _, finding := range f.verify(t, t.Context()).Findings {
		if finding.Code == audit.CodeSchemaModified {
			problems = append(problems, finding.String())
		}
	}
	require.NotEmpty(t, problems)
	require.Contains(t, strings.Join(problems, "\n"), "database table pbxusers_users: the database finds it damaged: row")
}

// execUnsafe runs a statement on a connection of its own that can write the schema.
func (f *fixture) execUnsafe(t *testing.T, statement string, args ...any) {
	t.Helper()
	var path string
	require.NoError(t, f.conn.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path))
	conn, err := sql.Open("sqlite", "file://"+path+"?_pragma=busy_timeout(5000)&_pragma=writable_schema(1)")
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err, statement)
	_, err = conn.ExecContext(t.Context(), "PRAGMA schema_version = "+strconv.Itoa(1000+len(statement)))
	require.NoError(t, err)
}

func TestDB_Audit_findsRecordsOfOtherTeams(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.conn.ExecContext(t.Context(), "UPDATE pbxusers_groups SET team = 'evil' WHERE team = 'acme'")
	require.NoError(t, err)
	var findings []string
	for _, finding := range f.verify(t, t.Context()).Findings {
		findings = append(findings, finding.Code+" "+finding.Kind+" "+finding.Key)
	}
	require.Contains(t, findings, audit.CodeRecordMissing+" group acme/Group of joe")
	require.Contains(t, findings, audit.CodeRecordUntracked+" group evil/Group of joe")
	require.Contains(t, findings, audit.CodeRowMissing+" table pbxusers_group_revisions evil")
}

func TestDB_Audit_findingsContainNoSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, statement := range []string{
		"UPDATE pbxusers_users SET password_hash = 'top-secret', folded_email = 'top-secret', second_factor_confirmed = 7, other_emails = 'top-secret'",
		"UPDATE pbxusers_ami_accounts SET secret = CAST('top-secret' AS BLOB), permit = 'top-secret'",
		"UPDATE pbxusers_ttl_values SET value = CAST('top-secret' AS BLOB)",
		"UPDATE pbxusers_tokens SET key_hash = CAST('top-secret' AS BLOB), addresses = 'top-secret'",
	} {
		_, err := f.conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	result := f.verify(t, t.Context())
	require.Greater(t, len(result.Findings), 8)
	for _, finding := range result.Findings {
		require.NotContains(t, finding.String(), "top-secret")
	}
}

func TestDB_Audit_findsEntryWithLowestSequence(t *testing.T) {
	t.Parallel()
	s := &sweep{fixture: newFixture(t)}
	var names []string
	for _, c := range columnsOf(t, s.conn) {
		if c.table == "pbxusers_audit" && !c.isKey {
			names = append(names, c.name)
		}
	}
	others := strings.Join(names, ", ")
	statement := fmt.Sprintf("INSERT INTO pbxusers_audit (sequence, %s) SELECT -9223372036854775808, %s FROM pbxusers_audit LIMIT 1", others, others)
	result, changed := s.attempt(t, statement)
	require.True(t, changed)
	require.Len(t, result.Findings, 1)
	require.Equal(t, audit.CodeEntryAdded, result.Findings[0].Code)
}

func TestDB_Audit_findsUserWithEmptyID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.inTx(t, func(ctx context.Context, _ *sql.Tx) {
		require.NoError(t, f.db.Users("").CreateUser(ctx, &userman.User{Username: "mallory", CreatedAt: at(1), UpdatedAt: at(1)})) // as SQL can
		result := f.verify(t, ctx)
		require.Len(t, result.Findings, 1)
		require.Equal(t, audit.CodeRecordUntracked, result.Findings[0].Code)
		require.Equal(t, "mallory", result.Findings[0].Key)
	})
}
