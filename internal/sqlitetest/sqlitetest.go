// Package sqlitetest gives tests SQLite databases whose tables are made
// already: to make them takes the race detector longer than most tests take. It
// is for tests only.
package sqlitetest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the SQLite driver

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// maxConns bounds those of [Open]: the race detector makes each new one slow.
const maxConns = 4

// Create writes a database at path in which nothing is but the tables. The first
// [sqlstore.Open] gives it an identity.
func Create(t testing.TB, path string) {
	t.Helper()
	file, err := emptyTemplate()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, file, 0o600))
}

// New opens a new database, with a keyring of its own, as [Open] does.
func New(t testing.TB) *sqlstore.DB {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	return Open(t, filepath.Join(t.TempDir(), "pbxusers.db"), keyring)
}

// Open opens the database at path, which it places there when there is none.
// What a test writes need not survive a power cut.
func Open(t testing.TB, path string, keyring *store.Keyring) *sqlstore.DB {
	t.Helper()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		Create(t, path)
	}
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path)+"&_pragma=synchronous(OFF)")
	require.NoError(t, err)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	db, err := sqlstore.Open(t.Context(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
	require.NoError(t, err)
	return db
}

// emptyTemplate makes the tables, once, and returns the file of the database.
var emptyTemplate = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "sqlitetest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "empty.db")
	if err := createTables(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// createTables makes the database at path, without an identity. When it is closed all
// of it is in the one file.
func createTables(path string) (err error) {
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	keyring, err := store.NewKeyring(store.GenerateKey())
	if err != nil {
		return err
	}
	if _, err := sqlstore.Open(context.Background(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring}); err != nil {
		return err
	}
	_, err = pool.ExecContext(context.Background(), "DELETE FROM pbxusers_identity")
	return err
}
