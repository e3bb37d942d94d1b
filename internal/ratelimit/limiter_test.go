package ratelimit_test

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
)

// clock is set by tests.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }
func (c *clock) elapsed() time.Duration  { return time.Duration(c.at.Load()) }
func (c *clock) set(d time.Duration)     { c.at.Store(int64(d)) }

func newLimiter() (*ratelimit.Limiter, *clock) {
	c := new(clock)
	return ratelimit.New(&ratelimit.Options{Clock: c.now}), c
}

// allow returns how long an attempt has to wait.
func allow(limiter *ratelimit.Limiter, attempt ratelimit.Attempt) time.Duration {
	wait, _ := limiter.Allow(attempt)
	return wait
}

// countAllowed returns how many of n attempts are allowed now.
func countAllowed(limiter *ratelimit.Limiter, n int, attempt ratelimit.Attempt) int {
	allowed := 0
	for range n {
		if allow(limiter, attempt) == 0 {
			allowed++
		}
	}
	return allowed
}

func TestLimiter_Allow_backsOffPerSource(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	n := 0
	attempt := func() ratelimit.Attempt {
		n++ // another name each time, so that only the source counts
		return ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: strconv.Itoa(n)}
	}
	for range ratelimit.SourceBurst {
		require.Zero(t, allow(limiter, attempt()))
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300} {
		want := time.Duration(seconds) * time.Second
		require.Equal(t, want, allow(limiter, attempt()))
		c.advance(want - 1)
		require.Equal(t, time.Duration(1), allow(limiter, attempt()))
		c.advance(1)
		require.Zero(t, allow(limiter, attempt()))
	}
	require.Zero(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.2"), User: "1"}), "another source is free")
}

func TestLimiter_Allow_limitsOneSource(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	tries := map[int]int{}
	for n := 0; c.elapsed() < 4*time.Hour; n++ {
		if wait := allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: fmt.Sprint("user", n%50)}); wait > 0 {
			c.advance(wait)
			continue
		}
		tries[int(c.elapsed()/time.Hour)]++
	}
	require.Equal(t, map[int]int{0: 29, 1: 12, 2: 12, 3: 12}, tries)
}

func TestLimiter_Allow_limitsPausingSource(t *testing.T) {
	t.Parallel()

	best := 0
	for before := ratelimit.SourceBurst; before <= 24; before++ {
		limiter, c := newLimiter()
		tries, round := 0, 0
		for c.elapsed() < 24*time.Hour {
			if wait := allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: strconv.Itoa(tries)}); wait > 0 {
				c.advance(wait)
				continue
			}
			tries++
			if round++; round == before {
				c.advance(ratelimit.ResetAfter)
				round = 0
			}
		}
		best = max(best, tries)
	}
	require.LessOrEqual(t, best, 24*60+16)
	require.Greater(t, best, 24*50)
}

func TestLimiter_Allow_limitsUserFromManySources(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	owner := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("198.51.100.7"), User: "jane", Device: "laptop"}
	tries, n := 0, 0
	for c.elapsed() < time.Hour {
		for range 10 {
			n++
			if allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.%d.%d", n/250%40, n%250)), User: "jane"}) == 0 {
				tries++
			}
		}
		if c.elapsed()%time.Minute == 0 {
			require.Zero(t, allow(limiter, owner), "the owner's device is free")
			limiter.Reset(owner)
		}
		c.advance(time.Second)
	}
	require.Equal(t, ratelimit.UserBurst+359, tries)
	require.Zero(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("10.0.0.1"), User: "jane"}), "the one of the next hour")
	require.Positive(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("203.0.113.9"), User: "jane"}))
	require.Zero(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("203.0.113.9"), User: "john"}), "another user is free")

	c.advance(time.Minute)
	require.Zero(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("203.0.113.9"), User: "jane"}), "when it stops, strangers get in at once")
}

