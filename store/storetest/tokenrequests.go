package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func tokenRequestRules() []rule {
	return []rule{
		{"requests_counted", requestsCounted},
		{"requests_unlimited", requestsUnlimited},
		{"clock_reset", clockReset},
		{"clock_skew", clockSkew},
		{"limit_lowered", limitLowered},
		{"concurrent_requests", concurrentRequests},
		{"rolled_back_requests", rolledBackRequests},
	}
}

// createToken returns a store with a token, and its ID.
func createToken(t *testing.T, b Backend) (tokens apitoken.Store, id apitoken.ID) {
	t.Helper()
	createUsers(t, b.Users(""), "jane")
	tokens = b.Tokens("")
	require.NoError(t, tokens.CreateToken(t.Context(), newToken("jane", 1)))
	return tokens, newToken("jane", 1).ID
}

// requireCount counts a request and requires this wait.
func requireCount(t *testing.T, tokens apitoken.Store, id apitoken.ID, now time.Time, limit int, want time.Duration) {
	t.Helper()
	wait, err := tokens.TakeRequest(t.Context(), id, now, limit)
	require.NoError(t, err)
	require.Equal(t, want, wait)
}

// requireCounters requires these stored counters.
func requireCounters(t *testing.T, tokens apitoken.Store, id apitoken.ID, started time.Time, requests int, used time.Time) {
	t.Helper()
	token, err := tokens.Token(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, requests, token.HourRequests)
	require.Equal(t, started, token.HourStartedAt)
	require.Equal(t, used, token.LastUsedAt)
}

func requestsCounted(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	at := func(minutes int) time.Time { return noon().Add(time.Duration(minutes) * time.Minute) }
	requireCount(t, tokens, id, at(0).Add(999*time.Nanosecond).In(time.FixedZone("CET", 3600)), 3, 0)
	requireCount(t, tokens, id, at(10), 3, 0)
	requireCount(t, tokens, id, at(20), 3, 0)
	requireCounters(t, tokens, id, at(0), 3, at(20))
	requireCount(t, tokens, id, at(20), 3, 40*time.Minute)
	requireCount(t, tokens, id, at(60).Add(-time.Microsecond), 3, time.Microsecond)
	requireCounters(t, tokens, id, at(0), 3, at(20))
	requireCount(t, tokens, id, at(60), 3, 0)
	requireCounters(t, tokens, id, at(60), 1, at(60))
	requireCount(t, tokens, id, at(300), 3, 0)
	requireCounters(t, tokens, id, at(300), 1, at(300))
	want := newToken("jane", 1)
	want.HourStartedAt, want.HourRequests, want.LastUsedAt = at(300), 1, at(300)
	requireToken(t, tokens, want)
}

func requestsUnlimited(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	for i := range 20 {
		requireCount(t, tokens, id, noon().Add(time.Duration(i)*time.Second), 0, 0)
	}
	requireCounters(t, tokens, id, noon(), 20, noon().Add(19*time.Second))
	requireCount(t, tokens, id, noon().Add(2*time.Hour), 0, 0)
	requireCounters(t, tokens, id, noon().Add(2*time.Hour), 1, noon().Add(2*time.Hour))
}

func clockReset(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	requireCount(t, tokens, id, noon().AddDate(10, 0, 0), 1, 0)
	requireCount(t, tokens, id, noon(), 1, 0)
	requireCounters(t, tokens, id, noon(), 1, noon())
	requireCount(t, tokens, id, noon().Add(-time.Hour-time.Microsecond), 1, 0)
	requireCounters(t, tokens, id, noon().Add(-time.Hour-time.Microsecond), 1, noon().Add(-time.Hour-time.Microsecond))
}

func clockSkew(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	requireCount(t, tokens, id, noon(), 2, 0)
	requireCount(t, tokens, id, noon().Add(-time.Second), 2, 0)
	requireCounters(t, tokens, id, noon(), 2, noon().Add(-time.Second))
	requireCount(t, tokens, id, noon().Add(-time.Second), 2, time.Hour+time.Second)
	requireCount(t, tokens, id, noon().Add(-time.Hour), 2, 2*time.Hour)
}

func limitLowered(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	for range 5 {
		requireCount(t, tokens, id, noon(), 10, 0)
	}
	requireCount(t, tokens, id, noon().Add(time.Minute), 3, 59*time.Minute)
	requireCount(t, tokens, id, noon().Add(time.Minute), 6, 0)
	requireCount(t, tokens, id, noon().Add(time.Minute), 6, 59*time.Minute)
}

func concurrentRequests(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	const callers, each, limit = 50, 4, 70
	var counted, limited atomic.Int64
	errs := make([]error, callers)
	runConcurrently(callers, func(i int) {
		for range each {
			wait, err := tokens.TakeRequest(t.Context(), id, noon().Add(time.Duration(i)*time.Second), limit)
			errs[i] = errors.Join(errs[i], err)
			if wait == 0 {
				counted.Add(1)
			} else if wait > 0 && wait <= time.Hour+callers*time.Second {
				limited.Add(1)
			}
		}
	})
	require.NoError(t, errors.Join(errs...))
	require.EqualValues(t, limit, counted.Load())
	require.EqualValues(t, callers*each-limit, limited.Load())
	token, err := tokens.Token(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, limit, token.HourRequests)
}

func rolledBackRequests(t *testing.T, b Backend) {
	tokens, id := createToken(t, b)
	errRollback := errors.New("undo")
	require.Same(t, errRollback, b.RunInTx(t.Context(), func(ctx context.Context) error {
		_, err := tokens.TakeRequest(ctx, id, noon(), 1)
		require.NoError(t, err)
		wait, err := tokens.TakeRequest(ctx, id, noon(), 1)
		require.NoError(t, err)
		require.Equal(t, time.Hour, wait)
		return errRollback
	}))
	requireCount(t, tokens, id, noon(), 1, 0)
}
