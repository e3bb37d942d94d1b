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

// visited is a resource whose records can be visited; those of AMI accounts
// are in the other parts of the suite.
type visited struct {
	name string
	// create stores the i-th record; they are visited in this order.
	create func(ctx context.Context, i int) error
	each   func(ctx context.Context, visit func(key string) error) error
	key    func(i int) string
	// read reads anything of the same resource.
	read func(ctx context.Context) error
}

func visitedResources(b Backend) []visited {
	return []visited{
		{
			name: "administrators",
			create: func(ctx context.Context, i int) error {
				return b.Administrators().CreateAdministrator(ctx, person(nth(i)))
			},
			each: func(ctx context.Context, visit func(string) error) error {
				return b.Administrators().EachAdministrator(ctx, func(a *ampusers.Administrator) error {
					key := a.Username
					a.Username = "zzz" // it is the visitor's own
					return visit(key)
				})
			},
			key: nth,
			read: func(ctx context.Context) error {
				_, err := b.Administrators().Administrator(ctx, nth(0))
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
			name:   "people",
			create: func(ctx context.Context, i int) error { return b.People("acme").CreateUser(ctx, somebody(nth(i))) },
			each: func(ctx context.Context, visit func(string) error) error {
				return b.People("acme").EachUser(ctx, func(u *userman.User) error {
					key := u.Username
					u.ID, u.Username = "zzz", "zzz"
					return visit(key)
				})
			},
			key:  nth,
			read: func(ctx context.Context) error { _, _, err := b.People("acme").ListGroups(ctx); return err },
		},
	}
}

func visits() []rule {
	return []rule{
		{"all are visited in order, however many", allVisited},
		{"a visit stops at the first error", eachStops},
		{"a visit stops when the context ends", eachEnds},
		{"a visitor may read the store", visitorReads},
		{"a visit shows one moment", eachOneMoment},
		{"a visit inside a transaction sees what it wrote", eachInside},
	}
}

func (v visited) createMany(t *testing.T, b Backend, n int) {
	t.Helper()
	require.NoError(t, b.Atomically(t.Context(), func(ctx context.Context) error {
		for i := range n {
			if err := v.create(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}))
}

// requireAll requires that the first n are visited.
func (v visited) requireAll(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	next := 0
	require.NoError(t, v.each(ctx, func(key string) error {
		require.Equal(t, v.key(next), key, v.name)
		next++
		return nil
	}))
	require.Equal(t, n, next, v.name)
}

func allVisited(t *testing.T, b Backend) {
	for _, v := range visitedResources(b) {
		v.requireAll(t.Context(), t, 0)
		v.createMany(t, b, 501) // more than a batch, and no multiple of it
		v.requireAll(t.Context(), t, 501)
	}
}

func eachStops(t *testing.T, b Backend) {
	enough := errors.New("enough")
	for _, v := range visitedResources(b) {
		v.createMany(t, b, 3)
		calls := 0
		require.Same(t, enough, v.each(t.Context(), func(string) error {
			calls++
			if calls == 2 {
				return enough
			}
			return nil
		}), v.name)
		require.Equal(t, 2, calls)
	}
}

func eachEnds(t *testing.T, b Backend) {
	for _, v := range visitedResources(b) {
		v.createMany(t, b, 3)
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

func visitorReads(t *testing.T, b Backend) {
	for _, v := range visitedResources(b) {
		v.createMany(t, b, 2)
		calls := 0
		require.NoError(t, v.each(t.Context(), func(string) error {
			calls++
			return v.read(t.Context())
		}), v.name)
		require.Equal(t, 2, calls)
	}
}

// eachOneMoment writes while the records are visited, as oneMoment does.
func eachOneMoment(t *testing.T, b Backend) {
	const n = 600
	for _, v := range visitedResources(b) {
		v.createMany(t, b, n)
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

func eachInside(t *testing.T, b Backend) {
	for _, v := range visitedResources(b) {
		undo := errors.New("undo")
		v.createMany(t, b, 2)
		require.Same(t, undo, b.Atomically(t.Context(), func(ctx context.Context) error {
			require.NoError(t, v.create(ctx, 2))
			v.requireAll(ctx, t, 3)
			require.NoError(t, v.create(ctx, 3))
			v.requireAll(ctx, t, 4)
			v.requireAll(t.Context(), t, 2)
			return undo
		}))
		v.requireAll(t.Context(), t, 2)
		require.NoError(t, v.create(t.Context(), 2))
		v.requireAll(t.Context(), t, 3)
	}
}