func TestLimiter_Allow_neverLocksOutUnknownDevice(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	countAllowed(limiter, ratelimit.UserBurst, ratelimit.Attempt{User: "jane"})
	for n := range ratelimit.UserBurst {
		allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)), User: "jane"})
	}
	owner := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("203.0.113.9"), User: "jane"}
	wait := allow(limiter, owner)
	require.LessOrEqual(t, wait, ratelimit.UserRefill)
	c.advance(wait)
	require.Zero(t, allow(limiter, owner), "first come, first served")
	require.Equal(t, ratelimit.UserRefill, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("10.0.0.99"), User: "jane"}))
}

func TestLimiter_Allow_admitsTrustedDeviceFromLimitedSource(t *testing.T) {
	t.Parallel()

	limiter, _ := newLimiter()
	for n := range 1000 {
		allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: fmt.Sprint("user", n%3)})
	}
	require.Zero(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "user1", Device: "laptop"}))
	require.Positive(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "user1"}))
}

func TestLimiter_Allow_countsDevicesSeparately(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	laptop := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: "laptop"}
	require.Equal(t, ratelimit.DeviceBurst, countAllowed(limiter, 100, laptop))
	require.Equal(t, ratelimit.DeviceRefill, allow(limiter, laptop))
	for _, other := range []ratelimit.Attempt{
		{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: "phone"},
		{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "john", Device: "laptop"},
		{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "janel", Device: "aptop"},
		{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"},
	} {
		require.Zero(t, allow(limiter, other))
	}
	c.advance(time.Hour)
	require.Equal(t, ratelimit.DeviceBurst, countAllowed(limiter, 100, laptop))
	c.advance(ratelimit.DeviceRefill)
	require.Equal(t, 1, countAllowed(limiter, 100, laptop))
	limiter.Reset(laptop)
	require.Equal(t, ratelimit.DeviceBurst, countAllowed(limiter, 100, laptop))
}

func TestLimiter_Reset_refundsUsersOfSharedSource(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	for n := range 100 {
		attempt := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: fmt.Sprint("user", n)}
		for range 4 { // three wrong, then right
			require.Zero(t, allow(limiter, attempt))
			c.advance(time.Second)
		}
		limiter.Reset(attempt)
	}
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "one more"}))
}

func TestLimiter_Reset_keepsFailuresWithOtherUsers(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	own, victims := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "mallory"}, 0
	for n := 0; c.elapsed() < time.Hour; n++ {
		if wait := allow(limiter, own); wait > 0 {
			c.advance(wait)
			continue
		}
		limiter.Reset(own)
		if allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: fmt.Sprint("user", n)}) == 0 {
			victims++
		}
	}
	require.LessOrEqual(t, victims, 29)
	require.GreaterOrEqual(t, victims, ratelimit.SourceBurst)
}

func TestLimiter_Reset_admitsFrequentLogins(t *testing.T) {
	t.Parallel()

	limiter, _ := newLimiter()
	for n := range 1000 {
		attempt := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", n%7)), User: "robot"}
		require.Zero(t, allow(limiter, attempt))
		limiter.Reset(attempt)
	}
}

// A service that does not know addresses checks attempts of attackers and of the
// owner. A program of the owner that logs in often must not reset the limit.
func TestLimiter_Reset_refundsOneServiceAttempt(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	jane := ratelimit.Attempt{Service: "rest/jane", User: "jane"}
	allowed, logins := 0, 0
	const guessing = 10 * time.Minute
	for ; c.elapsed() < guessing; c.advance(time.Second) {
		if allow(limiter, jane) == 0 {
			limiter.Reset(jane)
			logins++
		}
		allowed += countAllowed(limiter, 5, jane)
	}
	require.LessOrEqual(t, allowed, ratelimit.UserBurst+int(guessing/ratelimit.UserRefill))
	require.Greater(t, logins, 10, "and the owner gets in")

	limiter, c = newLimiter()
	for range 1000 {
		require.Zero(t, allow(limiter, jane), "alone, the owner is never held up")
		limiter.Reset(jane)
		c.advance(time.Millisecond)
	}
}

