package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pressly/goose/v3"
)

// Dialect is the kind of a SQL database.
type Dialect int

// The databases that are supported.
const (
	// SQLite is version 3.37 or newer, opened with [SQLiteDSN]. The driver's errors
	// must have a method Code() int for the result code, like those of
	// modernc.org/sqlite.
	SQLite Dialect = iota + 1
)

// engine is the part that depends on the dialect.
type engine struct {
	goose goose.Dialect
	// migrations is the folder of the embedded migrations.
	migrations string
	// lockOptions returns the options that let one process at a time run the
	// migrations up to newest.
	lockOptions func(newest int64) []goose.ProviderOption
	// hasTable reports whether a table exists.
	hasTable func(ctx context.Context, db *sql.DB, name string) (bool, error)
	// prepare runs before the migrations.
	prepare func(ctx context.Context, db *sql.DB) error
	// maxWriters is the number of transactions that can write at the same time.
	maxWriters int
	// isFailure reports whether an error is an error of the database, after which
	// the transaction may be rolled back.
	isFailure func(error) bool
	// isBusy reports whether a retry may succeed: after a lock timeout, a deadlock
	// or a serialization failure.
	isBusy func(error) bool
	// memoryDSN opens a database in memory.
	memoryDSN string
	// schemaSQL returns each object that has our prefix, belongs to our tables, or is
	// a trigger or view that names them: type and name, and the definition.
	// migrationsSQL returns a text for each row of the table of migrations.
	// tableCheckSQL returns the inconsistencies of a table and its indexes.
	schemaSQL, migrationsSQL, tableCheckSQL string
	// isDuplicate reports whether an error is the violation of a unique constraint.
	isDuplicate func(error) bool
}

func (d Dialect) engine() (*engine, error) {
	if d == SQLite {
		return sqliteEngine(), nil
	}
	return nil, errors.New("sqlstore: unknown dialect; use sqlstore.SQLite")
}
