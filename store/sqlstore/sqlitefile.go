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
// It sets what several goroutines and processes need that write at once: a
// write-ahead log (WAL), five seconds of patience with locks, and transactions
// that take the lock when they begin; and it turns foreign keys on. The path is
// escaped, and stays that of a file whatever it holds: also ":memory:" is one.
// For a store in memory use package memstore.
func SQLiteDSN(path string) string {
	path = filepath.ToSlash(path)
	// What follows "file://" is a host, here an empty one; a relative path
	// has none, and is kept from being read as anything but a path.
	scheme := "file://"
	if !strings.HasPrefix(path, "/") {
		scheme = "file:./"
	}
	return scheme + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_txlock=immediate"
}

// CreateSQLiteFile makes an empty file at path that only its owner can read,
// unless there is a file already. SQLite takes it for an empty database and
// gives the files beside it the same mode. Without it [Open] narrows the mode
// of a new database before anything is stored in it: enough, unless somebody
// else on the machine opens the file in the instant between.
func CreateSQLiteFile(path string) error {
	// An existing file is not even opened: closing it again would take the
	// locks that this process holds on it.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqlstore: create database: %w", err)
	}
	return file.Close()
}

// restrictFileMode takes the files of a database that is still empty from
// everybody but their owner. The mode of one that holds something is the
// choice of its owner.
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
