// Package throttle slows down those who guess passwords, and nobody else. It
// keeps its counts in memory: they are those of one process, and gone when it
// ends.
//
// Three counts are kept. A source (an address) that fails too often waits
// longer and longer, up to a bound. A user name that fails too often, from
// whatever sources, is open to a few tries per minute for strangers. And a
// device that the user has logged in from before has a count of its own, which
// strangers cannot use up: that is how the right owner gets in while others
// guess.
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
// From more sources than are remembered (see [Options]): sources are forgotten
// before their time, and start anew. A user is forgotten early only when as many
// other names are tried in between, each of which is a try that was counted.
//
// Behind one address with somebody who guesses, people on devices that are not
// known share that address's wait. Behind a proxy that hides addresses, all of
// them are one source.
package throttle

import (
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
)

// Options of [New]; the zero value of each field is its default.
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Keys bounds how many sources, users, devices, and pairs of a source
	// and a user are remembered, each at about 200 bytes. Defaults to
	// 100 000; the one that was quiet for longest is forgotten.
	Keys int
}

// Throttle decides who may try. It may be used from many goroutines.
type Throttle struct {
	now func() time.Time

	mu      sync.Mutex
	sources *table[source]
	users   *table[bucket]
	devices *table[bucket]
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
		pairs:   newTable[pair](o.Keys),
	}
}

// Try is somebody who wants to try a password.
type Try struct {
	// Source is the address without a port; of IPv6 the /64 counts. Empty
	// is a source of its own, and so is all that is no address.
	Source string
	// User is the folded name that is tried, whether there is such a user
	// or not.
	User string
	// Device names a device that User has logged in from before; empty for
	// a stranger.
	Device string
}

// Begin counts a try, and returns how long to wait before the next one may
// begin: 0 means that this one may go on. first says that this try is the first
// to be held up since one went on: worth a line in the trail. A try that is held
// up is not counted, and makes nobody wait longer.
func (t *Throttle) Begin(try Try) (wait time.Duration, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if try.Device != "" {
		return t.beginKnown(try)
	}
	return t.beginStranger(try)
}

func (t *Throttle) beginKnown(try Try) (wait time.Duration, first bool) {
	now, device := t.now(), t.devices.at(try.deviceKey())
	wait = device.wait(now, DeviceTries, DeviceRefill)
	if wait > 0 {
		return wait, device.hold()
	}
	device.take(DeviceRefill)
	return 0, false
}

func (t *Throttle) beginStranger(try Try) (wait time.Duration, first bool) {
	now, from, user := t.now(), t.sources.at(try.sourceKey()), t.users.at(try.userKey())
	if from.quiet(now) {
		t.begun++
		*from = source{begun: t.begun}
	}
	fromWait, userWait := from.wait(now), user.wait(now, UserTries, UserRefill)
	if fromWait > 0 && from.hold() {
		first = true
	}
	if userWait > 0 && user.hold() {
		first = true
	}
	if wait = max(fromWait, userWait); wait > 0 {
		return wait, first
	}
	from.take(now)
	user.take(UserRefill)
	t.pairs.at(try.pairKey()).take(from.begun)
	return 0, false
}

// Succeeded forgets the failures of that source with that user, and of that device.
// A source cannot wash itself clean of its failures with other users by one account of its own.
func (t *Throttle) Succeeded(try Try) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if try.Device != "" {
		t.devices.forget(try.deviceKey())
		return
	}
	tried, from := t.pairs.find(try.pairKey()), t.sources.find(try.sourceKey())
	if tried == nil || from == nil || tried.begun != from.begun {
		return
	}
	from.tries -= tried.tries
	if user := t.users.find(try.userKey()); user != nil {
		user.giveBack(tried.tries, UserRefill)
	}
	t.pairs.forget(try.pairKey())
}
