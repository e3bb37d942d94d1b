package store

import "context"

// Transactor makes several writes one.
type Transactor interface {
	// RunInTx runs fn and keeps all of what it wrote, or nothing: it
	// commits when fn returns nil, and rolls back when fn returns an error,
	// panics, or ctx ends. The transaction rides in the context that fn is
	// given; every store call made with that context joins it, a nested
	// Atomically too. The error of a nested Atomically undoes the whole, and
	// so does a store call that fails because the database failed or its
	// context ended; a refusal, such as [ErrAlreadyExists], leaves the rest as it
	// is. Transactions are serializable: fn may be run again when the
	// database refuses it because of another transaction, so it must have no
	// effect outside the store.
	RunInTx(ctx context.Context, fn func(ctx context.Context) error) error
}
