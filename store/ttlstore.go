package store

import (
	"context"
	"time"
)

// MaxValueSize bounds a value of a [TTLStore], in bytes.
const MaxValueSize = 1 << 20

// TTLStore keeps small values until they expire, such as the sessions of a server
// or the answers to requests that may be repeated. A backend that outlives the
// process seals the values; the keys are kept as they are: where a key is a
// secret, such as the token of a session, give its hash.
//
// Every method joins the transaction of its context (see [Transactor]), may be
// called from many goroutines, and returns the context's error, with nothing
// written, when the context has ended.
type TTLStore interface {
	Transactor

	// Get returns the value of that key among those of its kind. A
	// [NotFoundError] when there is none, or when it expires at now or
	// before.
	Get(ctx context.Context, kind, key string, now time.Time) ([]byte, error)
	// Put stores value until expires, in place of what the key held. More
	// than [MaxValueSize] is refused with an [InvalidError] on "value".
	Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error
	// Delete removes the key; it is no error when there is none.
	Delete(ctx context.Context, kind, key string) error
	// DeleteExpired removes all that expires at now or before, of every
	// kind, and returns how many values that were.
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
}
