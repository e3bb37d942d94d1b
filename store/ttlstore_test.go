package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// sweptStore records the times of deletions, which fail on request.
type sweptStore struct {
	store.TTLStore

	times []time.Time
	err   error
}

func (s *sweptStore) DeleteExpired(_ context.Context, now time.Time) (int, error) {
	s.times = append(s.times, now)
	return 0, s.err
}

func TestSweepExpired_deletesUntilContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		ctx, stop := context.WithTimeout(t.Context(), 25*time.Minute)
		defer stop()
		swept := &sweptStore{}
		store.SweepExpired(ctx, swept, nil)
		require.Equal(t, []time.Time{started, started.Add(10 * time.Minute), started.Add(20 * time.Minute)}, swept.times)
		require.Equal(t, 25*time.Minute, time.Since(started))
	})
}

func TestSweepExpired_logsFailureAndContinues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 90*time.Second)
		defer stop()
		var log bytes.Buffer
		swept := &sweptStore{err: errors.New("disk full")}
		at := time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)
		store.SweepExpired(ctx, swept, &store.SweepOptions{
			Interval: time.Minute, Clock: func() time.Time { return at }, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.Equal(t, []time.Time{at, at}, swept.times)
		require.Equal(t, 2, bytes.Count(log.Bytes(), []byte("disk full")))
	})
}
