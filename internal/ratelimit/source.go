package ratelimit

import "time"

// source counts the tries of an address.
type source struct {
	attempts    int
	lastAttempt time.Time
	// window tells this life of the source from earlier ones.
	window  uint64
	limited bool
}

// idle reports whether the source is new, or starts anew.
func (s *source) idle(now time.Time) bool {
	return s.window == 0 || now.Sub(s.lastAttempt) >= ResetAfter
}

func (s *source) wait(now time.Time) time.Duration {
	// A clock that was set back does not make the wait longer.
	elapsed := max(now.Sub(s.lastAttempt), 0)
	return max(backoff(s.attempts)-elapsed, 0)
}

// backoff returns how long after so many tries the next may begin.
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

// markLimited notes that a try was held up, and reports whether it is the first since
// one went on.
func (s *source) markLimited() bool {
	first := !s.limited
	s.limited = true
	return first
}

// pair counts the tries of a source with a user, in one life of the source.
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
