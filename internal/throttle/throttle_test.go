package throttle_test

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/throttle"
)

// clock is set by tests.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time         { return time.Unix(0, c.at.Load()) }
func (c *clock) pass(d time.Duration)   { c.at.Add(int64(d)) }
func (c *clock) since() time.Duration   { return time.Duration(c.at.Load()) }
func (c *clock) passTo(d time.Duration) { c.at.Store(int64(d)) }

func newThrottle() (*throttle.Throttle, *clock) {
	c := new(clock)
	return throttle.New(&throttle.Options{Clock: c.now}), c
}

// begin returns how long a try has to wait.
func begin(t *throttle.Throttle, try throttle.Try) time.Duration {
	wait, _ := t.Begin(try)
	return wait
}

// begins returns how many of n tries may go on at this instant.
func begins(t *throttle.Throttle, n int, try throttle.Try) int {
	gone := 0
	for range n {
		if begin(t, try) == 0 {
			gone++
		}
	}
	return gone
}

func TestASourceWaitsLongerAndLonger(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	n := 0
	try := func() throttle.Try {
		n++ // another name each time, so that only the source counts
		return throttle.Try{Source: "192.0.2.1", User: strconv.Itoa(n)}
	}
	for range throttle.SourceTries {
		require.Zero(t, begin(th, try()))
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300} {
		want := time.Duration(seconds) * time.Second
		require.Equal(t, want, begin(th, try()))
		c.pass(want - 1)
		require.Equal(t, time.Duration(1), begin(th, try()))
		c.pass(1)
		require.Zero(t, begin(th, try()))
	}
	require.Zero(t, begin(th, throttle.Try{Source: "192.0.2.2", User: "1"}), "another source is free")
}

func TestBruteForceFromOneSource(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	tries := map[int]int{}
	for n := 0; c.since() < 4*time.Hour; n++ {
		if wait := begin(th, throttle.Try{Source: "192.0.2.1", User: fmt.Sprint("user", n%50)}); wait > 0 {
			c.pass(wait)
			continue
		}
		tries[int(c.since()/time.Hour)]++
	}
	require.Equal(t, map[int]int{0: 29, 1: 12, 2: 12, 3: 12}, tries)
}

func TestPausingToBeForgivenGetsSixtyTriesAnHour(t *testing.T) {
	t.Parallel()

	best := 0
	for before := throttle.SourceTries; before <= 24; before++ {
		th, c := newThrottle()
		tries, round := 0, 0
		for c.since() < 24*time.Hour {
			if wait := begin(th, throttle.Try{Source: "192.0.2.1", User: strconv.Itoa(tries)}); wait > 0 {
				c.pass(wait)
				continue
			}
			tries++
			if round++; round == before {
				c.pass(throttle.Forgiven)
				round = 0
			}
		}
		best = max(best, tries)
	}
	require.LessOrEqual(t, best, 24*60+16)
	require.Greater(t, best, 24*50)
}

func TestBruteForceFromManySourcesAgainstOneUser(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	owner := throttle.Try{Source: "198.51.100.7", User: "jane", Device: "laptop"}
	tries, n := 0, 0
	for c.since() < time.Hour {
		for range 10 {
			n++
			if begin(th, throttle.Try{Source: fmt.Sprintf("10.0.%d.%d", n/250%40, n%250), User: "jane"}) == 0 {
				tries++
			}
		}
		if c.since()%time.Minute == 0 {
			require.Zero(t, begin(th, owner), "the owner's device is free")
			th.Succeeded(owner)
		}
		c.pass(time.Second)
	}
	require.Equal(t, throttle.UserTries+359, tries)
	require.Zero(t, begin(th, throttle.Try{Source: "10.0.0.1", User: "jane"}), "the one of the next hour")
	require.Positive(t, begin(th, throttle.Try{Source: "203.0.113.9", User: "jane"}))
	require.Zero(t, begin(th, throttle.Try{Source: "203.0.113.9", User: "john"}), "another user is free")

	c.pass(time.Minute)
	require.Zero(t, begin(th, throttle.Try{Source: "203.0.113.9", User: "jane"}), "when it stops, strangers get in at once")
}

