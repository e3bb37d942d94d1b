package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
)

func cancellation() []rule {
	return []rule{
		{"an ended context stops every call", endedContext},
		{"a transaction whose context ends is rolled back", endedTransaction},
		{"a nested call whose context ends undoes the whole", endedNestedCall},
		{"a call whose context ends undoes its transaction", endedCall},
		{"who waits for another transaction obeys the context", endedWaiting},
		{"each user stops when the context ends", endedVisit},
		{"an update whose context ends writes nothing", endedUpdate},
	}
}

func endedContext(t *testing.T, b Backend) {
	create(t, b, "crm")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m, called := b.Managers(), false
	_, readErr := m.User(ctx, "crm")
	_, listErr := m.ListUsers(ctx, manager.Query{})
	for call, err := range map[string]error{
		"User":       readErr,
		"ListUsers":  listErr,
		"CreateUser": m.CreateUser(ctx, account("dialer")),
		"UpdateUser": m.UpdateUser(ctx, "crm", func(u *manager.User) error { called = true; return increment(u) }),
		"DeleteUser": m.DeleteUser(ctx, "crm"),
		"EachUser":   m.EachUser(ctx, func(*manager.User) error { called = true; return nil }),
		"Atomically": b.Atomically(ctx, func(context.Context) error { called = true; return nil }),
	} {
		require.ErrorIs(t, err, context.Canceled, call)
	}
	require.False(t, called)
	u, err := m.User(t.Context(), "crm")
	require.NoError(t, err)
	requireSame(t, account("crm"), u)
	require.Equal(t, []string{"crm"}, stored(t, b))
}

func endedTransaction(t *testing.T, b Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Atomically(ctx, func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		cancel()
		require.ErrorIs(t, b.Managers().CreateUser(ctx, account("dialer")), context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, stored(t, b))
}

func endedNestedCall(t *testing.T, b Backend) {
	err := b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		inner, cancel := context.WithCancel(ctx)
		require.ErrorIs(t, b.Atomically(inner, func(context.Context) error {
			cancel()
			return nil
		}), context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, stored(t, b))
}

func endedCall(t *testing.T, b Backend) {
	err := b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		ended, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, b.Managers().CreateUser(ended, account("dialer")), context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, stored(t, b))
}

func endedWaiting(t *testing.T, b Backend) {
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		waiting, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, b.Managers().CreateUser(waiting, account("crm")), context.DeadlineExceeded)
		require.ErrorIs(t, b.Atomically(waiting, func(context.Context) error { return nil }), context.DeadlineExceeded)
		return nil
	}))
	require.Equal(t, []string{"crm"}, stored(t, b))
}

func endedVisit(t *testing.T, b Backend) {
	create(t, b, "a", "b", "c")
	ctx, cancel := context.WithCancel(t.Context())
	visited := 0
	err := b.Managers().EachUser(ctx, func(*manager.User) error {
		visited++
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, visited)
}

func endedUpdate(t *testing.T, b Backend) {
	create(t, b, "crm")
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Managers().UpdateUser(ctx, "crm", func(u *manager.User) error {
		cancel()
		return increment(u)
	})
	require.ErrorIs(t, err, context.Canceled)
	u, err := b.Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	requireSame(t, account("crm"), u)
}
