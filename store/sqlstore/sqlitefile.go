package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// SQLiteDSN returns the data source name of the SQLite database in the file
// at path, for drivers that read it as modernc.org/sqlite does:
//
//	sql.Open("sqlite", sqlstore.SQLiteDSN(path))
//
// The settings are for concurrent writers in several goroutines and processes: a
// write-ahead log (WAL), waiting for locks for five seconds, and transactions that
// take the lock when they begin. It also enables foreign keys. The path is escaped
// and always names a file, even ":memory:". For a store in memory use package
// memstore.
func SQLiteDSN(path string) string {
	path = filepath.ToSlash(path)
	// After "file://" comes a host, here empty. A relative path has no host, and
	// must not be parsed as one.
	scheme := "file://"
	if !strings.HasPrefix(path, "/") {
		scheme = "file:./"
	}
	return scheme + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_txlock=immediate"
}

// CreateSQLiteFile creates an empty file at path that only its owner can read,
// unless the file exists. SQLite uses it as an empty database, and gives the files
// beside it the same mode. Without it, [Open] restricts the mode of a new database
// before anything is stored. This is enough unless another user on the machine
// opens the file before that.
func CreateSQLiteFile(path string) error {
	// An existing file is not opened: closing it would release the locks of this
	// process.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqlstore: create database: %w", err)
	}
	return file.Close()
}

// restrictFileMode makes the files of an empty database readable only by their
// owner. It does not change the mode of a database with data.
func restrictFileMode(ctx context.Context, db *sql.DB) error {
	var path string
	err := db.QueryRowContext(ctx, `SELECT file FROM pragma_database_list
		WHERE name = 'main' AND NOT EXISTS (SELECT 1 FROM sqlite_schema)`).Scan(&path)
	if errors.Is(err, sql.ErrNoRows) || err == nil && path == "" { // not empty, or not in a file
		return nil
	}
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
