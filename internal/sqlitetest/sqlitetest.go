// Package sqlitetest gives tests SQLite databases whose tables are made
// already: to make them takes the race detector longer than most tests take. It
// is for tests only.
package sqlitetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
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

// Create writes a database at path in which nothing is but the tables, and an
// identity of its own.
func Create(t testing.TB, path string) {
	t.Helper()
	tmpl, err := emptyTemplate()
	require.NoError(t, err)
	random := make([]byte, len(tmpl.id)/2)
	_, _ = rand.Read(random)
	id := []byte(hex.EncodeToString(random))
	require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(tmpl.file, []byte(tmpl.id), id), 0o600))
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

// template is the file of a database, and the identity that stands in it.
type template struct {
	file []byte
	id   string
}

// emptyTemplate makes the tables, once.
var emptyTemplate = sync.OnceValues(func() (tmpl template, err error) {
	dir, err := os.MkdirTemp("", "sqlitetest")
	if err != nil {
		return template{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "empty.db")
	if tmpl.id, err = createTables(path); err != nil {
		return template{}, err
	}
	tmpl.file, err = os.ReadFile(path)
	return tmpl, err
})

// createTables makes the database at path and returns its identity. When it is
// closed all of it is in the one file.
func createTables(path string) (id string, err error) {
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	keyring, err := store.NewKeyring(store.GenerateKey())
	if err != nil {
		return "", err
	}
	db, err := sqlstore.Open(context.Background(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
	if err != nil {
		return "", err
	}
	return db.ID(context.Background())
}
