// Package ratelimit slows down those who guess passwords, and nobody else. It
// keeps its counts in memory: they are those of one process, and gone when it
// ends.
//
// Four counts are kept. A source (an address) that fails too often waits
// longer and longer, up to a bound. A user name that fails too often, from
// whatever sources, is open to a few tries per minute for strangers. And a
// device that the user has logged in from before has a count of its own, which
// strangers cannot use up: that is how the right owner gets in while others
// guess. Codes of the second factor, which are short, are counted apart from
// passwords: see [Attempt].
//
// # What somebody who guesses gets
//
// From one source: [SourceBurst], then one after 1 s, 2 s, 4 s and so on, up to
// one per [MaxBackoff]; 29 in the first hour and 12 in each one after. Pausing for
// [ResetAfter] again and again gets 60 an hour.
//
// From any number of sources, one user: [UserBurst], then one per [UserRefill],
// which is 360 an hour. Nobody is locked out for good, but strangers share
// these: as long as many sources guess at once, an owner on a device that is
// not known is one of them, and gets in when one of the tries happens to fall to
// the owner. A device that is known is exempt.
//
// With the password of one user, from any number of sources, at the codes of
// the second factor: [CodeBurst], then one per [CodeRefill], which is 288 a
// day. Of a million codes three are right at any time: a day of guesses hits one
// with a chance of 1 in 1 100, and three years of them on average. The owner
// shares these, too, unless the device is known. A recovery code, which nobody
// can guess, need not be counted.
//
// From more sources than are remembered (see [Options]): sources are forgotten
// before their time, and start anew. A user is forgotten early only when as many
// other names are tried in between, each of which is a try that was counted: what
// is held up makes nothing forgotten.
//
// Behind one address with somebody who guesses, people on devices that are not
// known share that address's wait. Behind a proxy that hides addresses, all of
// them are one source.
package ratelimit

import (
	"net/netip"
	"sync"
	"time"
)

// The counts.
const (
	// SourceBurst is how many tries a source has before it waits, first 1 s,
	// then twice as long after each further one, up to MaxBackoff.
	SourceBurst = 10
	MaxBackoff  = 5 * time.Minute
	// ResetAfter is how long after its last try a source starts anew.
	ResetAfter = 15 * time.Minute

	// UserBurst is how many tries strangers have with one user at once; they
	// get one more per UserRefill.
	UserBurst  = 20
	UserRefill = 10 * time.Second

	// DeviceBurst is how many tries a device that is known has with its
	// user at once; it gets one more per DeviceRefill.
	DeviceBurst  = 10
	DeviceRefill = 30 * time.Second

	// CodeBurst is how many codes strangers have with one user at once, and
	// a device that is known has for itself; they get one more per
	// CodeRefill.
	CodeBurst  = 10
	CodeRefill = 5 * time.Minute
)

// Options of [New]; the zero value of each field is its default.
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// MaxEntries bounds how many of each are remembered, at about 200 bytes: sources,
	// users, devices, users and devices that type codes, and pairs of a source
	// and a user. Defaults to 100 000; the one that was quiet for longest is
	// forgotten.
	MaxEntries int
}

// Limiter decides who may try. It may be used from many goroutines.
type Limiter struct {
	now func() time.Time

	mu      sync.Mutex
	sources *lru[source]
	users   *lru[bucket]
	devices *lru[bucket]
	// codes are those of users and of devices.
	codes *lru[bucket]
	// pairs are the tries of a source with a user that count in the source.
	pairs *lru[pair]
	// windows counts the times that a source started anew.
	windows uint64
}

// New returns a throttle.
func New(opts *Options) *Limiter {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = 100_000
	}
	return &Limiter{
		now:     o.Clock,
		sources: newLRU[source](o.MaxEntries),
		users:   newLRU[bucket](o.MaxEntries),
		devices: newLRU[bucket](o.MaxEntries),
		codes:   newLRU[bucket](o.MaxEntries),
		pairs:   newLRU[pair](o.MaxEntries),
	}
}