func TestAStrangerRacesOthersForATryButIsNeverLockedOut(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	begins(th, throttle.UserTries, throttle.Try{Source: "", User: "jane"})
	for n := range throttle.UserTries {
		begin(th, throttle.Try{Source: fmt.Sprintf("10.0.0.%d", n), User: "jane"})
	}
	owner := throttle.Try{Source: "203.0.113.9", User: "jane"}
	wait := begin(th, owner)
	require.LessOrEqual(t, wait, throttle.UserRefill)
	c.pass(wait)
	require.Zero(t, begin(th, owner), "first come, first served")
	require.Equal(t, throttle.UserRefill, begin(th, throttle.Try{Source: "10.0.0.99", User: "jane"}))
}

func TestAKnownDeviceGetsInFromBehindTheAddressOfSomebodyWhoGuesses(t *testing.T) {
	t.Parallel()

	th, _ := newThrottle()
	for n := range 1000 {
		begin(th, throttle.Try{Source: "192.0.2.1", User: fmt.Sprint("user", n%3)})
	}
	require.Zero(t, begin(th, throttle.Try{Source: "192.0.2.1", User: "user1", Device: "laptop"}))
	require.Positive(t, begin(th, throttle.Try{Source: "192.0.2.1", User: "user1"}))
}

func TestAKnownDeviceHasACountOfItsOwn(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	laptop := throttle.Try{Source: "192.0.2.1", User: "jane", Device: "laptop"}
	require.Equal(t, throttle.DeviceTries, begins(th, 100, laptop))
	require.Equal(t, throttle.DeviceRefill, begin(th, laptop))
	for _, other := range []throttle.Try{
		{Source: "192.0.2.1", User: "jane", Device: "phone"},
		{Source: "192.0.2.1", User: "john", Device: "laptop"},
		{Source: "192.0.2.1", User: "janel", Device: "aptop"},
		{Source: "192.0.2.1", User: "jane"},
	} {
		require.Zero(t, begin(th, other))
	}
	c.pass(time.Hour)
	require.Equal(t, throttle.DeviceTries, begins(th, 100, laptop))
	c.pass(throttle.DeviceRefill)
	require.Equal(t, 1, begins(th, 100, laptop))
	th.Succeeded(laptop)
	require.Equal(t, throttle.DeviceTries, begins(th, 100, laptop))
}

func TestPeopleOfOneOfficeWhoMistypeDoNotHinderEachOther(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	for n := range 100 {
		try := throttle.Try{Source: "192.0.2.1", User: fmt.Sprint("user", n)}
		for range 4 { // three mistakes, then right
			require.Zero(t, begin(th, try))
			c.pass(time.Second)
		}
		th.Succeeded(try)
	}
	require.Equal(t, throttle.SourceTries, begins(th, 100, throttle.Try{Source: "192.0.2.1", User: "one more"}))
}

func TestASourceCannotWashItselfCleanByAnAccountOfItsOwn(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	own, victims := throttle.Try{Source: "192.0.2.1", User: "mallory"}, 0
	for n := 0; c.since() < time.Hour; n++ {
		if wait := begin(th, own); wait > 0 {
			c.pass(wait)
			continue
		}
		th.Succeeded(own)
		if begin(th, throttle.Try{Source: "192.0.2.1", User: fmt.Sprint("user", n)}) == 0 {
			victims++
		}
	}
	require.LessOrEqual(t, victims, 29)
	require.GreaterOrEqual(t, victims, throttle.SourceTries)
}

func TestWhoLogsInOftenIsNotHeldUp(t *testing.T) {
	t.Parallel()

	th, _ := newThrottle()
	for n := range 1000 {
		try := throttle.Try{Source: fmt.Sprintf("192.0.2.%d", n%7), User: "robot"}
		require.Zero(t, begin(th, try))
		th.Succeeded(try)
	}
}

