package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Bounds of the pause before another try. SQLite has by then waited for its
// own five seconds.
const (
	minBackoff = 2 * time.Millisecond
	maxBackoff = 250 * time.Millisecond
)

// busyError is a failure of the database that another try may mend.
type busyError struct{ error }

func (e *busyError) Unwrap() error { return e.error }

// wrapError makes what the database returned an error of the store, and keeps the
// transaction of ctx from committing without what was to be done here.
func (db *DB) wrapError(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("sqlstore: %s: %w", op, err)
	switch {
	case ctx.Err() != nil:
		wrapped = ctx.Err()
	case db.engine.isBusy(err):
		wrapped = &busyError{wrapped}
	case !db.engine.isFailure(err):
		return wrapped
	}
	if t := db.currentTx(ctx); t != nil {
		t.Fail(wrapped)
	}
	return wrapped
}

// retry runs fn again while it fails because of others, until ctx ends.
func (db *DB) retry(ctx context.Context, fn func(ctx context.Context) error) error {
	for pause := minBackoff; ; pause = min(2*pause, maxBackoff) {
		err := fn(ctx)
		if _, busy := errors.AsType[*busyError](err); !busy {
			return err
		}
		// At random, so that those who met once do not meet each time.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // no secret
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// withContext runs fn and returns when ctx ends, even when fn does not: SQLite
// waits for a lock without looking at the context, for five seconds at the
// most. fn is then left to end by itself and must undo what it did.
func withContext[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := fn()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
