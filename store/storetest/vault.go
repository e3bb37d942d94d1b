package storetest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
)

func vault() []rule {
	return []rule{
		{"a value is kept until it expires", keptUntilExpired},
		{"a value replaces the one before", valueReplaced},
		{"values of two kinds do not meet", kindsApart},
		{"a forgotten value is gone", valueForgotten},
		{"what has expired is forgotten together", expiredForgotten},
		{"a value has a largest size", valueBounded},
		{"hostile keys and values are kept", hostileValueKept},
		{"a value that goes in and out is not shared", valueNotShared},
		{"of many who keep a value at once one wins whole", racedValue},
	}
}

// noon is when the rules of the vault begin.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// keep keeps a text as a session until an hour after noon.
func keep(t *testing.T, b Backend, key, value string) {
	t.Helper()
	require.NoError(t, b.Vault().Keep(t.Context(), "session", key, []byte(value), noon().Add(time.Hour)))
}

func requireKept(t *testing.T, b Backend, key, want string) {
	t.Helper()
	value, err := b.Vault().Kept(t.Context(), "session", key, noon())
	require.NoError(t, err)
	require.Equal(t, want, string(value))
}

func requireNotKept(t *testing.T, b Backend, kind, key string, now time.Time) {
	t.Helper()
	_, err := b.Vault().Kept(t.Context(), kind, key, now)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorAs(t, err, new(*store.NotFoundError))
}

func keptUntilExpired(t *testing.T, b Backend) {
	requireNotKept(t, b, "session", "a", noon())
	keep(t, b, "a", "value")
	for _, now := range []time.Time{{}, noon(), noon().Add(time.Hour - time.Microsecond), noon().In(time.FixedZone("", 3600))} {
		value, err := b.Vault().Kept(t.Context(), "session", "a", now)
		require.NoError(t, err)
		require.Equal(t, "value", string(value))
	}
	requireNotKept(t, b, "session", "a", noon().Add(time.Hour))
	requireNotKept(t, b, "session", "a", noon().Add(10*365*24*time.Hour))
	requireKept(t, b, "a", "value") // a clock that goes wrong for an instant ends no session
}

func valueReplaced(t *testing.T, b Backend) {
	keep(t, b, "a", "first")
	keep(t, b, "b", "other")
	keep(t, b, "a", "second")
	requireKept(t, b, "a", "second")
	requireKept(t, b, "b", "other")
	require.NoError(t, b.Vault().Keep(t.Context(), "session", "a", nil, noon().Add(time.Minute)))
	requireKept(t, b, "a", "")
	requireNotKept(t, b, "session", "a", noon().Add(time.Minute))
}

func kindsApart(t *testing.T, b Backend) {
	pairs := [][2]string{{"session", "a"}, {"session", "A"}, {"Session", "a"}, {"sessiona", ""}, {"", "sessiona"}, {"answer", "a"}, {"", ""}}
	for _, pair := range pairs {
		require.NoError(t, b.Vault().Keep(t.Context(), pair[0], pair[1], []byte(strings.Join(pair[:], "|")), noon().Add(time.Hour)))
	}
	for _, pair := range pairs {
		value, err := b.Vault().Kept(t.Context(), pair[0], pair[1], noon())
		require.NoError(t, err)
		require.Equal(t, strings.Join(pair[:], "|"), string(value))
	}
	require.NoError(t, b.Vault().Forget(t.Context(), "answer", "a"))
	requireNotKept(t, b, "answer", "a", noon())
	requireKept(t, b, "a", "session|a")
}

func valueForgotten(t *testing.T, b Backend) {
	keep(t, b, "a", "value")
	keep(t, b, "b", "value")
	for range 2 {
		require.NoError(t, b.Vault().Forget(t.Context(), "session", "a"), "it is no error when there is none")
		requireNotKept(t, b, "session", "a", noon())
	}
	requireKept(t, b, "b", "value")
}

func expiredForgotten(t *testing.T, b Backend) {
	for i, kind := range []string{"session", "session", "answer", "answer"} {
		expires := noon().Add(time.Duration(i) * time.Second)
		require.NoError(t, b.Vault().Keep(t.Context(), kind, string(rune('a'+i)), []byte("value"), expires))
	}
	for _, step := range []struct {
		now  time.Time
		want int
	}{{time.Time{}, 0}, {noon().Add(-time.Microsecond), 0}, {noon().Add(2 * time.Second), 3}, {noon().Add(2 * time.Second), 0}} {
		forgotten, err := b.Vault().ForgetExpired(t.Context(), step.now)
		require.NoError(t, err)
		require.Equal(t, step.want, forgotten)
	}
	for _, gone := range [][2]string{{"session", "a"}, {"session", "b"}, {"answer", "c"}} {
		requireNotKept(t, b, gone[0], gone[1], time.Time{})
	}
	_, err := b.Vault().Kept(t.Context(), "answer", "d", noon())
	require.NoError(t, err)
}

func valueBounded(t *testing.T, b Backend) {
	largest := bytes.Repeat([]byte{'x'}, store.MaxVaultValue)
	keep(t, b, "a", string(largest))
	requireInvalid(t, b.Vault().Keep(t.Context(), "session", "a", append(largest, 'x'), noon().Add(time.Hour)), "value")
	requireKept(t, b, "a", string(largest))
}

func hostileValueKept(t *testing.T, b Backend) {
	text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
	rapid.Check(t, func(rt *rapid.T) {
		kind, key, value := text.Draw(rt, "kind"), text.Draw(rt, "key"), rapid.SliceOf(rapid.Byte()).Draw(rt, "value")
		require.NoError(rt, b.Vault().Keep(t.Context(), kind, key, value, noon().Add(time.Hour)))
		kept, err := b.Vault().Kept(t.Context(), kind, key, noon())
		require.NoError(rt, err)
		require.True(rt, bytes.Equal(value, kept))
		require.NoError(rt, b.Vault().Forget(t.Context(), kind, key))
	})
}

func valueNotShared(t *testing.T, b Backend) {
	given := []byte("value")
	require.NoError(t, b.Vault().Keep(t.Context(), "session", "a", given, noon().Add(time.Hour)))
	given[0] = 'x'
	read, err := b.Vault().Kept(t.Context(), "session", "a", noon())
	require.NoError(t, err)
	read[0] = 'y'
	requireKept(t, b, "a", "value")
}

func racedValue(t *testing.T, b Backend) {
	errs := make([]error, 20)
	atOnce(len(errs), func(i int) {
		value := bytes.Repeat([]byte("abcdefghijklmnopqrst")[i:i+1], 1000)
		errs[i] = errors.Join(
			b.Vault().Keep(t.Context(), "session", "a", value, noon().Add(time.Hour)),
			b.Vault().Forget(t.Context(), "session", "b"),
		)
	})
	require.NoError(t, errors.Join(errs...))
	value, err := b.Vault().Kept(t.Context(), "session", "a", noon())
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat(value[:1], 1000), value)
}
