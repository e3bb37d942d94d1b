package memstore

import (
	"context"
	"errors"
	"sync"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/nestedtx"
)

var _ store.Transactor = (*DB)(nil)

var errTxDone = errors.New("memstore: the transaction of this context has ended")

// transaction is the open transaction of a DB. There is one at a time.
type transaction struct {
	nestedtx.ErrorTracker
	mu sync.Mutex
	// draft is nil once the transaction has ended.
	draft *state
}

// transactionKey is the context key of the transaction of db.
type transactionKey struct{ db *DB }

// RunInTx implements [store.Transactor]. One transaction runs at a time, and others
// wait. Readers outside see the last committed state.
func (db *DB) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if tx := db.currentTx(ctx); tx != nil {
		return tx.Run(ctx, fn)
	}
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	tx := &transaction{draft: db.committed.Load().draft()}
	defer tx.end()
	if err := nestedtx.RunContext(context.WithValue(ctx, transactionKey{db}, tx), fn); err != nil {
		return err
	}
	if err := tx.Err(); err != nil {
		return err
	}
	next := tx.end().draft() // marks its tables as shared
	db.committed.Store(next)
	return nil
}

func (db *DB) currentTx(ctx context.Context) *transaction {
	tx, _ := ctx.Value(transactionKey{db}).(*transaction)
	return tx
}

func (db *DB) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case db.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (db *DB) unlock() { <-db.writer }

// end returns the draft. The transaction cannot be used afterwards.
func (tx *transaction) end() *state {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	draft := tx.draft
	tx.draft = nil
	return draft
}

// withState calls fn with the state of the transaction, to read and to write.
func (tx *transaction) withState(ctx context.Context, fn func(s *state) error) error {
	if err := ctx.Err(); err != nil {
		tx.Fail(err)
		return err
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.draft == nil {
		return errTxDone
	}
	return fn(tx.draft)
}

// read calls fn with the state that ctx sees, to read only.
func (db *DB) read(ctx context.Context, fn func(s *state) error) error {
	if tx := db.currentTx(ctx); tx != nil {
		return tx.withState(ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fn(db.committed.Load())
}

// write runs fn in the transaction of ctx, or in one of its own. fn writes in its
// last step: if it returns an error, it wrote nothing.
func (db *DB) write(ctx context.Context, fn func(ctx context.Context, tx *transaction) error) error {
	tx := db.currentTx(ctx)
	if tx == nil {
		return db.RunInTx(ctx, func(ctx context.Context) error { return fn(ctx, db.currentTx(ctx)) })
	}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	tx.Wrote()
	return nil
}
