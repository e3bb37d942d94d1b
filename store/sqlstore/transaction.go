package sqlstore

import (
	"context"
	"database/sql"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/nestedtx"
)

var _ store.Transactor = (*DB)(nil)

// transaction is a transaction in a context.
type transaction struct {
	nestedtx.ErrorTracker
	*sql.Tx
	// owner is the DB that began it; nil for a transaction of the product, which
	// every DB joins.
	owner *DB
	// parent is the previous transaction of the context, possibly of another DB.
	parent *transaction
}

type transactionKey struct{}

// WithTx returns a context whose store calls are part of tx, a transaction of the
// product in the same database. The product commits it or rolls it back, and
// retries it if the database requires that. [DB.RunInTx] uses a savepoint in it.
// Begin tx so that it takes its lock immediately, as with [SQLiteDSN]. Roll it back
// after any error that is not a domain error: the database may already have rolled
// it back, and would commit each later statement on its own.
func WithTx(ctx context.Context, tx *sql.Tx) context.Context {
	return (&transaction{Tx: tx}).newContext(ctx)
}

// ExecContext returns an error after a call has failed: SQLite rolls back the whole
// transaction if a statement is interrupted or the disk is full, and would commit
// each later statement on its own.
func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.Err(); err != nil {
		return nil, err
	}
	result, err := t.Tx.ExecContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	if rows, err := result.RowsAffected(); err != nil || rows > 0 {
		t.Wrote()
	}
	return result, nil
}

// newContext returns a context with t.
func (t *transaction) newContext(ctx context.Context) context.Context {
	t.parent, _ = ctx.Value(transactionKey{}).(*transaction)
	return context.WithValue(ctx, transactionKey{}, t)
}

// currentTx returns the innermost transaction of ctx for db.
func (db *DB) currentTx(ctx context.Context) *transaction {
	t, _ := ctx.Value(transactionKey{}).(*transaction)
	for t != nil && t.owner != nil && t.owner != db {
		t = t.parent
	}
	return t
}

// RunInTx implements [store.Transactor]. fn runs again while the database is
// locked, until ctx ends. Two DBs do not share a transaction: waiting for one
// inside the other can last until ctx ends.
func (db *DB) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	t := db.currentTx(ctx)
	switch {
	case t == nil:
		return db.retry(ctx, func(ctx context.Context) error { return db.runTx(ctx, fn) })
	case t.owner == nil:
		return db.savepoint(ctx, t, fn)
	}
	return t.Run(ctx, fn)
}

// runTx runs fn in a transaction of its own.
func (db *DB) runTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case db.writers <- struct{}{}:
		defer func() { <-db.writers }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := db.begin(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit; runs also when fn panics
	if err := db.run(ctx, tx, fn); err != nil {
		return err
	}
	return db.wrapError(ctx, "commit", tx.Commit())
}

// begin begins a transaction. If ctx ends first, package sql rolls back the
// transaction that begins later.
func (db *DB) begin(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	tx, err := withContext(ctx, func() (*sql.Tx, error) { return db.sql.BeginTx(ctx, opts) })
	return tx, db.wrapError(ctx, "begin", err)
}

// run runs fn with tx in its context.
func (db *DB) run(ctx context.Context, tx *sql.Tx, fn func(ctx context.Context) error) error {
	t := &transaction{Tx: tx, owner: db}
	if err := nestedtx.RunContext(t.newContext(ctx), fn); err != nil {
		return err
	}
	return t.Err()
}

// savepoint runs fn as a part of t that can be rolled back on its own.
func (db *DB) savepoint(ctx context.Context, t *transaction, fn func(ctx context.Context) error) error {
	if _, err := t.ExecContext(ctx, "SAVEPOINT pbxusers"); err != nil {
		return db.wrapError(ctx, "begin", err)
	}
	released := false
	defer func() {
		if released {
			return
		}
		// This fails if the whole transaction was rolled back.
		rollbackCtx := context.WithoutCancel(ctx)
		_, err := t.ExecContext(rollbackCtx, "ROLLBACK TO SAVEPOINT pbxusers")
		if err == nil {
			_, err = t.ExecContext(rollbackCtx, "RELEASE SAVEPOINT pbxusers")
		}
		t.Fail(err)
	}()
	if err := db.run(ctx, t.Tx, fn); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, "RELEASE SAVEPOINT pbxusers")
	released = err == nil
	return db.wrapError(ctx, "commit", err)
}

// querier is implemented by databases and transactions.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// read runs fn in the transaction of ctx, or without one: fn makes one query. It
// may run more than once.
func (db *DB) read(ctx context.Context, fn func(ctx context.Context, q querier) error) error {
	if t := db.currentTx(ctx); t != nil {
		return fn(ctx, t)
	}
	return db.retry(ctx, func(ctx context.Context) error { return fn(ctx, db.sql) })
}

// write runs fn in the transaction of ctx, or in one of its own. fn writes in its
// last statements: if it returns a domain error, it wrote nothing.
func (db *DB) write(ctx context.Context, fn func(ctx context.Context, q querier) error) error {
	if t := db.currentTx(ctx); t != nil {
		return fn(ctx, t)
	}
	return db.RunInTx(ctx, func(ctx context.Context) error { return fn(ctx, db.currentTx(ctx)) })
}

// snapshot runs fn in the transaction of ctx, or in a read-only one with one
// snapshot.
func (db *DB) snapshot(ctx context.Context, fn func(q querier) error) error {
	if t := db.currentTx(ctx); t != nil {
		return fn(t)
	}
	tx, err := db.begin(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return fn(tx)
}
