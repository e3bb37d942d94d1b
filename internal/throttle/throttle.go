// Package throttle slows down those who guess passwords, and nobody else. It
// keeps its counts in memory: they are those of one process, and gone when it
// ends.
//
// Four counts are kept. A source (an address) that fails too often waits
// longer and longer, up to a bound. A user name that fails too often, from
// whatever sources, is open to a few tries per minute for strangers. And a
// device that the user has logged in from before has a count of its own, which
// strangers cannot use up: that is how the right owner gets in while others
// guess. Codes of the second factor, which are short, are counted apart from
// passwords: see [Try].
//
// # What somebody who guesses gets
//
// From one source: [SourceTries], then one after 1 s, 2 s, 4 s and so on, up to
// one per [MaxWait]; 29 in the first hour and 12 in each one after. Pausing for
// [Forgiven] again and again gets 60 an hour.
//
// From any number of sources, one user: [UserTries], then one per [UserRefill],
// which is 360 an hour. Nobody is locked out for good, but strangers share
// these: as long as many sources guess at once, an owner on a device that is
// not known is one of them, and gets in when one of the tries happens to fall to
// the owner. A device that is known is exempt.
//
// With the password of one user, from any number of sources, at the codes of
// the second factor: [CodeTries], then one per [CodeRefill], which is 288 a
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
package throttle

import (
	"strings"
	"sync"
	"time"
)

// The counts.
const (
	// SourceTries is how many tries a source has before it waits, first 1 s,
	// then twice as long after each further one, up to MaxWait.
	SourceTries = 10
	MaxWait     = 5 * time.Minute
	// Forgiven is how long after its last try a source starts anew.
	Forgiven = 15 * time.Minute

	// UserTries is how many tries strangers have with one user at once; they
	// get one more per UserRefill.
	UserTries  = 20
	UserRefill = 10 * time.Second

	// DeviceTries is how many tries a device that is known has with its
	// user at once; it gets one more per DeviceRefill.
	DeviceTries  = 10
	DeviceRefill = 30 * time.Second

	// CodeTries is how many codes strangers have with one user at once, and
	// a device that is known has for itself; they get one more per
	// CodeRefill.
	CodeTries  = 10
	CodeRefill = 5 * time.Minute
)

// ServicePrefix begins a source that is a service's and no address, such as
// "service:xmpp/jane". Whoever guesses there has no address, and shares the source
// with the owner: it is the counts of users that slow them, whatever succeeds.
const ServicePrefix = "service:"

// Options of [New]; the zero value of each field is its default.
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Keys bounds how many of each are remembered, at about 200 bytes: sources,
	// users, devices, users and devices that type codes, and pairs of a source
	// and a user. Defaults to 100 000; the one that was quiet for longest is
	// forgotten.
	Keys int
}

// Throttle decides who may try. It may be used from many goroutines.
type Throttle struct {
	now func() time.Time

	mu      sync.Mutex
	sources *table[source]
	users   *table[bucket]
	devices *table[bucket]
	// codes are those of users and of devices.
	codes *table[bucket]
	// pairs are the tries of a source with a user that count in the source.
	pairs *table[pair]
	// begun counts the times that a source started anew.
	begun uint64
}

// New returns a throttle.
func New(opts *Options) *Throttle {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Keys <= 0 {
		o.Keys = 100_000
	}
	return &Throttle{
		now:     o.Clock,
		sources: newTable[source](o.Keys),
		users:   newTable[bucket](o.Keys),
		devices: newTable[bucket](o.Keys),
		codes:   newTable[bucket](o.Keys),
		pairs:   newTable[pair](o.Keys),
	}
}

// Try is somebody who wants to try a password, or a code.
type Try struct {
	// Source is the address without a port; of IPv6 the /64 counts. Where a
	// service asks that does not know the address, it is ServicePrefix with a
	// name, each of which is a source of its own. Empty is a source of its
	// own, and so is all else that is no address.
	Source string
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

// Begin counts a try, and returns how long to wait before the next one may
// begin: 0 means that this one may go on. first says that this try is the first
// to be held up since one went on: worth a line in the trail. A try that is held
// up is not counted, and makes nobody wait longer.
func (t *Throttle) Begin(try Try) (wait time.Duration, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case try.Code:
		return takeFrom(t.codes, try.codeKey(), t.now(), CodeTries, CodeRefill)
	case try.Device != "":
		return takeFrom(t.devices, try.deviceKey(), t.now(), DeviceTries, DeviceRefill)
	}
	return t.beginStranger(try)
}

// takeFrom takes a try from the bucket of k, or returns how long to wait for one.
func takeFrom(buckets *table[bucket], k key, now time.Time, size int, refill time.Duration) (wait time.Duration, first bool) {
	b, _ := buckets.get(k)
	if wait = b.wait(now, size, refill); wait > 0 {
		first = b.hold()
	} else {
		b.take(refill)
	}
	buckets.put(k, b)
	return wait, first
}

func (t *Throttle) beginStranger(try Try) (wait time.Duration, first bool) {
	now := t.now()
	from, _ := t.sources.get(try.sourceKey())
	user, _ := t.users.get(try.userKey())
	if from.quiet(now) {
		t.begun++
		from = source{begun: t.begun}
	}
	fromWait, userWait := from.wait(now), user.wait(now, UserTries, UserRefill)
	if wait = max(fromWait, userWait); wait == 0 {
		from.take(now)
		user.take(UserRefill)
		t.sources.put(try.sourceKey(), from)
		t.users.put(try.userKey(), user)
		t.countPair(try, from.begun)
		return 0, false
	}
	// Only what holds a try up is remembered of it: else one source could have
	// any number of users forgotten, and any number of sources another one.
	if fromWait > 0 {
		first = from.hold()
		t.sources.put(try.sourceKey(), from)
	}
	if userWait > 0 {
		first = user.hold() || first
		t.users.put(try.userKey(), user)
	}
	return wait, first
}

func (t *Throttle) countPair(try Try, begun uint64) {
	tried, _ := t.pairs.get(try.pairKey())
	tried.take(begun)
	t.pairs.put(try.pairKey(), tried)
}

// Succeeded forgets the failures of that source with that user, or of that
// device: a source cannot wash itself clean of its failures with other users by
// one account of its own. Of codes, and of users whom a service asks for, it
// gives back the one try only: whoever has stolen a password does not gain by
// each login of the owner.
func (t *Throttle) Succeeded(try Try) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case try.Code:
		giveBack(t.codes, try.codeKey(), 1, CodeRefill)
	case try.Device != "":
		t.devices.forget(try.deviceKey())
	default:
		t.forgive(try)
	}
}

func (t *Throttle) forgive(try Try) {
	tried, known := t.pairs.get(try.pairKey())
	from, remembered := t.sources.get(try.sourceKey())
	if !known || !remembered || tried.begun != from.begun {
		return
	}
	from.tries -= tried.tries
	t.sources.put(try.sourceKey(), from)
	own := tried.tries
	if strings.HasPrefix(try.Source, ServicePrefix) {
		own = 1 // the others may be a stranger's
	}
	giveBack(t.users, try.userKey(), own, UserRefill)
	t.pairs.forget(try.pairKey())
}

func giveBack(buckets *table[bucket], k key, tries int, refill time.Duration) {
	if b, known := buckets.get(k); known {
		b.giveBack(tries, refill)
		buckets.put(k, b)
	}
}
