package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

func sqliteEngine() *engine {
	return &engine{
		goose:      goose.DialectSQLite3,
		migrations: "migrations/sqlite",
		lockOptions: func(newest int64) []goose.ProviderOption {
			// Isolated DDL keeps goose from starting transactions inside the
			// transaction that is the lock.
			return []goose.ProviderOption{goose.WithSessionLocker(sqliteLock{newest}), goose.WithIsolateDDL(true)}
		},
		hasTable:   func(ctx context.Context, db *sql.DB, name string) (bool, error) { return hasSQLiteTable(ctx, db, name) },
		prepare:    prepareSQLite,
		maxWriters: 1,
		memoryDSN:  ":memory:",
		schemaSQL: `SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema
			WHERE name LIKE 'pbxusers\_%' ESCAPE '\' OR tbl_name LIKE 'pbxusers\_%' ESCAPE '\'
				OR type IN ('trigger', 'view') AND instr(lower(sql), 'pbxusers_') > 0`,
		migrationsSQL: `SELECT quote(id) || ' ' || quote(version_id) || ' ' || quote(is_applied) || ' ' || quote(tstamp)
			FROM ` + migrationsTable + ` ORDER BY id`,
		tableCheckSQL: "SELECT integrity_check FROM pragma_integrity_check(?) WHERE integrity_check <> 'ok'",
		isFailure:     func(err error) bool { return sqliteCode(err) != 0 },
		isBusy:        sqliteBusy,
		isDuplicate:   sqliteDuplicate,
	}
}

// codedError is an error of the driver.
type codedError interface {
	error
	Code() int
}

// sqliteCode returns the extended result code of an error of the driver, or 0.
func sqliteCode(err error) int {
	if coded, ok := errors.AsType[codedError](err); ok {
		return coded.Code()
	}
	return 0
}

// sqliteBusy recognizes SQLITE_BUSY, SQLITE_LOCKED and their extended codes.
func sqliteBusy(err error) bool {
	primary := sqliteCode(err) & 0xff
	return primary == 5 || primary == 6
}

// sqliteDuplicate recognizes SQLITE_CONSTRAINT_PRIMARYKEY and _UNIQUE.
func sqliteDuplicate(err error) bool {
	code := sqliteCode(err)
	return code == 1555 || code == 2067
}

// createMigrationsTable creates the table of goose, but with a constant time: a time
// could not be verified. Nothing reads it.
const createMigrationsTable = `CREATE TABLE ` + migrationsTable + ` (
    id         INTEGER   NOT NULL PRIMARY KEY,
    version_id INTEGER   NOT NULL,
    is_applied INTEGER   NOT NULL,
    tstamp     TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00'
)`

// prepareSQLite creates the table of migrations atomically. goose would create it
// without the lock, in two steps.
func prepareSQLite(ctx context.Context, db *sql.DB) (err error) {
	if err := restrictFileMode(ctx, db); err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if exists, err := hasSQLiteTable(ctx, conn, migrationsTable); exists || err != nil {
		return err
	}
	lock := sqliteLock{newest: 0}
	if err := lock.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	// Another process may have created it.
	if exists, err := hasSQLiteTable(ctx, conn, migrationsTable); exists || err != nil {
		return err
	}
	table, err := database.NewStore(goose.DialectSQLite3, migrationsTable)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, createMigrationsTable); err != nil {
		return err
	}
	return table.Insert(ctx, conn, database.InsertRequest{Version: 0})
}

// rowQuerier is a database or one of its connections.
type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func hasSQLiteTable(ctx context.Context, conn rowQuerier, name string) (exists bool, err error) {
	const query = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)"
	err = conn.QueryRowContext(ctx, query, name).Scan(&exists)
	return exists, err
}

// sqliteLock runs all pending migrations in one transaction with the write lock of
// the database. The lock ends with its process, and a migration that fails or is
// killed leaves the database unchanged.
type sqliteLock struct {
	newest int64
}

// SessionLock implements goose's lock.SessionLocker.
func (sqliteLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

// SessionUnlock implements goose's lock.SessionLocker. It does not know whether the
// migrations succeeded, but if they did, the newest one is recorded.
func (l sqliteLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var recorded bool
	err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+migrationsTable+" WHERE version_id >= ?)", l.newest).Scan(&recorded)
	if err == nil && recorded {
		if _, err = conn.ExecContext(ctx, "COMMIT"); err == nil {
			return nil
		}
	}
	if _, rollbackErr := conn.ExecContext(ctx, "ROLLBACK"); rollbackErr != nil {
		// This connection must not be reused with an open transaction.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}
