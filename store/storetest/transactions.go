package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func transactions() []rule {
	return []rule{
		{"all is kept when it returns nil", committed},
		{"nothing is kept when it returns an error", rolledBack},
		{"nothing is kept when it panics", rolledBackByPanic},
		{"it sees what it wrote", seesItsWrites},
		{"nobody else sees what it wrote before it ends", isolated},
		{"a nested call joins", nestedJoins},
		{"the error of a nested call undoes the whole", nestedError},
		{"the panic of a nested call undoes the whole", nestedPanic},
		{"an update given up inside leaves the rest", updateGivenUpInside},
		{"an ended transaction takes no more calls", endedTakesNothing},
		{"the store of accounts begins transactions too", begunByStore},
	}
}

func committed(t *testing.T, b Backend) {
	create(t, b, "old", "changed")
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error { return writeAll(ctx, b) }))
	require.Equal(t, []string{"changed", "new"}, stored(t, b))
	u, err := b.Managers().User(t.Context(), "changed")
	require.NoError(t, err)
	require.Equal(t, 1, u.WriteTimeout)
}

// writeAll creates, deletes and changes.
func writeAll(ctx context.Context, b Backend) error {
	return errors.Join(
		b.Managers().CreateUser(ctx, account("new")),
		b.Managers().DeleteUser(ctx, "old"),
		b.Managers().UpdateUser(ctx, "changed", increment),
	)
}

func requireUnwritten(t *testing.T, b Backend) {
	t.Helper()
	require.Equal(t, []string{"changed", "old"}, stored(t, b))
	u, err := b.Managers().User(t.Context(), "changed")
	require.NoError(t, err)
	requireSame(t, account("changed"), u)
	create(t, b, "afterwards") // nothing is left locked
}

func rolledBack(t *testing.T, b Backend) {
	create(t, b, "old", "changed")
	refusal := errors.New("refused")
	err := b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAll(ctx, b))
		return refusal
	})
	require.Same(t, refusal, err)
	requireUnwritten(t, b)
}

func rolledBackByPanic(t *testing.T, b Backend) {
	create(t, b, "old", "changed")
	require.PanicsWithValue(t, "boom", func() {
		_ = b.Atomically(t.Context(), func(ctx context.Context) error {
			require.NoError(t, writeAll(ctx, b))
			panic("boom")
		})
	})
	requireUnwritten(t, b)
}

func seesItsWrites(t *testing.T, b Backend) {
	create(t, b, "old", "changed")
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAll(ctx, b))
		u, err := b.Managers().User(ctx, "changed")
		require.NoError(t, err)
		require.Equal(t, 1, u.WriteTimeout)
		_, err = b.Managers().User(ctx, "old")
		require.ErrorIs(t, err, store.ErrNotFound)
		list, err := b.Managers().ListUsers(ctx, manager.Query{})
		require.NoError(t, err)
		require.Equal(t, []string{"changed", "new"}, namesOf(list.Items))
		var visited []string
		require.NoError(t, b.Managers().EachUser(ctx, func(u *manager.User) error {
			visited = append(visited, u.Name)
			_, err := b.Managers().User(ctx, u.Name)
			return err
		}))
		require.Equal(t, []string{"changed", "new"}, visited)
		return nil
	}))
}

func isolated(t *testing.T, b Backend) {
	create(t, b, "old", "changed")
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, writeAll(ctx, b))
		require.Equal(t, []string{"changed", "old"}, stored(t, b))
		u, err := b.Managers().User(t.Context(), "changed")
		require.NoError(t, err)
		requireSame(t, account("changed"), u)
		_, err = b.Managers().User(t.Context(), "new")
		require.ErrorIs(t, err, store.ErrNotFound)
		list, err := b.Managers().ListUsers(t.Context(), manager.Query{})
		require.NoError(t, err)
		require.Equal(t, []string{"changed", "old"}, namesOf(list.Items))
		return nil
	}))
	require.Equal(t, []string{"changed", "new"}, stored(t, b))
}

func nestedJoins(t *testing.T, b Backend) {
	refusal := errors.New("refused")
	nested := func(result error) error {
		return b.Atomically(t.Context(), func(ctx context.Context) error {
			err := b.Atomically(ctx, func(ctx context.Context) error {
				return b.Managers().Atomically(ctx, func(ctx context.Context) error {
					return b.Managers().CreateUser(ctx, account("crm"))
				})
			})
			require.NoError(t, err)
			_, err = b.Managers().User(ctx, "crm")
			require.NoError(t, err)
			return result
		})
	}
	require.Same(t, refusal, nested(refusal))
	require.Empty(t, stored(t, b), "the inner call did not commit")
	require.NoError(t, nested(nil))
	require.Equal(t, []string{"crm"}, stored(t, b))
}

func nestedError(t *testing.T, b Backend) {
	refusal := errors.New("refused")
	err := b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		inner := b.Atomically(ctx, func(context.Context) error { return refusal })
		require.Same(t, refusal, inner)
		return nil
	})
	require.ErrorIs(t, err, refusal)
	require.Empty(t, stored(t, b))
}

func nestedPanic(t *testing.T, b Backend) {
	err := b.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		require.Panics(t, func() {
			_ = b.Atomically(ctx, func(context.Context) error { panic("boom") })
		})
		return nil
	})
	require.Error(t, err)
	require.Empty(t, stored(t, b))
}

func updateGivenUpInside(t *testing.T, b Backend) {
	create(t, b, "crm")
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		require.Error(t, b.Managers().UpdateUser(ctx, "crm", func(u *manager.User) error {
			u.Owner = "nobody"
			return errors.New("refused")
		}))
		return b.Managers().CreateUser(ctx, account("dialer"))
	}))
	require.Equal(t, []string{"crm", "dialer"}, stored(t, b))
	u, err := b.Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	requireSame(t, account("crm"), u)
}

func endedTakesNothing(t *testing.T, b Backend) {
	var ended context.Context
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		ended = ctx
		return nil
	}))
	require.Error(t, b.Managers().CreateUser(ended, account("crm")))
	_, err := b.Managers().User(ended, "crm")
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, stored(t, b))
}

func begunByStore(t *testing.T, b Backend) {
	require.Error(t, b.Managers().Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.Managers().CreateUser(ctx, account("crm")))
		return errors.New("refused")
	}))
	require.Empty(t, stored(t, b))
}
