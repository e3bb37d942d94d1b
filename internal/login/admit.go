package login

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
)

// begin counts a try, and returns a [store.ThrottledError] when it may not go
// on. first says that this is worth a line in the trail.
func (d *Desk) begin(try throttle.Try) (first bool, err error) {
	wait, first := d.opts.Throttle.Begin(try)
	if wait <= 0 {
		return false, nil
	}
	return first, &store.ThrottledError{RetryAfter: wait}
}

// admit counts a try of a candidate, and refuses whoever has tried too often.
func (d *Desk) admit(ctx context.Context, c *candidate, try throttle.Try) error {
	first, err := d.begin(try)
	if first {
		return d.refuse(ctx, c, err)
	}
	return err
}
