package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
)

func cancellationRules() []rule {
	return []rule{
		{"canceled_context", canceledContext},
		{"canceled_transaction", canceledTransaction},
		{"canceled_nested_call", canceledNestedCall},
		{"canceled_call", canceledCall},
		{"canceled_while_waiting", canceledWhileWaiting},
		{"canceled_iteration", canceledIteration},
		{"canceled_update", canceledUpdate},
	}
}

func canceledContext(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m, called := b.AMIAccounts(), false
	_, readErr := m.Account(ctx, "crm")
	_, listErr := m.ListAccounts(ctx, manager.Query{})
	for call, err := range map[string]error{
		"User":       readErr,
		"ListUsers":  listErr,
		"CreateUser": m.CreateAccount(ctx, newAccount("dialer")),
		"UpdateUser": m.UpdateAccount(ctx, "crm", func(u *manager.Account) error { called = true; return increment(u) }),
		"DeleteUser": m.DeleteAccount(ctx, "crm"),
		"EachUser":   m.EachAccount(ctx, func(*manager.Account) error { called = true; return nil }),
		"Atomically": b.RunInTx(ctx, func(context.Context) error { called = true; return nil }),
	} {
		require.ErrorIs(t, err, context.Canceled, call)
	}
	require.False(t, called)
	u, err := m.Account(t.Context(), "crm")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("crm"), u)
	require.Equal(t, []string{"crm"}, accountNames(t, b))
}

func canceledTransaction(t *testing.T, b Backend) {
	ctx, cancel := context.WithCancel(t.Context())
	err := b.RunInTx(ctx, func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		cancel()
		require.ErrorIs(t, b.AMIAccounts().CreateAccount(ctx, newAccount("dialer")), context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, accountNames(t, b))
}

func canceledNestedCall(t *testing.T, b Backend) {
	err := b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		inner, cancel := context.WithCancel(ctx)
		require.ErrorIs(t, b.RunInTx(inner, func(context.Context) error {
			cancel()
			return nil
		}), context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, accountNames(t, b))
}

func canceledCall(t *testing.T, b Backend) {
	err := b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, b.AMIAccounts().CreateAccount(canceled, newAccount("dialer")), context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, accountNames(t, b))
}

func canceledWhileWaiting(t *testing.T, b Backend) {
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		waiting, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, b.AMIAccounts().CreateAccount(waiting, newAccount("crm")), context.DeadlineExceeded)
		require.ErrorIs(t, b.RunInTx(waiting, func(context.Context) error { return nil }), context.DeadlineExceeded)
		return nil
	}))
	require.Equal(t, []string{"crm"}, accountNames(t, b))
}

func canceledIteration(t *testing.T, b Backend) {
	createAccounts(t, b, "a", "b", "c")
	ctx, cancel := context.WithCancel(t.Context())
	visited := 0
	err := b.AMIAccounts().EachAccount(ctx, func(*manager.Account) error {
		visited++
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, visited)
}

func canceledUpdate(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	ctx, cancel := context.WithCancel(t.Context())
	err := b.AMIAccounts().UpdateAccount(ctx, "crm", func(u *manager.Account) error {
		cancel()
		return increment(u)
	})
	require.ErrorIs(t, err, context.Canceled)
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("crm"), u)
}
