package auth_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
)

// An attacker who begins logins without end does not fill the memory.
func TestNewMemoryStore_removesValueThatExpiresFirst(t *testing.T) {
	t.Parallel()
	const maxValues = 10_000
	m, now := auth.NewMemoryStore(), time.Unix(1_000_000, 0)
	for i := range maxValues {
		require.NoError(t, m.Put(t.Context(), "login", strconv.Itoa(i), nil, now.Add(time.Duration(i+1)*time.Second)))
	}
	for i := range 2 {
		_, err := m.Get(t.Context(), "login", strconv.Itoa(i), now)
		require.NoError(t, err)
		require.NoError(t, m.Put(t.Context(), "login", strconv.Itoa(maxValues+i), nil, now.Add(24*time.Hour)))
		_, err = m.Get(t.Context(), "login", strconv.Itoa(i), now)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	_, err := m.Get(t.Context(), "login", "2", now)
	require.NoError(t, err)
}

func TestNewMemoryStore_deletesExpiredValues(t *testing.T) {
	t.Parallel()
	m, now := auth.NewMemoryStore(), time.Unix(1_000_000, 0)
	for i := range 4 {
		require.NoError(t, m.Put(t.Context(), "login", strconv.Itoa(i), []byte("x"), now.Add(time.Duration(i)*time.Second)))
	}
	for i, want := range map[string]error{"0": store.ErrNotFound, "1": store.ErrNotFound, "2": nil, "3": nil} {
		_, err := m.Get(t.Context(), "login", i, now.Add(time.Second))
		require.ErrorIs(t, err, want, i)
	}
	n, err := m.DeleteExpired(t.Context(), now.Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = m.DeleteExpired(t.Context(), now.Add(time.Second))
	require.NoError(t, err)
	require.Zero(t, n)
}
