package ratelimit

import "time"

// source counts the attempts of an address.
type source struct {
	attempts    int
	lastAttempt time.Time
	// window distinguishes this period of the source from earlier ones.
	window  uint64
	limited bool
}

// idle reports whether the source is new or starts again.
func (s *source) idle(now time.Time) bool {
	return s.window == 0 || now.Sub(s.lastAttempt) >= ResetAfter
}

func (s *source) wait(now time.Time) time.Duration {
	// A clock that was set back does not make the wait longer.
	elapsed := max(now.Sub(s.lastAttempt), 0)
	return max(backoff(s.attempts)-elapsed, 0)
}

// backoff returns the time between the last of so many attempts and the next one.
func backoff(attempts int) time.Duration {
	excess := attempts - SourceBurst
	switch {
	case excess < 0:
		return 0
	case excess > 16: // far beyond MaxBackoff, and far below an overflow
		return MaxBackoff
	}
	return min(time.Second<<excess, MaxBackoff)
}

func (s *source) take(now time.Time) {
	s.attempts++
	s.lastAttempt, s.limited = now, false
}

// markLimited notes that an attempt was rate-limited, and reports whether it is the
// first one since an attempt was allowed.
func (s *source) markLimited() bool {
	first := !s.limited
	s.limited = true
	return first
}

// pair counts the attempts of a source on a user, in one window of the source.
type pair struct {
	window   uint64
	attempts int
}

func (p *pair) take(window uint64) {
	if p.window != window {
		*p = pair{window: window}
	}
	p.attempts++
}
