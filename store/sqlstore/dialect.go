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
	// SQLite is version 3.37 or newer, opened with [SQLiteDSN], with a driver
	// whose errors have a method Code() int for the result code, as those of
	// modernc.org/sqlite do.
	SQLite Dialect = iota + 1
)

// engine is what one dialect does differently.
type engine struct {
	goose goose.Dialect
	// migrations is the folder of the embedded migrations.
	migrations string
	// lockOptions returns the options under which the migrations up to newest run
	// in one process at a time.
	lockOptions func(newest int64) []goose.ProviderOption
	// hasTable reports whether a table exists.
	hasTable func(ctx context.Context, db *sql.DB, name string) (bool, error)
	// prepare runs before the migrations.
	prepare func(ctx context.Context, db *sql.DB) error
	// maxWriters is how many transactions may write at once.
	maxWriters int
	// isFailure tells an error of the database, after which it may have undone
	// the transaction.
	isFailure func(error) bool
	// isBusy tells an error that another try may mend: a lock that was not had
	// in time, a deadlock, a failure to serialize.
	isBusy func(error) bool
	// isDuplicate tells the violation of a unique constraint.
	isDuplicate func(error) bool
}

func (d Dialect) engine() (*engine, error) {
	if d == SQLite {
		return sqliteEngine(), nil
	}
	return nil, errors.New("sqlstore: unknown dialect; use sqlstore.SQLite")
}
