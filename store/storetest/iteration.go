package storetest

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// iterable is a resource with an iteration. AMI accounts are tested in other files.
type iterable struct {
	name string
	// create stores the i-th record; they are visited in this order.
	create func(ctx context.Context, i int) error
	each   func(ctx context.Context, visit func(key string) error) error
	key    func(i int) string
	// read reads anything of the same resource.
	read func(ctx context.Context) error
}

func iterableResources(b Backend) []iterable {
	return []iterable{
		{
			name: "administrators",
			create: func(ctx context.Context, i int) error {
				return b.Administrators().CreateAdministrator(ctx, newAdministrator(nthName(i)))
			},
			each: func(ctx context.Context, visit func(string) error) error {
				return b.Administrators().EachAdministrator(ctx, func(a *ampusers.Administrator) error {
					key := a.Username
					a.Username = "zzz" // it is the visitor's own
					return visit(key)
				})
			},
			key: nthName,
			read: func(ctx context.Context) error {
				_, err := b.Administrators().Administrator(ctx, nthName(0))
				return err
			},
		},
		{
			name: "entries",
			create: func(ctx context.Context, i int) error {
				e := entry(int64(i) + 1)
				return b.Audit().AppendEntry(ctx, e, headOf(e))
			},
			each: func(ctx context.Context, visit func(string) error) error {
				return b.Audit().EachEntry(ctx, func(e *audit.Entry) error {
					key := strconv.FormatInt(e.Sequence, 10)
					e.Sequence = 1 << 40
					return visit(key)
				})
			},
			key:  func(i int) string { return strconv.Itoa(i + 1) },
			read: func(ctx context.Context) error { _, err := b.Audit().Head(ctx); return err },
		},
		{
			name:   "users",
			create: func(ctx context.Context, i int) error { return b.Users("acme").CreateUser(ctx, newUser(nthName(i))) },
			each: func(ctx context.Context, visit func(string) error) error {
				return b.Users("acme").EachUser(ctx, func(u *userman.User) error {
					key := u.Username
					u.ID, u.Username = "zzz", "zzz"
					return visit(key)
				})
			},
			key:  nthName,
			read: func(ctx context.Context) error { _, _, err := b.Users("acme").ListGroups(ctx); return err },
		},
	}
}

func iterationRules() []rule {
	return []rule{
		{"all_iterated", allIterated},
		{"iteration_stops_at_error", iterationStopsAtError},
		{"iteration_stops_on_cancel", iterationStopsOnCancel},
		{"callback_reads", callbackReads},
		{"iteration_is_snapshot", iterationIsSnapshot},
		{"iteration_in_transaction", iterationInTransaction},
	}
}

func (v iterable) createN(t *testing.T, b Backend, n int) {
	t.Helper()
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := range n {
			if err := v.create(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}))
}

// requireVisited requires that the first n are visited.
func (v iterable) requireVisited(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	next := 0
	require.NoError(t, v.each(ctx, func(key string) error {
		require.Equal(t, v.key(next), key, v.name)
		next++
		return nil
	}))
	require.Equal(t, n, next, v.name)
}

func allIterated(t *testing.T, b Backend) {
	for _, v := range iterableResources(b) {
		v.requireVisited(t.Context(), t, 0)
		v.createN(t, b, 501) // more than a batch, and no multiple of it
		v.requireVisited(t.Context(), t, 501)
	}
}

func iterationStopsAtError(t *testing.T, b Backend) {
	errStop := errors.New("enough")
	for _, v := range iterableResources(b) {
		v.createN(t, b, 3)
		calls := 0
		require.Same(t, errStop, v.each(t.Context(), func(string) error {
			calls++
			if calls == 2 {
				return errStop
			}
			return nil
		}), v.name)
		require.Equal(t, 2, calls)
	}
}

func iterationStopsOnCancel(t *testing.T, b Backend) {
	for _, v := range iterableResources(b) {
		v.createN(t, b, 3)
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		require.ErrorIs(t, v.each(ctx, func(string) error {
			calls++
			cancel()
			return nil
		}), context.Canceled, v.name)
		require.Equal(t, 1, calls)
	}
}

func callbackReads(t *testing.T, b Backend) {
	for _, v := range iterableResources(b) {
		v.createN(t, b, 2)
		calls := 0
		require.NoError(t, v.each(t.Context(), func(string) error {
			calls++
			return v.read(t.Context())
		}), v.name)
		require.Equal(t, 2, calls)
	}
}

// iterationIsSnapshot writes during an iteration, like consistentSnapshot.
func iterationIsSnapshot(t *testing.T, b Backend) {
	const n = 600
	for _, v := range iterableResources(b) {
		v.createN(t, b, n)
		next := 0
		require.NoError(t, v.each(t.Context(), func(key string) error {
			require.Equal(t, v.key(next), key, v.name)
			next++
			if next > 1 {
				return nil
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			written := make(chan error)
			go func() { written <- v.create(ctx, n) }()
			if err := <-written; err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		}))
		require.Equal(t, n, next, v.name)
	}
}

func iterationInTransaction(t *testing.T, b Backend) {
	for _, v := range iterableResources(b) {
		errRollback := errors.New("undo")
		v.createN(t, b, 2)
		require.Same(t, errRollback, b.RunInTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, v.create(ctx, 2))
			v.requireVisited(ctx, t, 3)
			require.NoError(t, v.create(ctx, 3))
			v.requireVisited(ctx, t, 4)
			v.requireVisited(t.Context(), t, 2)
			return errRollback
		}))
		v.requireVisited(t.Context(), t, 2)
		require.NoError(t, v.create(t.Context(), 2))
		v.requireVisited(t.Context(), t, 3)
	}
}
