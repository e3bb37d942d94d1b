package store

import (
	"cmp"
	"context"
	"log/slog"
	"time"
)

// MaxValueSize is the maximum size of a value of a [TTLStore], in bytes.
const MaxValueSize = 1 << 20

// TTLStore stores small values until they expire, such as sessions or the responses
// of requests that may be repeated. A backend that outlives the process encrypts
// the values but not the keys: if a key is a secret, such as the token of a
// session, use its hash.
//
// Every method joins the transaction of its context (see [Transactor]) and is safe
// for concurrent use. When the context has ended, a method writes nothing and
// returns the context's error.
type TTLStore interface {
	Transactor

	// Get returns the value with that key in its kind. It returns a [NotFoundError]
	// if there is none, or if it expires at now or before.
	Get(ctx context.Context, kind, key string, now time.Time) ([]byte, error)
	// Put stores value until expires, and replaces the previous value. It returns
	// an [InvalidError] on "value" if value is larger than [MaxValueSize].
	Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error
	// Delete removes the key. It returns no error if there is none.
	Delete(ctx context.Context, kind, key string) error
	// List returns the values of a kind by their keys, without those that expire at now
	// or before. It is for kinds with few values.
	List(ctx context.Context, kind string, now time.Time) (map[string][]byte, error)
	// DeleteExpired removes all values of all kinds that expire at now or before,
	// and returns their number.
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
}

// SweepOptions are the options of [SweepExpired].
type SweepOptions struct {
	// Interval is the time between two deletions. Defaults to ten minutes.
	Interval time.Duration
	// Clock returns the time of expiry. Defaults to time.Now.
	Clock func() time.Time
	// Logger records failures. Defaults to none.
	Logger *slog.Logger
}

// SweepExpired deletes what has expired in a [TTLStore] now and then regularly, until
// ctx ends. A failure is logged, and the next deletion tries again. nil options mean the
// defaults. A server calls it in a goroutine, once for each store.
func SweepExpired(ctx context.Context, ttl TTLStore, opts *SweepOptions) {
	if opts == nil {
		opts = &SweepOptions{}
	}
	clock, logger := opts.Clock, opts.Logger
	if clock == nil {
		clock = time.Now
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	tick := time.NewTicker(cmp.Or(opts.Interval, 10*time.Minute))
	defer tick.Stop()
	for {
		if _, err := ttl.DeleteExpired(ctx, clock()); err != nil && ctx.Err() == nil {
			logger.WarnContext(ctx, "expired records could not be deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
