package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
)

// checkRate counts a try, and returns a [store.RateLimitedError] when it may not go
// on. first says that this is worth a line in the trail.
func (au *Authenticator) checkRate(attempt ratelimit.Attempt) (first bool, err error) {
	wait, first := au.opts.Limiter.Allow(attempt)
	if wait <= 0 {
		return false, nil
	}
	return first, &store.RateLimitedError{RetryAfter: wait}
}

// rateLimit counts a try of a candidate, and refuses whoever has tried too often.
func (au *Authenticator) rateLimit(ctx context.Context, c *claimant, attempt ratelimit.Attempt) error {
	first, err := au.checkRate(attempt)
	if first {
		return au.recordDenied(ctx, c, err)
	}
	return err
}
