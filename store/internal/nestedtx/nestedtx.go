// Package nestedtx implements nested transactions for all backends. A RunInTx
// call inside another one joins it. When the inner one fails, the outer one can
// no longer commit, even if it ignores the error.
package nestedtx

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrorTracker remembers the first call inside of one transaction that failed.
type ErrorTracker struct {
	mu       sync.Mutex
	firstErr error
}

var errAbandoned = errors.New("it panicked or ended its goroutine")

// Run runs fn as a joined call and returns its error, or that of the context
// when it has ended.
func (c *ErrorTracker) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	err := errAbandoned // unless fn returns
	defer func() { c.Fail(err) }()
	err = RunContext(ctx, fn)
	return err
}

// Fail remembers err, unless it is nil or another one was first: the transaction
// cannot commit any more.
func (c *ErrorTracker) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.firstErr == nil {
		c.firstErr = err
	}
}

// Err returns an error when a call failed.
func (c *ErrorTracker) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.firstErr == nil {
		return nil
	}
	return fmt.Errorf("rolled back, because a call inside of it failed: %w", c.firstErr)
}

// RunContext runs fn unless ctx has ended, and returns the error of fn, or that of
// ctx when it ended meanwhile.
func RunContext(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := fn(ctx); err != nil {
		return err
	}
	return ctx.Err()
}
