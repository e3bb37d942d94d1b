package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func TestOpen_requiresKeyringAndDialect(t *testing.T) {
	t.Parallel()
	conn := connect(t, newPath(t))
	for name, opts := range map[string]*sqlstore.Options{"no options": nil, "no keyring": {}} {
		_, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, opts)
		require.ErrorContains(t, err, "Keyring", name)
	}
	_, err := sqlstore.Open(t.Context(), conn, sqlstore.Dialect(0), &sqlstore.Options{Keyring: keyring(t)})
	require.ErrorContains(t, err, "dialect")
}

func TestOpen_migratesOnceWhenConcurrent(t *testing.T) {
	t.Parallel()
	path, key := newPath(t), keyring(t)
	errs := make([]error, 8)
	var done sync.WaitGroup
	for i := range errs {
		conn := connect(t, path)
		done.Go(func() {
			_, errs[i] = sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: key})
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	var applied, distinct int
	require.NoError(t, connect(t, path).QueryRowContext(t.Context(),
		"SELECT count(*), count(DISTINCT version_id) FROM pbxusers_migrations WHERE version_id > 0").Scan(&applied, &distinct))
	require.Equal(t, distinct, applied)
	require.Positive(t, applied)
}

func TestOpen_keepsStoredRecords(t *testing.T) {
	t.Parallel()
	path, opts := newPath(t), &sqlstore.Options{Keyring: keyring(t)}
	for i, name := range []string{"first", "second"} {
		db, err := sqlstore.Open(t.Context(), connect(t, path), sqlstore.SQLite, opts)
		require.NoError(t, err)
		require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: name}))
		list, err := db.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
		require.NoError(t, err)
		require.Len(t, list.Items, i+1)
	}
}

func TestOpen_honorsContextWhileLocked(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	lockTx := begin(t, connect(t, path))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := sqlstore.Open(ctx, connect(t, path), sqlstore.SQLite, &sqlstore.Options{Keyring: keyring(t)})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 3*time.Second, "SQLite itself waits for five seconds")
	require.NoError(t, lockTx.Rollback())
}

// begin begins a transaction with the write lock.
func begin(t *testing.T, conn *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func requireModes(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode(), "file %q", suffix)
	}
}

func TestOpen_restrictsNewFilesToOwner(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(path string) error{
		"made by the driver":       func(string) error { return nil },
		"made by CreateSQLiteFile": sqlstore.CreateSQLiteFile,
		"existing empty file":      func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"made twice leaves it as it is": func(path string) error {
			return errors.Join(sqlstore.CreateSQLiteFile(path), sqlstore.CreateSQLiteFile(path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			require.NoError(t, prepare(path))
			open(t, path)
			requireModes(t, path, 0o600)
		})
	}
}

func TestOpen_keepsModeOfExistingDatabase(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	_, err := connect(t, path).ExecContext(t.Context(), "CREATE TABLE product (id INTEGER)")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	require.NoError(t, sqlstore.CreateSQLiteFile(path))
	open(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o640), info.Mode())
}

func TestCreateSQLiteFile_requiresDirectory(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, sqlstore.CreateSQLiteFile(filepath.Join(t.TempDir(), "missing", "x.db")), fs.ErrNotExist)
}

func TestSQLiteDSN_escapesAnyPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"plain.db", "a b.db", "a?b#c%d&e=f;g+h.db", "?mode=memory", "%41.db", "é北京😀.db", ":memory:", "file:x.db", "a:b", "'\"`$(x)", "\xff\xfe", "..db", "~", "*",
	} {
		path := filepath.Join(t.TempDir(), name)
		db, conn := open(t, path)
		require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm"}), name)
		require.FileExists(t, path)
		var text string
		require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list").Scan(&text))
		require.Equal(t, path, text)
	}
}

func TestSQLiteDSN_acceptsRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"pbxusers.db", "./dot.db", ":memory:", "file:x.db", "a//b?.db", "-x"} {
		require.NoError(t, os.MkdirAll("a", 0o700))
		open(t, path)
		require.FileExists(t, path)
	}
}

func TestSQLiteDSN_setsPragmas(t *testing.T) {
	t.Parallel()
	conn, err := sql.Open("sqlite", sqlstore.SQLiteDSN(newPath(t)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for pragma, want := range map[string]string{"journal_mode": "wal", "busy_timeout": "5000", "foreign_keys": "1", "synchronous": "2"} {
		var got string
		require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
}
