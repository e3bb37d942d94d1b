package sqlstore_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDB_conformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Backend {
		t.Helper()
		path := newPath(t)
		sqlitetest.Create(t, path)
		db, _ := open(t, path)
		return db
	})
}

func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "pbxusers.db")
}

// requireSealedAtRest requires that the database has the unencrypted values, and
// plainSecret in none of its files.
func requireSealedAtRest(t testing.TB, path string) {
	t.Helper()
	var files strings.Builder
	for _, suffix := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		files.Write(content)
	}
	require.Contains(t, files.String(), "in clear")
	require.NotContains(t, files.String(), plainSecret[:8])
}

// keyring returns a keyring with one new key.
func keyring(t testing.TB) *store.Keyring {
	t.Helper()
	k, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	return k
}

// connect opens the file at path without a store, without durability.
func connect(t testing.TB, path string) *sql.DB {
	t.Helper()
	conn, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path)+"&_pragma=synchronous(OFF)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

// open opens a store with a keyring of its own in the file at path.
func open(t testing.TB, path string) (db *sqlstore.DB, conn *sql.DB) {
	t.Helper()
	conn = connect(t, path)
	db, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring(t)})
	require.NoError(t, err)
	return db, conn
}
