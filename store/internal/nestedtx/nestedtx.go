// Package nestedtx implements nested transactions for all backends. A RunInTx
// call inside another one joins it. When the inner one fails after a write, the
// outer one can no longer commit, even if it ignores the error.
package nestedtx

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrorTracker tracks whether a transaction can still commit.
type ErrorTracker struct {
	mu       sync.Mutex
	firstErr error
	writes   int
}

var errAbandoned = errors.New("the call panicked or ended its goroutine")

// Run runs fn as a joined call. It returns the error of fn, or that of ctx if ctx
// has ended. A call that fails without a write does not affect the transaction. If
// a call fails after a write, panics, or outlives ctx, the transaction cannot
// commit.
func (c *ErrorTracker) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	before := c.writeCount()
	err := errAbandoned // unless fn returns
	defer func() {
		if errors.Is(err, errAbandoned) || ctx.Err() != nil || c.writeCount() != before {
			c.Fail(err)
		}
	}()
	err = RunContext(ctx, fn)
	return err
}

// Wrote records that the transaction changed something.
func (c *ErrorTracker) Wrote() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
}

func (c *ErrorTracker) writeCount() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// Fail records err, unless it is nil or an earlier one exists. The transaction
// cannot commit after an error.
func (c *ErrorTracker) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.firstErr == nil {
		c.firstErr = err
	}
}

// Err returns an error if Fail recorded one.
func (c *ErrorTracker) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.firstErr == nil {
		return nil
	}
	return fmt.Errorf("rolled back, because a nested call failed: %w", c.firstErr)
}

// RunContext runs fn unless ctx has ended. It returns the error of fn, or that
// of ctx when ctx ended before fn returned.
func RunContext(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := fn(ctx); err != nil {
		return err
	}
	return ctx.Err()
}
