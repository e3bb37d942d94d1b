package throttle

import "time"

// bucket holds a number of tries, and gets one more now and then. The zero
// bucket is full.
type bucket struct {
	// full is when it will be full again.
	full time.Time
	held bool
}

// wait returns how long it takes until a try can be taken from a bucket of that
// size that gets one more per refill.
func (b *bucket) wait(now time.Time, size int, refill time.Duration) time.Duration {
	if b.full.Before(now) {
		b.full = now
	}
	// A clock that was set back does not make it emptier than empty.
	if empty := now.Add(time.Duration(size) * refill); b.full.After(empty) {
		b.full = empty
	}
	return max(b.full.Sub(now)-time.Duration(size-1)*refill, 0)
}

// take takes a try, after wait has said that there is one.
func (b *bucket) take(refill time.Duration) {
	b.full = b.full.Add(refill)
	b.held = false
}

func (b *bucket) giveBack(tries int, refill time.Duration) {
	b.full = b.full.Add(-time.Duration(tries) * refill)
}

// hold notes that a try was held up, and reports whether it is the first since
// one went on.
func (b *bucket) hold() bool {
	first := !b.held
	b.held = true
	return first
}
