package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/settings"
)

func settingsRules() []rule {
	return []rule{
		{"empty", noSettings},
		{"round_trip", settingsRoundTrip},
		{"stale_revision", staleSettings},
		{"not_shared", settingsNotShared},
		{"rolled_back", settingsRolledBack},
		{"canceled", settingsCanceled},
		{"concurrent_saves", concurrentSettings},
	}
}

// newSettings returns a record with one value.
func newSettings(revision int64, value string) *settings.Record {
	return &settings.Record{Revision: revision, Values: map[string]store.Secret{"product": store.NewSecret(value)}, UpdatedAt: noon()}
}

func putSettings(t *testing.T, b Backend, r *settings.Record) {
	t.Helper()
	require.NoError(t, b.Settings().PutSettings(t.Context(), r))
}

func requireSettings(t *testing.T, b Backend, revision int64, values map[string]string) {
	t.Helper()
	r, err := b.Settings().Settings(t.Context())
	require.NoError(t, err)
	stored := map[string]string{}
	for name, value := range r.Values {
		stored[name] = value.Reveal()
	}
	require.Equal(t, revision, r.Revision)
	require.Equal(t, values, stored)
}

func noSettings(t *testing.T, b Backend) {
	requireSettings(t, b, 0, map[string]string{})
}

func settingsRoundTrip(t *testing.T, b Backend) {
	hostile := "\x00'\";--\n\u202e\U0001F642 " + string([]rune{0x10FFFF})
	r := newSettings(1, hostile)
	r.Values["empty"], r.UpdatedAt = store.Secret{}, noon().Add(1500*time.Nanosecond)
	putSettings(t, b, r)
	requireSettings(t, b, 1, map[string]string{"product": hostile, "empty": ""})
	stored, err := b.Settings().Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, noon().Add(time.Microsecond), stored.UpdatedAt)
	putSettings(t, b, &settings.Record{Revision: 2})
	requireSettings(t, b, 2, map[string]string{})
}

func staleSettings(t *testing.T, b Backend) {
	requireConflict := func(revision int64) {
		err := b.Settings().PutSettings(t.Context(), newSettings(revision, "stale"))
		require.ErrorIs(t, err, store.ErrConflict)
		require.ErrorAs(t, err, new(*store.ConflictError))
	}
	requireConflict(0)
	requireConflict(2)
	putSettings(t, b, newSettings(1, "first"))
	requireConflict(1)
	requireConflict(3)
	putSettings(t, b, newSettings(2, "second"))
	requireSettings(t, b, 2, map[string]string{"product": "second"})
}

func settingsNotShared(t *testing.T, b Backend) {
	r := newSettings(1, "first")
	putSettings(t, b, r)
	r.Values["product"] = store.NewSecret("changed")
	read, err := b.Settings().Settings(t.Context())
	require.NoError(t, err)
	read.Values["product"] = store.NewSecret("changed")
	requireSettings(t, b, 1, map[string]string{"product": "first"})
}

func settingsRolledBack(t *testing.T, b Backend) {
	failure := errors.New("failure")
	err := b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Settings().PutSettings(ctx, newSettings(1, "lost")))
		inside, err := b.Settings().Settings(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(1), inside.Revision)
		return failure
	})
	require.ErrorIs(t, err, failure)
	requireSettings(t, b, 0, map[string]string{})
}

func settingsCanceled(t *testing.T, b Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Settings().Settings(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, b.Settings().PutSettings(ctx, newSettings(1, "lost")), context.Canceled)
	requireSettings(t, b, 0, map[string]string{})
}

func concurrentSettings(t *testing.T, b Backend) {
	var saved atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			err := b.Settings().PutSettings(t.Context(), newSettings(1, "one of them"))
			if err == nil {
				saved.Add(1)
			} else if !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Equal(t, int64(1), saved.Load())
	requireSettings(t, b, 1, map[string]string{"product": "one of them"})
}
