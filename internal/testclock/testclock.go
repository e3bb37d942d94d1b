// Package testclock is a time that only passes when a test says so. It is for
// tests only.
package testclock

import (
	"sync"
	"time"
)

// Clock is a clock that stands still. It may be used from many goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// New returns a clock that shows a morning of 2026.
func New() *Clock { return &Clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on, or back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