func TestLimiter_Reset_refundsNothingWithoutAttempt(t *testing.T) {
	t.Parallel()

	limiter, _ := newLimiter()
	for n := range ratelimit.UserBurst {
		require.Zero(t, allow(limiter, attemptFrom(fmt.Sprintf("192.0.2.%d", n), "jane")))
	}
	service := ratelimit.Attempt{Service: "xmpp/jane", User: "jane"}
	limiter.Reset(service)
	require.Positive(t, allow(limiter, service), "others have used the attempts of jane")
}

func TestLimiter_Reset_ignoresAttemptsOfEarlierWindow(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	jane := attemptFrom("192.0.2.1", "jane")
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, jane))
	c.advance(ratelimit.ResetAfter)
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, attemptFrom("192.0.2.1", "john")))
	limiter.Reset(jane)
	require.Positive(t, allow(limiter, attemptFrom("192.0.2.1", "joan")), "the failures on john count")
}

func TestLimiter_Reset_refundsAtMostSpentAttempts(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	jane := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"}
	require.Zero(t, allow(limiter, jane))
	c.advance(time.Hour)
	for range 10 {
		limiter.Reset(jane)
		limiter.Reset(ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.9"), User: "nobody"})
	}
	allowed := 0
	for n := range 100 {
		allowed += countAllowed(limiter, 1, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)), User: "jane"})
	}
	require.Equal(t, ratelimit.UserBurst, allowed)
}

func TestLimiter_Allow_limitsCodesFromManySources(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	owner := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("198.51.100.7"), User: "jane", Device: "laptop", Code: true}
	codes := 0
	for n := 0; c.elapsed() < 24*time.Hour; n++ {
		if allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.%d.%d", n/250%40, n%250)), User: "jane", Code: true}) == 0 {
			codes++
		}
		if n%60 == 0 {
			require.Zero(t, allow(limiter, owner), "the owner's device has codes of its own")
			limiter.Reset(owner)
		}
		c.advance(time.Minute)
	}
	require.Equal(t, ratelimit.CodeBurst+287, codes)

	stranger := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("203.0.113.9"), User: "jane", Code: true}
	countAllowed(limiter, ratelimit.CodeBurst, stranger)
	wait := allow(limiter, stranger)
	require.Positive(t, wait)
	require.LessOrEqual(t, wait, ratelimit.CodeRefill, "no user is locked out permanently")
	c.advance(wait)
	require.Zero(t, allow(limiter, stranger))
	stranger.User = "john"
	require.Zero(t, allow(limiter, stranger))
}

func TestLimiter_Allow_countsCodesOfEachTrustedDevice(t *testing.T) {
	t.Parallel()

	limiter, _ := newLimiter()
	for _, device := range []string{"laptop", "phone", ""} {
		code := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: device, Code: true}
		require.Equal(t, ratelimit.CodeBurst, countAllowed(limiter, 100, code), device)
	}
}

func TestLimiter_Allow_countsCodesAndPasswordsSeparately(t *testing.T) {
	t.Parallel()

	for what, attempt := range map[string]ratelimit.Attempt{
		"an untrusted device": {RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"},
		"a known device":      {RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: "laptop"},
	} {
		limiter, c := newLimiter()
		code := attempt
		code.Code = true
		require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, attempt), what)
		require.Equal(t, ratelimit.CodeBurst, countAllowed(limiter, 100, code), what)
		require.Positive(t, allow(limiter, attempt), what)

		limiter.Reset(attempt)
		require.Positive(t, allow(limiter, code), what)
		limiter.Reset(code)
		require.Equal(t, 1, countAllowed(limiter, 100, code), "%s: the right one only is given back", what)
		c.advance(ratelimit.CodeRefill * ratelimit.CodeBurst * 2)
		limiter.Reset(code)
		require.Equal(t, ratelimit.CodeBurst, countAllowed(limiter, 100, code), what)
	}
}

