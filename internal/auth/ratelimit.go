package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
)

// checkRate counts an attempt, and returns a [store.RateLimitedError] if it is not
// allowed. first reports whether it should be recorded.
func (au *Authenticator) checkRate(attempt ratelimit.Attempt) (first bool, err error) {
	wait, first := au.opts.Limiter.Allow(attempt)
	if wait <= 0 {
		return false, nil
	}
	return first, &store.RateLimitedError{RetryAfter: wait}
}

// rateLimit counts an attempt of a claimant, and returns an error if there were too
// many.
func (au *Authenticator) rateLimit(ctx context.Context, c *claimant, attempt ratelimit.Attempt) error {
	first, err := au.checkRate(attempt)
	if first {
		return au.recordDenied(ctx, c, err)
	}
	return err
}
