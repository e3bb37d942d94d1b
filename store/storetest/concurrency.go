package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
)

func concurrency() []rule {
	return []rule{
		{"updates at once lose none", noLostUpdate},
		{"transactions at once lose none", noLostTransaction},
		{"readers and writers do not disturb each other", readersAndWriters},
		{"readers of a new backend do not disturb each other", readersOfNew},
		{"each user shows one moment", oneMoment},
	}
}

// atOnce runs fn n times as much at once as it goes.
func atOnce(n int, fn func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	done.Wait()
}

const (
	updaters = 8
	updates  = 20
)

func noLostUpdate(t *testing.T, b Backend) {
	create(t, b, "crm")
	errs := make([]error, updaters)
	atOnce(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], b.Managers().UpdateUser(t.Context(), "crm", increment))
		}
	})
	requireCounted(t, b, errs)
}

func increment(u *manager.User) error {
	u.WriteTimeout++
	return nil
}

func requireCounted(t *testing.T, b Backend, errs []error) {
	t.Helper()
	require.NoError(t, errors.Join(errs...))
	u, err := b.Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, updaters*updates, u.WriteTimeout)
}

// noLostTransaction reads and writes in two steps, which only a serializable
// transaction keeps together.
func noLostTransaction(t *testing.T, b Backend) {
	create(t, b, "crm")
	errs := make([]error, updaters)
	atOnce(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], b.Atomically(t.Context(), func(ctx context.Context) error {
				before, err := b.Managers().User(ctx, "crm")
				if err != nil {
					return err
				}
				return b.Managers().UpdateUser(ctx, "crm", func(u *manager.User) error {
					u.WriteTimeout = before.WriteTimeout + 1
					return nil
				})
			}))
		}
	})
	requireCounted(t, b, errs)
}

// readersAndWriters moves one account between two names in each transaction:
// no reader may see none or both.
func readersAndWriters(t *testing.T, b Backend) {
	create(t, b, "crm-0")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	errs := make([]error, 3)
	atOnce(len(errs), func(i int) {
		if i == 0 {
			defer stop()
			errs[i] = moveAround(t.Context(), b)
			return
		}
		for ctx.Err() == nil && errs[i] == nil {
			errs[i] = seesOne(t.Context(), b)
		}
	})
	require.NoError(t, errors.Join(errs...))
}

// readersOfNew is for the race detector.
func readersOfNew(t *testing.T, b Backend) {
	errs := make([]error, 8)
	atOnce(len(errs), func(i int) {
		errs[i] = b.Managers().EachUser(t.Context(), func(*manager.User) error { return errors.New("not empty") })
	})
	require.NoError(t, errors.Join(errs...))
}

func moveAround(ctx context.Context, b Backend) error {
	names := []string{"crm-0", "crm-1"}
	for i := range updates {
		err := b.Atomically(ctx, func(ctx context.Context) error {
			return errors.Join(
				b.Managers().DeleteUser(ctx, names[i%2]),
				b.Managers().CreateUser(ctx, account(names[1-i%2])),
			)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func seesOne(ctx context.Context, b Backend) error {
	list, err := b.Managers().ListUsers(ctx, manager.Query{})
	if err != nil {
		return err
	}
	if len(list.Items) != 1 {
		return errors.New("a reader saw half of a transaction")
	}
	return nil
}

// oneMoment writes while EachUser runs. A backend may also make the writer
// wait: then the write ends with its context, and the moment is as good.
func oneMoment(t *testing.T, b Backend) {
	names := numbered(600)
	require.NoError(t, createTogether(t.Context(), b, names))
	var visited []string
	require.NoError(t, b.Managers().EachUser(t.Context(), func(u *manager.User) error {
		visited = append(visited, u.Name)
		if len(visited) > 1 {
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		written := make(chan error)
		go func() { written <- changeBothEnds(ctx, b, names) }()
		if err := <-written; err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	}))
	require.Equal(t, names, visited)
}

func createTogether(ctx context.Context, b Backend, names []string) error {
	return b.Atomically(ctx, func(ctx context.Context) error {
		for _, name := range names {
			if err := b.Managers().CreateUser(ctx, account(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

func changeBothEnds(ctx context.Context, b Backend, names []string) error {
	return b.Atomically(ctx, func(ctx context.Context) error {
		return errors.Join(
			b.Managers().DeleteUser(ctx, names[1]),
			b.Managers().DeleteUser(ctx, names[len(names)-1]),
			b.Managers().CreateUser(ctx, account(names[1]+"-b")),
			b.Managers().CreateUser(ctx, account("zzz")),
		)
	})
}
