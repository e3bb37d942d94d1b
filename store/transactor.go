package store

import "context"

// Transactor runs several writes in one transaction.
type Transactor interface {
	// RunInTx runs fn in a transaction. It commits when fn returns nil. It
	// rolls back when fn returns an error, panics, or ctx ends. The
	// transaction is in the context that fn receives; every store call with
	// that context joins it, and so does a nested RunInTx.
	//
	// When a nested RunInTx fails after a write, or its context ends, the whole
	// transaction rolls back, even if the caller ignores the error. When it
	// fails before its first write, the caller may go on. The same
	// holds for a store call: a domain error such as [ErrAlreadyExists] leaves
	// the transaction as it was, a database error or the end of the context
	// rolls it back.
	//
	// Transactions are serializable. RunInTx runs fn again after a conflict
	// with another transaction, so fn must have no effect outside the store.
	RunInTx(ctx context.Context, fn func(ctx context.Context) error) error
}
