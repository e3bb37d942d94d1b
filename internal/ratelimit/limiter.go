// Package ratelimit limits password guessing without locking out the account owner.
// Its counts are in the memory of one process.
//
// There are four counts. A source (an address) with too many failures waits longer
// and longer, up to a maximum. A username with too many failures, from any source,
// allows a few attempts per minute from untrusted devices. A trusted device, from
// which the user has logged in before, has a count of its own: it can log in during
// an attack. Codes of the second factor, which are short, are counted apart from
// passwords; see [Attempt].
//
// # What an attacker can do
//
// From one source: [SourceBurst] attempts, then one after 1 s, 2 s, 4 s and so on,
// up to one per [MaxBackoff]. This is 29 attempts in the first hour and 12 in each
// later one. Pausing for [ResetAfter] repeatedly allows 60 an hour.
//
// From any number of sources on one user: [UserBurst] attempts, then one per
// [UserRefill], which is 360 an hour. No user is locked out permanently. But
// untrusted devices share these attempts: during an attack from many sources, an
// owner on an untrusted device logs in only when one of the attempts is left. A
// trusted device is exempt.
//
// With the password of one user, from any number of sources, on the codes of the
// second factor: [CodeBurst] attempts, then one per [CodeRefill], which is 288 a
// day. Of a million codes three are valid at any time. A day of guesses succeeds
// with a probability of 1 in 1 100; on average it takes three years. The owner
// shares these attempts, too, unless the device is trusted. Recovery codes cannot
// be guessed and are not counted.
//
// From more sources than the limiter stores (see [Options]): sources are removed
// early, and start again. A user is removed early only after attempts on as many
// other names. Each of them was counted: rate-limited attempts remove nothing.
//
// Untrusted devices that share the address of an attacker share its wait. Behind a proxy that hides addresses, all clients are one source.
package ratelimit

import (
	"net/netip"
	"sync"
	"time"
)

// The limits.
const (
	// SourceBurst is the number of attempts of a source before it waits: first 1 s,
	// then twice as long after each further attempt, up to MaxBackoff.
	SourceBurst = 10
	MaxBackoff  = 5 * time.Minute
	// ResetAfter is the time after its last attempt when a source starts again.
	ResetAfter = 15 * time.Minute

	// UserBurst is the number of attempts of untrusted devices on one user; they
	// get one more per UserRefill.
	UserBurst  = 20
	UserRefill = 10 * time.Second

	// DeviceBurst is the number of attempts of a trusted device on its user; it
	// gets one more per DeviceRefill.
	DeviceBurst  = 10
	DeviceRefill = 30 * time.Second

	// CodeBurst is the number of codes of untrusted devices on one user, and of
	// each trusted device; they get one more per CodeRefill.
	CodeBurst  = 10
	CodeRefill = 5 * time.Minute
)

// Options of [New]. Zero fields have defaults.
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// MaxEntries is the maximum number of entries of each kind, of about 200 bytes:
	// sources, users, devices, users and devices with codes, and pairs of a source
	// and a user. The least recently used entry is removed. Defaults to 100 000.
	MaxEntries int
}

// Limiter limits attempts. It is safe for concurrent use.
type Limiter struct {
	now func() time.Time

	mu      sync.Mutex
	sources *lru[source]
	users   *lru[bucket]
	devices *lru[bucket]
	// codes are the counts of codes of users and of devices.
	codes *lru[bucket]
	// pairs are the attempts of a source on a user that count for the source.
	pairs *lru[pair]
	// windows counts how often sources started again.
	windows uint64
}

// New returns a limiter.
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

// Attempt is an attempt to check a password or a code.
type Attempt struct {
	// RemoteAddr is the IP address of the client. An IPv6 address counts as its
	// /64. All clients with the zero address are one source.
	RemoteAddr netip.Addr
	// Service replaces RemoteAddr if a service does not know the address: the
	// service and the username, such as "xmpp/jane". Each value is a source.
	// Guesses there share the source with the owner, so only the count of the user
	// limits them, and a success refunds one attempt.
	Service string
	// User is the folded username, whether the user exists or not.
	User string
	// Device is a trusted device of User; empty for an untrusted device.
	Device string
	// Code reports that this is an attempt with a code that can be guessed, after
	// the password was verified. It is an attempt of its own. Clients without the
	// password must not make such attempts, because they could use up the codes of
	// others.
	Code bool
}

// Allow counts an attempt. It returns 0 if the attempt is allowed, or how long to
// wait before the next one. first reports that this attempt is the first to be
// limited since one was allowed, and should be recorded. A limited attempt is not
// counted, and does not increase any wait.
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

// takeToken takes an attempt from the bucket of k, or returns how long to wait.
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
	// Only the limiting count is stored. Otherwise one source could remove any
	// number of users, and any number of sources another source.
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

// Reset clears the failures of a source on a user, or of a device. A source cannot
// clear its failures on other users by logging in to an account of its own. For
// codes, and for users of a service, it refunds only one attempt: an attacker with
// the password does not gain from the logins of the owner.
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
	p, _ := l.pairs.get(attempt.pairKey())
	src, _ := l.sources.get(attempt.sourceKey())
	if p.window == 0 || p.window != src.window { // unknown, or of an earlier window
		return
	}
	src.attempts -= p.attempts
	l.sources.put(attempt.sourceKey(), src)
	n := p.attempts
	if attempt.Service != "" {
		n = 1 // the others may be an attacker's
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
