package app

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	_ "modernc.org/sqlite" // the SQLite driver

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// maxConnections is the maximum number of database connections. One of them
// writes. A few exports, which hold one each, leave enough for other requests.
const maxConnections = 16

// openDatabase opens the database and its key. It creates both if create is set
// and there is no database.
func (s *Settings) openDatabase(create bool) (*store.Keyring, *sql.DB, error) {
	path, err := s.dbPath()
	if err != nil {
		return nil, nil, err
	}
	keyPath, err := s.pathBesideDB(s.KeyFile, "pbxusers.key")
	if err != nil {
		return nil, nil, err
	}
	if create {
		if err := createDatabase(path, keyPath); err != nil {
			return nil, nil, err
		}
	}
	if err := requireDatabase(path, keyPath); err != nil {
		return nil, nil, err
	}
	keyring, err := store.OpenKeyring(keyPath)
	if err != nil {
		return nil, nil, err
	}
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return nil, nil, err
	}
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	return keyring, pool, nil
}

// dbFiles returns the paths of the files of the database, which holds the hashes of
// all passwords. The key file is not among them: [store.OpenKeyring] rejects one that
// others can read.
func (s *Settings) dbFiles() []string {
	path, err := s.dbPath()
	if err != nil {
		return nil // openDatabase has read the path
	}
	return []string{path, path + "-wal", path + "-shm"}
}

// readableFileWarnings returns a warning for each file that others than its owner
// can read.
func readableFileWarnings(paths []string) []string {
	var warnings []string
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&^secretFileMode != 0 {
			warnings = append(warnings, "other users of this host can read the database; run: chmod 600 "+path)
		}
	}
	return warnings
}

// createDatabase creates the key and the database, if there is no database.
func createDatabase(path, keyPath string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// The key first: a database without its key cannot be opened.
	if _, err := store.OpenKeyring(keyPath); err != nil {
		return err
	}
	return sqlstore.CreateSQLiteFile(path)
}

// requireDatabase returns an error with a hint if a file is missing.
func requireDatabase(path, keyPath string) error {
	if err := requireFile("database", path, "Set its path with --db. 'pbxctl config install' and the add commands create a new one."); err != nil {
		return err
	}
	return requireFile("key file of the database", keyPath, "Restore it from a backup, or set its path with --key-file. No secret can be read without it.")
}

func requireFile(name, path, hint string) error {
	if _, err := os.Stat(path); err != nil {
		return WithHint(fmt.Errorf("there is no %s: %w", name, err), hint)
	}
	return nil
}