// A service that does not know addresses asks for strangers and for the owner
// alike: a program of the owner that logs in all the time must not open the door.
func TestTheOwnersLoginsAtAServiceGiveStrangersNoTries(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	jane := throttle.Try{Source: throttle.ServicePrefix + "rest/jane", User: "jane"}
	gone, logins := 0, 0
	const guessing = 10 * time.Minute
	for ; c.since() < guessing; c.pass(time.Second) {
		if begin(th, jane) == 0 {
			th.Succeeded(jane)
			logins++
		}
		gone += begins(th, 5, jane)
	}
	require.LessOrEqual(t, gone, throttle.UserTries+int(guessing/throttle.UserRefill))
	require.Greater(t, logins, 10, "and the owner gets in")

	th, c = newThrottle()
	for range 1000 {
		require.Zero(t, begin(th, jane), "alone, the owner is never held up")
		th.Succeeded(jane)
		c.pass(time.Millisecond)
	}
}

func TestSuccessGivesBackNoMoreThanWasTaken(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	jane := throttle.Try{Source: "192.0.2.1", User: "jane"}
	require.Zero(t, begin(th, jane))
	c.pass(time.Hour)
	for range 10 {
		th.Succeeded(jane)
		th.Succeeded(throttle.Try{Source: "192.0.2.9", User: "nobody"})
	}
	gone := 0
	for n := range 100 {
		gone += begins(th, 1, throttle.Try{Source: fmt.Sprintf("10.0.0.%d", n), User: "jane"})
	}
	require.Equal(t, throttle.UserTries, gone)
}

func TestWhoKnowsThePasswordGuessesFewCodesFromHoweverManySources(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	owner := throttle.Try{Source: "198.51.100.7", User: "jane", Device: "laptop", Code: true}
	codes := 0
	for n := 0; c.since() < 24*time.Hour; n++ {
		if begin(th, throttle.Try{Source: fmt.Sprintf("10.0.%d.%d", n/250%40, n%250), User: "jane", Code: true}) == 0 {
			codes++
		}
		if n%60 == 0 {
			require.Zero(t, begin(th, owner), "the owner's device has codes of its own")
			th.Succeeded(owner)
		}
		c.pass(time.Minute)
	}
	require.Equal(t, throttle.CodeTries+287, codes)

	stranger := throttle.Try{Source: "203.0.113.9", User: "jane", Code: true}
	begins(th, throttle.CodeTries, stranger)
	wait := begin(th, stranger)
	require.Positive(t, wait)
	require.LessOrEqual(t, wait, throttle.CodeRefill, "nobody is locked out for good")
	c.pass(wait)
	require.Zero(t, begin(th, stranger))
	stranger.User = "john"
	require.Zero(t, begin(th, stranger))
}

func TestCodesAndPasswordsDoNotUseEachOtherUp(t *testing.T) {
	t.Parallel()

	for what, try := range map[string]throttle.Try{
		"a stranger":     {Source: "192.0.2.1", User: "jane"},
		"a known device": {Source: "192.0.2.1", User: "jane", Device: "laptop"},
	} {
		th, c := newThrottle()
		code := try
		code.Code = true
		require.Equal(t, throttle.SourceTries, begins(th, 100, try), what)
		require.Equal(t, throttle.CodeTries, begins(th, 100, code), what)
		require.Positive(t, begin(th, try), what)

		th.Succeeded(try)
		require.Positive(t, begin(th, code), what)
		th.Succeeded(code)
		require.Equal(t, 1, begins(th, 100, code), "%s: the right one only is given back", what)
		c.pass(throttle.CodeRefill * throttle.CodeTries * 2)
		th.Succeeded(code)
		require.Equal(t, throttle.CodeTries, begins(th, 100, code), what)
	}
}

