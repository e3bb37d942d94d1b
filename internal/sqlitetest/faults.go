package sqlitetest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// ErrDisk is the error of a statement that [Faults] makes fail.
var ErrDisk error = diskError{}

// diskError is SQLITE_IOERR, as the driver returns it.
type diskError struct{}

func (diskError) Error() string { return "disk I/O error" }
func (diskError) Code() int     { return 10 }

// Faults makes the statements of a database fail, as a broken disk does.
type Faults struct {
	pool   *sql.DB
	broken atomic.Bool
	// left is the number of steps before the first that fails, if broken is set. It is
	// negative after that one.
	left atomic.Int64
}

// NewFaulty opens a new database as [New] does, whose statements can fail.
func NewFaulty(t testing.TB) (*sqlstore.DB, *Faults) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbxusers.db")
	Create(t, path)
	f := &Faults{}
	f.pool = sql.OpenDB(faultyConnector{sqlstore.SQLiteDSN(path) + "&_pragma=synchronous(OFF)", f})
	f.pool.SetMaxOpenConns(maxConns)
	f.pool.SetMaxIdleConns(maxConns)
	t.Cleanup(func() { require.NoError(t, f.pool.Close()) })
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db, err := sqlstore.Open(t.Context(), f.pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
	require.NoError(t, err)
	return db, f
}

// Sweep runs act again and again: the database fails from its first step on, then from
// its second one, until act uses no further step. A step begins or commits a
// transaction, runs a statement, or reads past the last row of a query. Sweep requires
// each act with a fault to return [ErrDisk], and the last one to succeed.
func (f *Faults) Sweep(t testing.TB, act func() error) {
	t.Helper()
	f.sweep(t, act, func(int64) {})
}

// SweepAtomic is as Sweep, and requires that no act with a fault commits a change.
func (f *Faults) SweepAtomic(t testing.TB, act func() error) {
	t.Helper()
	observer, err := f.pool.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, observer.Close()) }()
	// This number changes when another connection commits a change.
	version := func() (n int64) {
		require.NoError(t, observer.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&n))
		return n
	}
	before := version()
	f.sweep(t, act, func(step int64) {
		require.Equal(t, before, version(), "something was stored before the fault at step %d", step)
	})
	require.NotEqual(t, before, version(), "without a fault, act stores something")
}

func (f *Faults) sweep(t testing.TB, act func() error, check func(step int64)) {
	t.Helper()
	for step := int64(0); ; step++ {
		f.left.Store(step)
		f.broken.Store(true)
		err := act()
		f.broken.Store(false)
		if f.left.Load() >= 0 {
			require.NoError(t, err, "without a fault, after %d steps", step)
			return
		}
		require.ErrorIs(t, err, ErrDisk, "the fault at step %d", step)
		check(step)
	}
}

// step returns ErrDisk if the step fails.
func (f *Faults) step() error {
	if f.broken.Load() && f.left.Add(-1) < 0 {
		return ErrDisk
	}
	return nil
}

// faultyConnector opens connections to dsn.
type faultyConnector struct {
	dsn    string
	faults *Faults
}

// sqliteConn is what package sql uses of a connection of the driver.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

func (c faultyConnector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c faultyConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return faultyConn{conn.(sqliteConn), c.faults}, nil //nolint:forcetypeassert,errcheck // this driver has them all
}

type faultyConn struct {
	sqliteConn

	faults *Faults
}

func (c faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.faults.step(); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, opts)
	return faultyTx{tx, c.faults}, err
}

func (c faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.faults.step(); err != nil {
		return nil, err
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

func (c faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.faults.step(); err != nil {
		return nil, err
	}
	rows, err := c.sqliteConn.QueryContext(ctx, query, args)
	return faultyRows{rows, c.faults}, err
}

func (c faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.faults.step(); err != nil {
		return nil, err
	}
	return c.sqliteConn.PrepareContext(ctx, query)
}

type faultyTx struct {
	driver.Tx

	faults *Faults
}

// Commit rolls back when it fails, as SQLite does after an I/O error.
func (tx faultyTx) Commit() error {
	if err := tx.faults.step(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Tx.Commit()
}

type faultyRows struct {
	driver.Rows

	faults *Faults
}

func (r faultyRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if errors.Is(err, io.EOF) {
		if fault := r.faults.step(); fault != nil {
			return fault
		}
	}
	return err
}
