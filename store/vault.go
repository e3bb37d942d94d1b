package store

import (
	"context"
	"time"
)

// MaxVaultValue bounds a value of a [Vault], in bytes.
const MaxVaultValue = 1 << 20

// Vault keeps small values until they expire, such as the sessions of a server
// or the answers to requests that may be repeated. A backend that outlives the
// process seals the values; the keys are kept as they are: where a key is a
// secret, such as the token of a session, give its hash.
//
// Every method joins the transaction of its context (see [Transactor]), may be
// called from many goroutines, and returns the context's error, with nothing
// written, when the context has ended.
type Vault interface {
	Transactor

	// Kept returns the value of that key among those of its kind. A
	// [NotFoundError] when there is none, or when it expires at now or
	// before.
	Kept(ctx context.Context, kind, key string, now time.Time) ([]byte, error)
	// Keep stores value until expires, in place of what the key held. More
	// than [MaxVaultValue] is refused with an [InvalidError] on "value".
	Keep(ctx context.Context, kind, key string, value []byte, expires time.Time) error
	// Forget removes the key; it is no error when there is none.
	Forget(ctx context.Context, kind, key string) error
	// ForgetExpired removes all that expires at now or before, of every
	// kind, and returns how many values that were.
	ForgetExpired(ctx context.Context, now time.Time) (int, error)
}
