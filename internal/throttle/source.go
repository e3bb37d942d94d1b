package throttle

import "time"

// source counts the tries of an address.
type source struct {
	tries int
	last  time.Time
	// begun tells this life of the source from earlier ones.
	begun uint64
	held  bool
}

// quiet reports whether the source is new, or starts anew.
func (s *source) quiet(now time.Time) bool {
	return s.begun == 0 || now.Sub(s.last) >= Forgiven
}

func (s *source) wait(now time.Time) time.Duration {
	// A clock that was set back does not make the wait longer.
	passed := max(now.Sub(s.last), 0)
	return max(pause(s.tries)-passed, 0)
}

// pause returns how long after so many tries the next may begin.
func pause(tries int) time.Duration {
	beyond := tries - SourceTries
	switch {
	case beyond < 0:
		return 0
	case beyond > 16: // far beyond MaxWait, and far below an overflow
		return MaxWait
	}
	return min(time.Second<<beyond, MaxWait)
}

func (s *source) take(now time.Time) {
	s.tries++
	s.last, s.held = now, false
}

// hold notes that a try was held up, and reports whether it is the first since
// one went on.
func (s *source) hold() bool {
	first := !s.held
	s.held = true
	return first
}

// pair counts the tries of a source with a user, in one life of the source.
type pair struct {
	begun uint64
	tries int
}

func (p *pair) take(begun uint64) {
	if p.begun != begun {
		*p = pair{begun: begun}
	}
	p.tries++
}
