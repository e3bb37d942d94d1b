package ratelimit

import "time"

// bucket holds a number of tries, and gets one more now and then. The zero
// bucket is full.
type bucket struct {
	// fullAt is when it will be full again.
	fullAt  time.Time
	limited bool
}

// wait returns how long it takes until a try can be taken from a bucket of that
// size that gets one more per refill.
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

// take takes a try, after wait has said that there is one.
func (b *bucket) take(refill time.Duration) {
	b.fullAt = b.fullAt.Add(refill)
	b.limited = false
}

func (b *bucket) refund(attempts int, refill time.Duration) {
	b.fullAt = b.fullAt.Add(-time.Duration(attempts) * refill)
}

// markLimited notes that a try was held up, and reports whether it is the first since
// one went on.
func (b *bucket) markLimited() bool {
	first := !b.limited
	b.limited = true
	return first
}