// Attempt is somebody who wants to try a password, or a code.
type Attempt struct {
	// RemoteAddr is the IP address of the caller. An IPv6 address counts as its
	// /64. All callers with the zero address are one source.
	RemoteAddr netip.Addr
	// Service replaces RemoteAddr where a service asks without knowing the
	// address: the service and the username, such as "xmpp/jane". Each value is
	// a source of its own. Guesses there share the source with the owner, so
	// only the count of the user limits them, and a success refunds one attempt.
	Service string
	// User is the folded name that is tried, whether there is such a user
	// or not.
	User string
	// Device names a device that User has logged in from before; empty for
	// a stranger.
	Device string
	// Code says that a code is tried which can be guessed, by somebody who
	// has proven the password: begin it after that, as a try of its own.
	// Whoever does not know the password must not get as far, or could use
	// up the codes of others.
	Code bool
}

// Allow counts a try, and returns how long to wait before the next one may
// begin: 0 means that this one may go on. first says that this try is the first
// to be held up since one went on: worth a line in the trail. A try that is held
// up is not counted, and makes nobody wait longer.
func (l *Limiter) Allow(attempt Attempt) (wait time.Duration, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case attempt.Code:
		return takeToken(l.codes, attempt.codeKey(), l.now(), CodeBurst, CodeRefill)
	case attempt.Device != "":
		return takeToken(l.devices, attempt.deviceKey(), l.now(), DeviceBurst, DeviceRefill)
	}
	return l.allowUnknownDevice(attempt)
}

// takeToken takes a try from the bucket of k, or returns how long to wait for one.
func takeToken(buckets *lru[bucket], k key, now time.Time, size int, refill time.Duration) (wait time.Duration, first bool) {
	b, _ := buckets.get(k)
	if wait = b.wait(now, size, refill); wait > 0 {
		first = b.markLimited()
	} else {
		b.take(refill)
	}
	buckets.put(k, b)
	return wait, first
}

func (l *Limiter) allowUnknownDevice(attempt Attempt) (wait time.Duration, first bool) {
	now := l.now()
	src, _ := l.sources.get(attempt.sourceKey())
	user, _ := l.users.get(attempt.userKey())
	if src.idle(now) {
		l.windows++
		src = source{window: l.windows}
	}
	srcWait, userWait := src.wait(now), user.wait(now, UserBurst, UserRefill)
	if wait = max(srcWait, userWait); wait == 0 {
		src.take(now)
		user.take(UserRefill)
		l.sources.put(attempt.sourceKey(), src)
		l.users.put(attempt.userKey(), user)
		l.countPair(attempt, src.window)
		return 0, false
	}
	// Only what holds a try up is remembered of it: else one source could have
	// any number of users forgotten, and any number of sources another one.
	if srcWait > 0 {
		first = src.markLimited()
		l.sources.put(attempt.sourceKey(), src)
	}
	if userWait > 0 {
		first = user.markLimited() || first
		l.users.put(attempt.userKey(), user)
	}
	return wait, first
}

func (l *Limiter) countPair(attempt Attempt, window uint64) {
	p, _ := l.pairs.get(attempt.pairKey())
	p.take(window)
	l.pairs.put(attempt.pairKey(), p)
}

// Reset forgets the failures of that source with that user, or of that
// device: a source cannot wash itself clean of its failures with other users by
// one account of its own. Of codes, and of users whom a service asks for, it
// gives back the one try only: whoever has stolen a password does not gain by
// each login of the owner.
func (l *Limiter) Reset(attempt Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case attempt.Code:
		refund(l.codes, attempt.codeKey(), 1, CodeRefill)
	case attempt.Device != "":
		l.devices.remove(attempt.deviceKey())
	default:
		l.resetSource(attempt)
	}
}

func (l *Limiter) resetSource(attempt Attempt) {
	p, known := l.pairs.get(attempt.pairKey())
	src, remembered := l.sources.get(attempt.sourceKey())
	if !known || !remembered || p.window != src.window {
		return
	}
	src.attempts -= p.attempts
	l.sources.put(attempt.sourceKey(), src)
	n := p.attempts
	if attempt.Service != "" {
		n = 1 // the others may be a stranger's
	}
	refund(l.users, attempt.userKey(), n, UserRefill)
	l.pairs.remove(attempt.pairKey())
}

func refund(buckets *lru[bucket], k key, attempts int, refill time.Duration) {
	if b, ok := buckets.get(k); ok {
		b.refund(attempts, refill)
		buckets.put(k, b)
	}
}
