package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
)

func ttlStoreRules() []rule {
	return []rule{
		{"value_expires", valueExpires},
		{"value_replaced", valueReplaced},
		{"kinds_isolated", kindsIsolated},
		{"value_deleted", valueDeleted},
		{"kind_listed", kindListed},
		{"expired_deleted", expiredDeleted},
		{"value_size_limited", valueSizeLimited},
		{"hostile_value_stored", hostileValueStored},
		{"value_not_shared", valueNotShared},
		{"concurrent_puts", concurrentPuts},
	}
}

// noon is the start time of the rules of the TTL store.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// putSession stores a text as a session until an hour after noon.
func putSession(t *testing.T, b Backend, key, value string) {
	t.Helper()
	require.NoError(t, b.TTLStore().Put(t.Context(), "session", key, []byte(value), noon().Add(time.Hour)))
}

func requireValue(t *testing.T, b Backend, key, want string) {
	t.Helper()
	value, err := b.TTLStore().Get(t.Context(), "session", key, noon())
	require.NoError(t, err)
	require.Equal(t, want, string(value))
}

func requireNoValue(t *testing.T, b Backend, kind, key string, now time.Time) {
	t.Helper()
	_, err := b.TTLStore().Get(t.Context(), kind, key, now)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorAs(t, err, new(*store.NotFoundError))
}

func valueExpires(t *testing.T, b Backend) {
	requireNoValue(t, b, "session", "a", noon())
	putSession(t, b, "a", "value")
	for _, now := range []time.Time{{}, noon(), noon().Add(time.Hour - time.Microsecond), noon().In(time.FixedZone("", 3600))} {
		value, err := b.TTLStore().Get(t.Context(), "session", "a", now)
		require.NoError(t, err)
		require.Equal(t, "value", string(value))
	}
	requireNoValue(t, b, "session", "a", noon().Add(time.Hour))
	requireNoValue(t, b, "session", "a", noon().Add(10*365*24*time.Hour))
	requireValue(t, b, "a", "value") // a clock that goes wrong for an instant ends no session
}

func valueReplaced(t *testing.T, b Backend) {
	putSession(t, b, "a", "first")
	putSession(t, b, "b", "other")
	putSession(t, b, "a", "second")
	requireValue(t, b, "a", "second")
	requireValue(t, b, "b", "other")
	require.NoError(t, b.TTLStore().Put(t.Context(), "session", "a", nil, noon().Add(time.Minute)))
	requireValue(t, b, "a", "")
	requireNoValue(t, b, "session", "a", noon().Add(time.Minute))
}

func kindsIsolated(t *testing.T, b Backend) {
	pairs := [][2]string{{"session", "a"}, {"session", "A"}, {"Session", "a"}, {"sessiona", ""}, {"", "sessiona"}, {"answer", "a"}, {"", ""}}
	for _, pair := range pairs {
		require.NoError(t, b.TTLStore().Put(t.Context(), pair[0], pair[1], []byte(strings.Join(pair[:], "|")), noon().Add(time.Hour)))
	}
	for _, pair := range pairs {
		value, err := b.TTLStore().Get(t.Context(), pair[0], pair[1], noon())
		require.NoError(t, err)
		require.Equal(t, strings.Join(pair[:], "|"), string(value))
	}
	require.NoError(t, b.TTLStore().Delete(t.Context(), "answer", "a"))
	requireNoValue(t, b, "answer", "a", noon())
	requireValue(t, b, "a", "session|a")
}

func valueDeleted(t *testing.T, b Backend) {
	putSession(t, b, "a", "value")
	putSession(t, b, "b", "value")
	for range 2 {
		require.NoError(t, b.TTLStore().Delete(t.Context(), "session", "a"), "it is no error when there is none")
		requireNoValue(t, b, "session", "a", noon())
	}
	requireValue(t, b, "b", "value")
}