func TestAQuietSourceIsForgiven(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	try := throttle.Try{Source: "192.0.2.1", User: "jane"}
	require.Equal(t, throttle.SourceTries, begins(th, 100, try))
	c.pass(throttle.Forgiven - 1)
	require.Equal(t, 1, begins(th, 100, try))
	c.pass(throttle.Forgiven)
	require.Equal(t, throttle.SourceTries, begins(th, 100, try))
}

func TestAddressesOfOneSubscriberAreOneSource(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"", "192.0.2.1", false},
		{"", "somewhere", false},
		{"somewhere", "elsewhere", true},
		{"somewhere", "192.0.2.1:80", true},
		{"service:xmpp/jane", "service:xmpp/john", false},
		{"service:xmpp/jane", "service:xmpp/jane", true},
		{"service:xmpp/jane", "service:panel/jane", false},
		{"service:xmpp/jane", "somewhere", false},
		{"service:192.0.2.1", "192.0.2.1", false},
	} {
		th, _ := newThrottle()
		require.Equal(t, throttle.SourceTries, begins(th, 100, throttle.Try{Source: c.one, User: "jane"}))
		require.Equal(t, c.same, begin(th, throttle.Try{Source: c.other, User: "john"}) > 0, "%s and %s", c.one, c.other)
	}
}

func TestOnlyTheFirstHeldUpTryIsWorthALine(t *testing.T) {
	t.Parallel()

	for what, try := range map[string]throttle.Try{
		"a stranger":     {Source: "192.0.2.1", User: "jane"},
		"a known device": {Source: "192.0.2.1", User: "jane", Device: "laptop"},
		"a code":         {Source: "192.0.2.1", User: "jane", Code: true},
	} {
		th, c := newThrottle()
		for range 10 {
			wait, first := th.Begin(try)
			require.Zero(t, wait, what)
			require.False(t, first, what)
		}
		for range 3 {
			wait, first := th.Begin(try)
			require.True(t, first, what)
			_, first = th.Begin(try)
			require.False(t, first, what)
			c.pass(wait)
			wait, first = th.Begin(try)
			require.Zero(t, wait, what)
			require.False(t, first, what)
		}
	}

	th, _ := newThrottle()
	firsts := 0
	for n := range 200 {
		if _, first := th.Begin(throttle.Try{Source: fmt.Sprintf("10.0.0.%d", n), User: "jane"}); first {
			firsts++
		}
	}
	require.Equal(t, 1, firsts, "many sources at one user are one story")
}

func TestTriesAtTheSameInstantAreAllCounted(t *testing.T) {
	t.Parallel()

	th, _ := newThrottle()
	atOnce := func(try func(n int) throttle.Try) int64 {
		var gone atomic.Int64
		var all sync.WaitGroup
		for n := range 200 {
			all.Go(func() { gone.Add(int64(begins(th, 1, try(n)))) })
		}
		all.Wait()
		return gone.Load()
	}
	require.EqualValues(t, throttle.SourceTries, atOnce(func(n int) throttle.Try {
		return throttle.Try{Source: "192.0.2.1", User: fmt.Sprint("user", n)}
	}))
	require.EqualValues(t, throttle.UserTries, atOnce(func(n int) throttle.Try {
		return throttle.Try{Source: fmt.Sprintf("10.0.0.%d", n), User: "jane"}
	}))
	require.EqualValues(t, throttle.DeviceTries, atOnce(func(int) throttle.Try {
		return throttle.Try{Source: "192.0.2.1", User: "jane", Device: "laptop"}
	}))
}

func TestOnlyTheQuietestIsForgottenWhenMemoryIsFull(t *testing.T) {
	t.Parallel()

	c := new(clock)
	th := throttle.New(&throttle.Options{Clock: c.now, Keys: 3})
	guesser := throttle.Try{Source: "192.0.2.1", User: "jane"}
	require.Equal(t, throttle.SourceTries, begins(th, 100, guesser))
	for n := range 50 {
		begin(th, throttle.Try{Source: fmt.Sprintf("10.0.0.%d", n), User: fmt.Sprint("user", n)})
		require.Positive(t, begin(th, guesser), "who keeps trying is not forgotten")
	}
	for n := range 3 {
		begin(th, throttle.Try{Source: fmt.Sprintf("10.0.1.%d", n), User: fmt.Sprint("user", n)})
	}
	require.Zero(t, begin(th, guesser))
	th.Succeeded(throttle.Try{Source: "10.0.1.0", User: "user0"}) // forgotten, and no matter
}

