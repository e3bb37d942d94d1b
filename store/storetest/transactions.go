package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func transactionRules() []rule {
	return []rule{
		{"committed_on_nil", committedOnNil},
		{"rolled_back", rolledBack},
		{"rolled_back_by_panic", rolledBackByPanic},
		{"sees_its_writes", seesItsWrites},
		{"isolated", isolated},
		{"nested_joins", nestedJoins},
		{"nested_error", nestedError},
		{"nested_error_before_write_keeps_rest", nestedErrorBeforeWrite},
		{"nested_panic", nestedPanic},
		{"update_aborted_inside", updateAbortedInside},
		{"ended_transaction_rejects_calls", endedTransactionRejectsCalls},
		{"tx_started_by_account_store", txStartedByAccountStore},
	}
}

func committedOnNil(t *testing.T, b Backend) {
	createAccounts(t, b, "old", "changed")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error { return writeAll(ctx, b) }))
	require.Equal(t, []string{"changed", "new"}, accountNames(t, b))
	u, err := b.AMIAccounts().Account(t.Context(), "changed")
	require.NoError(t, err)
	require.Equal(t, 1, u.WriteTimeout)
}

// writeAll creates, deletes and updates records.
func writeAll(ctx context.Context, b Backend) error {
	return errors.Join(
		b.AMIAccounts().CreateAccount(ctx, newAccount("new")),
		b.AMIAccounts().DeleteAccount(ctx, "old"),
		b.AMIAccounts().UpdateAccount(ctx, "changed", increment),
	)
}

func requireUnwritten(t *testing.T, b Backend) {
	t.Helper()
	require.Equal(t, []string{"changed", "old"}, accountNames(t, b))
	u, err := b.AMIAccounts().Account(t.Context(), "changed")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("changed"), u)
	createAccounts(t, b, "afterwards") // nothing is left locked
}

func rolledBack(t *testing.T, b Backend) {
	createAccounts(t, b, "old", "changed")
	errAbort := errors.New("aborted")
	err := b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAll(ctx, b))
		return errAbort
	})
	require.Same(t, errAbort, err)
	requireUnwritten(t, b)
}

func rolledBackByPanic(t *testing.T, b Backend) {
	createAccounts(t, b, "old", "changed")
	require.PanicsWithValue(t, "boom", func() {
		_ = b.RunInTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, writeAll(ctx, b))
			panic("boom")
		})
	})
	requireUnwritten(t, b)
}

func seesItsWrites(t *testing.T, b Backend) {
	createAccounts(t, b, "old", "changed")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAll(ctx, b))
		u, err := b.AMIAccounts().Account(ctx, "changed")
		require.NoError(t, err)
		require.Equal(t, 1, u.WriteTimeout)
		_, err = b.AMIAccounts().Account(ctx, "old")
		require.ErrorIs(t, err, store.ErrNotFound)
		list, err := b.AMIAccounts().ListAccounts(ctx, manager.Query{})
		require.NoError(t, err)
		require.Equal(t, []string{"changed", "new"}, namesOf(list.Items))
		var visited []string
		require.NoError(t, b.AMIAccounts().EachAccount(ctx, func(u *manager.Account) error {
			visited = append(visited, u.Name)
			_, err := b.AMIAccounts().Account(ctx, u.Name)
			return err
		}))
		require.Equal(t, []string{"changed", "new"}, visited)
		return nil
	}))
}

func isolated(t *testing.T, b Backend) {
	createAccounts(t, b, "old", "changed")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAll(ctx, b))
		require.Equal(t, []string{"changed", "old"}, accountNames(t, b))
		u, err := b.AMIAccounts().Account(t.Context(), "changed")
		require.NoError(t, err)
		requireSameAccount(t, newAccount("changed"), u)
		_, err = b.AMIAccounts().Account(t.Context(), "new")
		require.ErrorIs(t, err, store.ErrNotFound)
		list, err := b.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
		require.NoError(t, err)
		require.Equal(t, []string{"changed", "old"}, namesOf(list.Items))
		return nil
	}))
	require.Equal(t, []string{"changed", "new"}, accountNames(t, b))
}

func nestedJoins(t *testing.T, b Backend) {
	errAbort := errors.New("aborted")
	nested := func(result error) error {
		return b.RunInTx(t.Context(), func(ctx context.Context) error {
			err := b.RunInTx(ctx, func(ctx context.Context) error {
				return b.AMIAccounts().RunInTx(ctx, func(ctx context.Context) error {
					return b.AMIAccounts().CreateAccount(ctx, newAccount("crm"))
				})
			})
			require.NoError(t, err)
			_, err = b.AMIAccounts().Account(ctx, "crm")
			require.NoError(t, err)
			return result
		})
	}
	require.Same(t, errAbort, nested(errAbort))
	require.Empty(t, accountNames(t, b), "the inner call did not commit")
	require.NoError(t, nested(nil))
	require.Equal(t, []string{"crm"}, accountNames(t, b))
}

func nestedError(t *testing.T, b Backend) {
	errAbort := errors.New("aborted")
	err := b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		inner := b.RunInTx(ctx, func(ctx context.Context) error {
			return b.RunInTx(ctx, func(ctx context.Context) error {
				require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("dialer")))
				return errAbort
			})
		})
		require.Same(t, errAbort, inner)
		return nil
	})
	require.ErrorIs(t, err, errAbort)
	require.Empty(t, accountNames(t, b))
}

func nestedErrorBeforeWrite(t *testing.T, b Backend) {
	errAbort := errors.New("aborted")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		require.Same(t, errAbort, b.RunInTx(ctx, func(context.Context) error { return errAbort }))
		require.ErrorIs(t, b.RunInTx(ctx, func(ctx context.Context) error {
			return b.AMIAccounts().CreateAccount(ctx, newAccount("CRM"))
		}), store.ErrAlreadyExists)
		return b.AMIAccounts().CreateAccount(ctx, newAccount("dialer"))
	}))
	require.Equal(t, []string{"crm", "dialer"}, accountNames(t, b))
}

func nestedPanic(t *testing.T, b Backend) {
	err := b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		require.Panics(t, func() {
			_ = b.RunInTx(ctx, func(context.Context) error { panic("boom") })
		})
		return nil
	})
	require.Error(t, err)
	require.Empty(t, accountNames(t, b))
}

func updateAbortedInside(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		require.Error(t, b.AMIAccounts().UpdateAccount(ctx, "crm", func(u *manager.Account) error {
			u.Owner = "nobody"
			return errors.New("aborted")
		}))
		return b.AMIAccounts().CreateAccount(ctx, newAccount("dialer"))
	}))
	require.Equal(t, []string{"crm", "dialer"}, accountNames(t, b))
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	requireSameAccount(t, newAccount("crm"), u)
}

func endedTransactionRejectsCalls(t *testing.T, b Backend) {
	var ended context.Context
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		ended = ctx
		return nil
	}))
	require.Error(t, b.AMIAccounts().CreateAccount(ended, newAccount("crm")))
	_, err := b.AMIAccounts().Account(ended, "crm")
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, accountNames(t, b))
}

func txStartedByAccountStore(t *testing.T, b Backend) {
	require.Error(t, b.AMIAccounts().RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.AMIAccounts().CreateAccount(ctx, newAccount("crm")))
		return errors.New("aborted")
	}))
	require.Empty(t, accountNames(t, b))
}
