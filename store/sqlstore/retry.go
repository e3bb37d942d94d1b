package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Limits of the pause before a retry. SQLite itself has waited for five seconds
// then.
const (
	minBackoff = 2 * time.Millisecond
	maxBackoff = 250 * time.Millisecond
)

// busyError is an error after which a retry may succeed.
type busyError struct{ error }

func (e *busyError) Unwrap() error { return e.error }

// wrapError wraps an error of the database, and prevents the transaction of ctx
// from committing without this operation.
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

// retry runs fn again while the database is busy, until ctx ends.
func (db *DB) retry(ctx context.Context, fn func(ctx context.Context) error) error {
	for pause := minBackoff; ; pause = min(2*pause, maxBackoff) {
		err := fn(ctx)
		if _, busy := errors.AsType[*busyError](err); !busy {
			return err
		}
		// Random, so that two programs do not conflict again.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // no secret
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// withContext runs fn and returns when ctx ends, even if fn does not return: SQLite
// waits for a lock for up to five seconds and ignores the context. fn then ends by
// itself and must undo its work.
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
