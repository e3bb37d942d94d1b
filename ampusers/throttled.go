package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
)

// tooEarlyError is a [store.ThrottledError] that may be worth a line in the trail.
type tooEarlyError struct {
	error

	first bool
}

func (h *tooEarlyError) Unwrap() error { return h.error }

// mayTry counts a try, and returns nil when it may go on.
func (s *Service) mayTry(try throttle.Try) *tooEarlyError {
	wait, first := s.throttle.Begin(try)
	if wait <= 0 {
		return nil
	}
	return &tooEarlyError{&store.ThrottledError{RetryAfter: wait}, first}
}

// admit counts a try of a candidate, and refuses whoever has tried too often.
func (s *Service) admit(ctx context.Context, c *candidate, try throttle.Try) error {
	held := s.mayTry(try)
	if held == nil {
		return nil
	}
	if held.first {
		_ = s.refuse(ctx, c, held)
	}
	return held.Unwrap()
}
