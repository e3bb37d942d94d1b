// Package joined is the part of nested transactions that all backends have in
// common: a call of Atomically inside another one joins it, and when the inner
// one fails, the outer one cannot commit any more, whatever it makes of the
// error.
package joined

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Calls remembers the first call inside of one transaction that failed.
type Calls struct {
	mu    sync.Mutex
	first error
}

var errAbandoned = errors.New("it panicked or ended its goroutine")

// Run runs fn as a joined call and returns its error, or that of the context
// when it has ended.
func (c *Calls) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	err := errAbandoned // unless fn returns
	defer func() { c.Fail(err) }()
	err = Within(ctx, fn)
	return err
}

// Fail remembers err, unless it is nil or another one was first: the transaction
// cannot commit any more.
func (c *Calls) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil {
		c.first = err
	}
}

// Err returns an error when a call failed.
func (c *Calls) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil {
		return nil
	}
	return fmt.Errorf("rolled back, because a call inside of it failed: %w", c.first)
}

// Within runs fn unless ctx has ended, and returns the error of fn, or that of
// ctx when it ended meanwhile.
func Within(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := fn(ctx); err != nil {
		return err
	}
	return ctx.Err()
}
