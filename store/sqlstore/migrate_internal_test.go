package sqlstore

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func newUnmigratedDB(t *testing.T) *DB {
	t.Helper()
	conn, err := sql.Open("sqlite", SQLiteDSN(filepath.Join(t.TempDir(), "pbxusers.db")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return &DB{sql: conn, engine: sqliteEngine(), logger: slog.New(slog.DiscardHandler)}
}

func migrationFiles(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, text := range texts {
		name := "migrations/sqlite/0000" + string(rune('1'+i)) + "_test.sql"
		files[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	}
	return files
}

func tableNames(t *testing.T, db *DB) []string {
	t.Helper()
	rows, err := db.sql.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	names := []string{}
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

func TestDB_migrateFailureRollsBackEverything(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	first, broken := "CREATE TABLE a (id INTEGER);", "CREATE TABLE b (id INTEGER);\nCREATE TABLE a (id INTEGER);"
	require.Error(t, db.migrateFS(t.Context(), migrationFiles(first, broken)))
	require.Equal(t, []string{"pbxusers_migrations"}, tableNames(t, db), "not even what went well before")

	fixed := "CREATE TABLE b (id INTEGER);"
	require.NoError(t, db.migrateFS(t.Context(), migrationFiles(first, fixed)))
	require.Equal(t, []string{"a", "b", "pbxusers_migrations"}, tableNames(t, db))
}

func TestDB_migrateFailureKeepsPriorVersion(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	first := "CREATE TABLE a (id INTEGER);"
	require.NoError(t, db.migrateFS(t.Context(), migrationFiles(first)))
	require.Error(t, db.migrateFS(t.Context(), migrationFiles(first, "CREATE TABLE b (id INTEGER);", "broken;")))
	require.Equal(t, []string{"a", "pbxusers_migrations"}, tableNames(t, db))
	require.NoError(t, db.migrateFS(t.Context(), migrationFiles(first)), "the database is not locked")
}

func TestDB_migrateRejectsNewerVersion(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	first := "CREATE TABLE a (id INTEGER);"
	require.NoError(t, db.migrateFS(t.Context(), migrationFiles(first, "CREATE TABLE b (id INTEGER);")))
	err := db.migrateFS(t.Context(), migrationFiles(first))
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "update the program")
}

func TestOpen_rejectsDevelopmentDatabase(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	for _, table := range []string{"pbxusers_migrations (version_id INTEGER)", "pbxusers_managers (name TEXT)"} {
		_, err := db.sql.ExecContext(t.Context(), "CREATE TABLE "+table)
		require.NoError(t, err)
	}
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	_, err = Open(t.Context(), db.sql, SQLite, &Options{Keyring: keyring})
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "this database was created by a development version of pbxusers and cannot be upgraded; use a new database")
	require.Equal(t, []string{"pbxusers_managers", "pbxusers_migrations"}, tableNames(t, db), "nothing changed")
}

func TestDB_migrateRunsOnSingleConnection(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	db.sql.SetMaxOpenConns(1)
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	require.Equal(t, []string{
		"pbxusers_administrators", "pbxusers_ami_accounts", "pbxusers_audit", "pbxusers_audit_head", "pbxusers_extensions", "pbxusers_group_revisions",
		"pbxusers_groups", "pbxusers_identity", "pbxusers_login_fields", "pbxusers_login_names", "pbxusers_mails", "pbxusers_memberships", "pbxusers_migrations",
		"pbxusers_pictures", "pbxusers_settings", "pbxusers_tokens", "pbxusers_ttl_values", "pbxusers_user_extensions", "pbxusers_users",
	}, tableNames(t, db))
}

func TestDB_migrateKeepsExistingAccounts(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	older := fstest.MapFS{}
	for _, name := range []string{"migrations/sqlite/00001_ami_accounts.sql", "migrations/sqlite/00002_identity.sql"} {
		text, err := migrations.ReadFile(name)
		require.NoError(t, err)
		older[name] = &fstest.MapFile{Data: text}
	}
	require.NoError(t, db.migrateFS(t.Context(), older))
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db.keyring, db.writers = keyring, make(chan struct{}, 1)
	want := &manager.Account{Name: "crm", Secret: store.NewSecret("a secret"), CreatedAt: time.Unix(1_700_000_000, 0).UTC()}
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), want))

	newer, err := Open(t.Context(), db.sql, SQLite, &Options{Keyring: keyring})
	require.NoError(t, err)
	list, err := newer.AMIAccounts().ListAccounts(t.Context(), manager.Query{Sort: store.Sort{By: "created_at"}})
	require.NoError(t, err)
	require.Equal(t, []*manager.Account{want}, list.Items)
}