func TestTriesThatAreHeldUpMakeNothingForgotten(t *testing.T) {
	t.Parallel()

	const keys = 50
	c := new(clock)
	th := throttle.New(&throttle.Options{Clock: c.now, Keys: keys})
	for n := range throttle.UserTries {
		require.Zero(t, begin(th, throttle.Try{Source: fmt.Sprintf("10.0.0.%d", n), User: "jane"}))
	}
	noisy := throttle.Try{Source: "192.0.2.1"}
	require.Equal(t, throttle.SourceTries, begins(th, 100, noisy))
	for n := range 2 * keys {
		noisy.User = fmt.Sprint("user", n)
		require.Positive(t, begin(th, noisy))
	}
	require.Positive(t, begin(th, throttle.Try{Source: "10.0.1.1", User: "jane"}), "one source alone cannot wash a user clean")
	for n := range 2 * keys {
		require.Positive(t, begin(th, throttle.Try{Source: fmt.Sprintf("10.0.2.%d", n), User: "jane"}))
	}
	require.Positive(t, begin(th, noisy), "nor many sources one of theirs")
}

func TestAClockThatIsSetBackHoldsNobodyUp(t *testing.T) {
	t.Parallel()

	th, c := newThrottle()
	c.passTo(24 * time.Hour)
	laptop := throttle.Try{Source: "192.0.2.1", User: "jane", Device: "laptop"}
	stranger := throttle.Try{Source: "192.0.2.1", User: "jane"}
	begins(th, 100, laptop)
	begins(th, 100, stranger)
	c.passTo(0)
	require.LessOrEqual(t, begin(th, laptop), throttle.DeviceRefill)
	require.LessOrEqual(t, begin(th, stranger), throttle.UserRefill)
}

func TestWhoWaitsAsLongAsToldMayGoOn(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		th, c := newThrottle()
		draw := func() throttle.Try {
			return throttle.Try{
				Source: rapid.SampledFrom([]string{"", "192.0.2.1", "192.0.2.2"}).Draw(t, "source"),
				User:   rapid.SampledFrom([]string{"jane", "john"}).Draw(t, "user"),
				Device: rapid.SampledFrom([]string{"", "", "laptop"}).Draw(t, "device"),
				Code:   rapid.Bool().Draw(t, "code"),
			}
		}
		for range rapid.IntRange(0, 200).Draw(t, "acts") {
			try := draw()
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				c.pass(time.Duration(rapid.Int64Range(0, int64(throttle.Forgiven)).Draw(t, "pause")))
			case 1:
				th.Succeeded(try)
			default:
				begin(th, try)
			}
		}
		try := draw()
		wait := begin(th, try)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, throttle.MaxWait)
		if wait > 0 {
			c.pass(wait)
			require.Zero(t, begin(th, try))
		}
	})
}

func TestTheDefaultsWork(t *testing.T) {
	t.Parallel()

	require.Equal(t, throttle.SourceTries, begins(throttle.New(nil), 100, throttle.Try{Source: "192.0.2.1", User: "jane"}))
}

func FuzzSource(f *testing.F) {
	for _, source := range []string{"", "192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0", "\xff"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		th, _ := newThrottle()
		require.Equal(t, throttle.SourceTries, begins(th, throttle.SourceTries+1, throttle.Try{Source: source, User: source}))
	})
}

func BenchmarkBegin(b *testing.B) {
	th := throttle.New(nil)
	n := 0
	for b.Loop() {
		n++
		th.Begin(throttle.Try{Source: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255), User: "jane"})
	}
}