func kindListed(t *testing.T, b Backend) {
	list := func(now time.Time) map[string][]byte {
		values, err := b.TTLStore().List(t.Context(), "session", now)
		require.NoError(t, err)
		return values
	}
	require.Empty(t, list(noon()))
	putSession(t, b, "a", "first")
	putSession(t, b, "A", "other")
	require.NoError(t, b.TTLStore().Put(t.Context(), "session", "", nil, noon().Add(time.Minute)))
	for _, other := range [][2]string{{"sessiona", ""}, {"Session", "a"}, {"", "session"}} {
		require.NoError(t, b.TTLStore().Put(t.Context(), other[0], other[1], []byte("value"), noon().Add(time.Hour)))
	}
	listed := list(noon())
	require.Len(t, listed, 3)
	require.Empty(t, listed[""])
	listed["a"][0] = 'x'
	for _, now := range []time.Time{noon().Add(time.Minute), noon().Add(time.Hour - time.Microsecond)} {
		require.Equal(t, map[string][]byte{"a": []byte("first"), "A": []byte("other")}, list(now))
	}
	require.Empty(t, list(noon().Add(time.Hour)))
	require.NoError(t, b.TTLStore().RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.TTLStore().Delete(ctx, "session", "A"))
		values, err := b.TTLStore().List(ctx, "session", noon().Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, map[string][]byte{"a": []byte("first")}, values)
		return nil
	}))
}

func expiredDeleted(t *testing.T, b Backend) {
	for i, kind := range []string{"session", "session", "answer", "answer"} {
		expires := noon().Add(time.Duration(i) * time.Second)
		require.NoError(t, b.TTLStore().Put(t.Context(), kind, string(rune('a'+i)), []byte("value"), expires))
	}
	for _, step := range []struct {
		now  time.Time
		want int
	}{{time.Time{}, 0}, {noon().Add(-time.Microsecond), 0}, {noon().Add(2 * time.Second), 3}, {noon().Add(2 * time.Second), 0}} {
		deleted, err := b.TTLStore().DeleteExpired(t.Context(), step.now)
		require.NoError(t, err)
		require.Equal(t, step.want, deleted)
	}
	for _, missing := range [][2]string{{"session", "a"}, {"session", "b"}, {"answer", "c"}} {
		requireNoValue(t, b, missing[0], missing[1], time.Time{})
	}
	_, err := b.TTLStore().Get(t.Context(), "answer", "d", noon())
	require.NoError(t, err)
}

func valueSizeLimited(t *testing.T, b Backend) {
	largest := bytes.Repeat([]byte{'x'}, store.MaxValueSize)
	putSession(t, b, "a", string(largest))
	requireInvalid(t, b.TTLStore().Put(t.Context(), "session", "a", append(largest, 'x'), noon().Add(time.Hour)), "value")
	requireValue(t, b, "a", string(largest))
}

func hostileValueStored(t *testing.T, b Backend) {
	text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
	rapid.Check(t, func(rt *rapid.T) {
		kind, key, value := text.Draw(rt, "kind"), text.Draw(rt, "key"), rapid.SliceOf(rapid.Byte()).Draw(rt, "value")
		require.NoError(rt, b.TTLStore().Put(t.Context(), kind, key, value, noon().Add(time.Hour)))
		got, err := b.TTLStore().Get(t.Context(), kind, key, noon())
		require.NoError(rt, err)
		require.True(rt, bytes.Equal(value, got))
		require.NoError(rt, b.TTLStore().Delete(t.Context(), kind, key))
	})
}

func valueNotShared(t *testing.T, b Backend) {
	given := []byte("value")
	require.NoError(t, b.TTLStore().Put(t.Context(), "session", "a", given, noon().Add(time.Hour)))
	given[0] = 'x'
	read, err := b.TTLStore().Get(t.Context(), "session", "a", noon())
	require.NoError(t, err)
	read[0] = 'y'
	requireValue(t, b, "a", "value")
}

func concurrentPuts(t *testing.T, b Backend) {
	errs := make([]error, 20)
	runConcurrently(len(errs), func(i int) {
		value := bytes.Repeat([]byte("abcdefghijklmnopqrst")[i:i+1], 1000)
		errs[i] = errors.Join(
			b.TTLStore().Put(t.Context(), "session", "a", value, noon().Add(time.Hour)),
			b.TTLStore().Delete(t.Context(), "session", "b"),
		)
	})
	require.NoError(t, errors.Join(errs...))
	value, err := b.TTLStore().Get(t.Context(), "session", "a", noon())
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat(value[:1], 1000), value)
}
