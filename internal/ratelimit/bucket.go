package ratelimit

import "time"

// bucket holds a number of attempts and is refilled over time. The zero bucket is
// full.
type bucket struct {
	// fullAt is when it is full again.
	fullAt  time.Time
	limited bool
}

// wait returns the time until an attempt can be taken from a bucket of that size
// that gets one per refill.
func (b *bucket) wait(now time.Time, size int, refill time.Duration) time.Duration {
	if b.fullAt.Before(now) {
		b.fullAt = now
	}
	// A clock that was set back does not make it emptier than empty.
	if empty := now.Add(time.Duration(size) * refill); b.fullAt.After(empty) {
		b.fullAt = empty
	}
	return max(b.fullAt.Sub(now)-time.Duration(size-1)*refill, 0)
}

// take takes an attempt, after wait has returned 0.
func (b *bucket) take(refill time.Duration) {
	b.fullAt = b.fullAt.Add(refill)
	b.limited = false
}

func (b *bucket) refund(attempts int, refill time.Duration) {
	b.fullAt = b.fullAt.Add(-time.Duration(attempts) * refill)
}

// markLimited notes that an attempt was rate-limited, and reports whether it is the
// first one since an attempt was allowed.
func (b *bucket) markLimited() bool {
	first := !b.limited
	b.limited = true
	return first
}