func TestLimiter_Allow_resetsIdleSource(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	attempt := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"}
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, attempt))
	c.advance(ratelimit.ResetAfter - 1)
	require.Equal(t, 1, countAllowed(limiter, 100, attempt))
	c.advance(ratelimit.ResetAfter)
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, attempt))
}

// attemptFrom returns an attempt on user from an address, or from a service.
func attemptFrom(source, user string) ratelimit.Attempt {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return ratelimit.Attempt{Service: strings.TrimPrefix(source, "service:"), User: user}
	}
	return ratelimit.Attempt{RemoteAddr: addr, User: user}
}

func TestLimiter_Allow_groupsAddressesOfOneSubscriber(t *testing.T) {
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
		{"", "", true},
		{"service:xmpp/jane", "service:xmpp/john", false},
		{"service:xmpp/jane", "service:xmpp/jane", true},
		{"service:xmpp/jane", "service:panel/jane", false},
		{"service:xmpp/jane", "", false},
		{"service:192.0.2.1", "192.0.2.1", false},
	} {
		limiter, _ := newLimiter()
		require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, attemptFrom(c.one, "jane")))
		require.Equal(t, c.same, allow(limiter, attemptFrom(c.other, "john")) > 0, "%s and %s", c.one, c.other)
	}
}

func TestLimiter_Allow_reportsFirstLimitedAttempt(t *testing.T) {
	t.Parallel()

	for what, attempt := range map[string]ratelimit.Attempt{
		"an untrusted device": {RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"},
		"a known device":      {RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: "laptop"},
		"a code":              {RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Code: true},
	} {
		limiter, c := newLimiter()
		for range 10 {
			wait, first := limiter.Allow(attempt)
			require.Zero(t, wait, what)
			require.False(t, first, what)
		}
		for range 3 {
			wait, first := limiter.Allow(attempt)
			require.True(t, first, what)
			_, first = limiter.Allow(attempt)
			require.False(t, first, what)
			c.advance(wait)
			wait, first = limiter.Allow(attempt)
			require.Zero(t, wait, what)
			require.False(t, first, what)
		}
	}

	limiter, _ := newLimiter()
	firsts := 0
	for n := range 200 {
		if _, first := limiter.Allow(ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)), User: "jane"}); first {
			firsts++
		}
	}
	require.Equal(t, 1, firsts, "many sources at one user are one story")
}

func TestLimiter_Allow_countsConcurrentAttempts(t *testing.T) {
	t.Parallel()

	limiter, _ := newLimiter()
	countConcurrently := func(attempt func(n int) ratelimit.Attempt) int64 {
		var allowed atomic.Int64
		var all sync.WaitGroup
		for n := range 200 {
			all.Go(func() { allowed.Add(int64(countAllowed(limiter, 1, attempt(n)))) })
		}
		all.Wait()
		return allowed.Load()
	}
	require.EqualValues(t, ratelimit.SourceBurst, countConcurrently(func(n int) ratelimit.Attempt {
		return ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: fmt.Sprint("user", n)}
	}))
	require.EqualValues(t, ratelimit.UserBurst, countConcurrently(func(n int) ratelimit.Attempt {
		return ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)), User: "jane"}
	}))
	require.EqualValues(t, ratelimit.DeviceBurst, countConcurrently(func(int) ratelimit.Attempt {
		return ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: "laptop"}
	}))
}

