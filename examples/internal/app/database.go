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

// maxConnections bounds the connections to the database; who finds none free
// waits. One of them writes; there are enough of them that a few exports, which
// hold one each, leave some for everybody else.
const maxConnections = 16

// openDatabase opens the files of the database, and, when create is set, makes
// those that are missing.
func (s *Settings) openDatabase(create bool) (*store.Keyring, *sql.DB, error) {
	path, err := s.dbPath()
	if err != nil {
		return nil, nil, err
	}
	keyPath, err := s.keyPath()
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

// createDatabase makes the key and the database, where there is no database.
func createDatabase(path, keyPath string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// The key first: a database without its key is refused.
	if _, err := store.OpenKeyring(keyPath); err != nil {
		return err
	}
	return sqlstore.CreateSQLiteFile(path)
}

// requireDatabase refuses a database that is not there: one made by mistake, in
// another folder, would be applied as "no accounts at all".
func requireDatabase(path, keyPath string) error {
	if err := requireFile("database", path, "Name it with --db; 'pbxctl config install', and 'pbxctl admin add', 'pbxctl manager add' and 'pbxctl user add', make a new one."); err != nil {
		return err
	}
	return requireFile("key file of the database", keyPath, "Put a copy back, or name it with --key-file: without it no secret can be read.")
}

func requireFile(name, path, hint string) error {
	if _, err := os.Stat(path); err != nil {
		return WithHint(fmt.Errorf("there is no %s: %w", name, err), hint)
	}
	return nil
}
