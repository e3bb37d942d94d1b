package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func tokenRequests() []rule {
	return []rule{
		{"requests are counted up to the limit, and again in the next hour", requestsCounted},
		{"without a limit all requests are counted", requestsUnlimited},
		{"an hour of a clock that was wrong is over", wrongClock},
		{"an hour that begins a little later is that of another server's clock", otherClock},
		{"a smaller limit counts at once", limitLowered},
		{"of 50 requests at once exactly the limit is counted", racedRequests},
		{"requests of a transaction that is undone are not counted", undoneRequests},
	}
}

// withToken returns a store with a token, and its ID.
func withToken(t *testing.T, b Backend) (st userman.Store, id string) {
	t.Helper()
	st = b.People("")
	admit(t, st, "jane")
	require.NoError(t, st.CreateToken(t.Context(), tokenOf("jane", 1)))
	return st, tokenOf("jane", 1).ID
}

// requireCount counts a request and requires how long to wait.
func requireCount(t *testing.T, st userman.Store, id string, now time.Time, limit int, want time.Duration) {
	t.Helper()
	wait, err := st.CountRequest(t.Context(), id, now, limit)
	require.NoError(t, err)
	require.Equal(t, want, wait)
}

// requireCounters requires what is kept of the requests.
func requireCounters(t *testing.T, st userman.Store, id string, started time.Time, requests int, used time.Time) {
	t.Helper()
	token, err := st.Token(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, requests, token.HourRequests)
	require.Equal(t, started, token.HourStartedAt)
	require.Equal(t, used, token.LastUsedAt)
}

func requestsCounted(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	at := func(minutes int) time.Time { return noon().Add(time.Duration(minutes) * time.Minute) }
	requireCount(t, st, id, at(0).Add(999*time.Nanosecond).In(time.FixedZone("CET", 3600)), 3, 0)
	requireCount(t, st, id, at(10), 3, 0)
	requireCount(t, st, id, at(20), 3, 0)
	requireCounters(t, st, id, at(0), 3, at(20))
	requireCount(t, st, id, at(20), 3, 40*time.Minute)
	requireCount(t, st, id, at(60).Add(-time.Microsecond), 3, time.Microsecond)
	requireCounters(t, st, id, at(0), 3, at(20))
	requireCount(t, st, id, at(60), 3, 0)
	requireCounters(t, st, id, at(60), 1, at(60))
	requireCount(t, st, id, at(300), 3, 0)
	requireCounters(t, st, id, at(300), 1, at(300))
	want := tokenOf("jane", 1)
	want.HourStartedAt, want.HourRequests, want.LastUsedAt = at(300), 1, at(300)
	requireToken(t, st, want)
}

func requestsUnlimited(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	for i := range 20 {
		requireCount(t, st, id, noon().Add(time.Duration(i)*time.Second), 0, 0)
	}
	requireCounters(t, st, id, noon(), 20, noon().Add(19*time.Second))
	requireCount(t, st, id, noon().Add(2*time.Hour), 0, 0)
	requireCounters(t, st, id, noon().Add(2*time.Hour), 1, noon().Add(2*time.Hour))
}

func wrongClock(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	requireCount(t, st, id, noon().AddDate(10, 0, 0), 1, 0)
	requireCount(t, st, id, noon(), 1, 0)
	requireCounters(t, st, id, noon(), 1, noon())
	requireCount(t, st, id, noon().Add(-time.Hour-time.Microsecond), 1, 0)
	requireCounters(t, st, id, noon().Add(-time.Hour-time.Microsecond), 1, noon().Add(-time.Hour-time.Microsecond))
}

func otherClock(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	requireCount(t, st, id, noon(), 2, 0)
	requireCount(t, st, id, noon().Add(-time.Second), 2, 0)
	requireCounters(t, st, id, noon(), 2, noon().Add(-time.Second))
	requireCount(t, st, id, noon().Add(-time.Second), 2, time.Hour+time.Second)
	requireCount(t, st, id, noon().Add(-time.Hour), 2, 2*time.Hour)
}

func limitLowered(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	for range 5 {
		requireCount(t, st, id, noon(), 10, 0)
	}
	requireCount(t, st, id, noon().Add(time.Minute), 3, 59*time.Minute)
	requireCount(t, st, id, noon().Add(time.Minute), 6, 0)
	requireCount(t, st, id, noon().Add(time.Minute), 6, 59*time.Minute)
}

func racedRequests(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	const callers, each, limit = 50, 4, 70
	var counted, refused atomic.Int64
	errs := make([]error, callers)
	atOnce(callers, func(i int) {
		for range each {
			wait, err := st.CountRequest(t.Context(), id, noon().Add(time.Duration(i)*time.Second), limit)
			errs[i] = errors.Join(errs[i], err)
			if wait == 0 {
				counted.Add(1)
			} else if wait > 0 && wait <= time.Hour+callers*time.Second {
				refused.Add(1)
			}
		}
	})
	require.NoError(t, errors.Join(errs...))
	require.EqualValues(t, limit, counted.Load())
	require.EqualValues(t, callers*each-limit, refused.Load())
	token, err := st.Token(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, limit, token.HourRequests)
}

func undoneRequests(t *testing.T, b Backend) {
	st, id := withToken(t, b)
	undo := errors.New("undo")
	require.Same(t, undo, b.Atomically(t.Context(), func(ctx context.Context) error {
		_, err := st.CountRequest(ctx, id, noon(), 1)
		require.NoError(t, err)
		wait, err := st.CountRequest(ctx, id, noon(), 1)
		require.NoError(t, err)
		require.Equal(t, time.Hour, wait)
		return undo
	}))
	requireCount(t, st, id, noon(), 1, 0)
}