func TestLimiter_Allow_evictsLeastRecentlyUsed(t *testing.T) {
	t.Parallel()

	c := new(clock)
	limiter := ratelimit.New(&ratelimit.Options{Clock: c.now, MaxEntries: 3})
	guesser := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"}
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, guesser))
	for n := range 50 {
		allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)), User: fmt.Sprint("user", n)})
		require.Positive(t, allow(limiter, guesser), "an active attacker is not removed")
	}
	for n := range 3 {
		allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.1.%d", n)), User: fmt.Sprint("user", n)})
	}
	require.Zero(t, allow(limiter, guesser))
	limiter.Reset(ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("10.0.1.0"), User: "user0"}) // forgotten, and no matter
}

func TestLimiter_Allow_limitedAttemptsEvictNothing(t *testing.T) {
	t.Parallel()

	const keys = 50
	c := new(clock)
	limiter := ratelimit.New(&ratelimit.Options{Clock: c.now, MaxEntries: keys})
	for n := range ratelimit.UserBurst {
		require.Zero(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)), User: "jane"}))
	}
	noisy := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1")}
	require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, 100, noisy))
	for n := range 2 * keys {
		noisy.User = fmt.Sprint("user", n)
		require.Positive(t, allow(limiter, noisy))
	}
	require.Positive(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("10.0.1.1"), User: "jane"}), "one source alone cannot clear a user clean")
	for n := range 2 * keys {
		require.Positive(t, allow(limiter, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.0.2.%d", n)), User: "jane"}))
	}
	require.Positive(t, allow(limiter, noisy), "nor many sources one of theirs")
}

func TestLimiter_Allow_toleratesClockSetBack(t *testing.T) {
	t.Parallel()

	limiter, c := newLimiter()
	c.set(24 * time.Hour)
	laptop := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane", Device: "laptop"}
	stranger := ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"}
	countAllowed(limiter, 100, laptop)
	countAllowed(limiter, 100, stranger)
	c.set(0)
	require.LessOrEqual(t, allow(limiter, laptop), ratelimit.DeviceRefill)
	require.LessOrEqual(t, allow(limiter, stranger), ratelimit.UserRefill)
}

func TestLimiter_Allow_admitsAfterReturnedWait(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		limiter, c := newLimiter()
		draw := func() ratelimit.Attempt {
			return ratelimit.Attempt{
				RemoteAddr: rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}).Draw(t, "remote_addr"),
				User:       rapid.SampledFrom([]string{"jane", "john"}).Draw(t, "user"),
				Device:     rapid.SampledFrom([]string{"", "", "laptop"}).Draw(t, "device"),
				Code:       rapid.Bool().Draw(t, "code"),
			}
		}
		for range rapid.IntRange(0, 200).Draw(t, "acts") {
			attempt := draw()
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				c.advance(time.Duration(rapid.Int64Range(0, int64(ratelimit.ResetAfter)).Draw(t, "pause")))
			case 1:
				limiter.Reset(attempt)
			default:
				allow(limiter, attempt)
			}
		}
		attempt := draw()
		wait := allow(limiter, attempt)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, ratelimit.MaxBackoff)
		if wait > 0 {
			c.advance(wait)
			require.Zero(t, allow(limiter, attempt))
		}
	})
}

func TestNew_usesDefaults(t *testing.T) {
	t.Parallel()

	require.Equal(t, ratelimit.SourceBurst, countAllowed(ratelimit.New(nil), 100, ratelimit.Attempt{RemoteAddr: netip.MustParseAddr("192.0.2.1"), User: "jane"}))
}

func FuzzSource(f *testing.F) {
	for _, source := range []string{"", "192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0", "\xff"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		limiter, _ := newLimiter()
		require.Equal(t, ratelimit.SourceBurst, countAllowed(limiter, ratelimit.SourceBurst+1, attemptFrom(source, source)))
	})
}

func BenchmarkLimiter_Allow(b *testing.B) {
	limiter := ratelimit.New(nil)
	n := 0
	for b.Loop() {
		n++
		limiter.Allow(ratelimit.Attempt{RemoteAddr: netip.MustParseAddr(fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)), User: "jane"})
	}
}
