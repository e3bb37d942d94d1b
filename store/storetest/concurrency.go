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

func concurrencyRules() []rule {
	return []rule{
		{"no_lost_update", noLostUpdate},
		{"no_lost_transaction", noLostTransaction},
		{"readers_and_writers", readersAndWriters},
		{"readers_of_new", readersOfNew},
		{"consistent_snapshot", consistentSnapshot},
	}
}

// runConcurrently runs fn n times, as concurrently as possible.
func runConcurrently(n int, fn func(i int)) {
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
	createAccounts(t, b, "crm")
	errs := make([]error, updaters)
	runConcurrently(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], b.AMIAccounts().UpdateAccount(t.Context(), "crm", increment))
		}
	})
	requireCounted(t, b, errs)
}

func increment(u *manager.Account) error {
	u.WriteTimeout++
	return nil
}

func requireCounted(t *testing.T, b Backend, errs []error) {
	t.Helper()
	require.NoError(t, errors.Join(errs...))
	u, err := b.AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, updaters*updates, u.WriteTimeout)
}

// noLostTransaction reads and writes in two steps, which only a serializable
// transaction isolates.
func noLostTransaction(t *testing.T, b Backend) {
	createAccounts(t, b, "crm")
	errs := make([]error, updaters)
	runConcurrently(updaters, func(i int) {
		for range updates {
			errs[i] = errors.Join(errs[i], b.RunInTx(t.Context(), func(ctx context.Context) error {
				before, err := b.AMIAccounts().Account(ctx, "crm")
				if err != nil {
					return err
				}
				return b.AMIAccounts().UpdateAccount(ctx, "crm", func(u *manager.Account) error {
					u.WriteTimeout = before.WriteTimeout + 1
					return nil
				})
			}))
		}
	})
	requireCounted(t, b, errs)
}

// readersAndWriters moves one account between two names in each transaction. No
// reader may see neither or both.
func readersAndWriters(t *testing.T, b Backend) {
	createAccounts(t, b, "crm-0")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	errs := make([]error, 3)
	runConcurrently(len(errs), func(i int) {
		if i == 0 {
			defer stop()
			errs[i] = renameRepeatedly(t.Context(), b)
			return
		}
		for ctx.Err() == nil && errs[i] == nil {
			errs[i] = requireOneAccount(t.Context(), b)
		}
	})
	require.NoError(t, errors.Join(errs...))
}

// readersOfNew is for the race detector.
func readersOfNew(t *testing.T, b Backend) {
	errs := make([]error, 8)
	runConcurrently(len(errs), func(i int) {
		errs[i] = b.AMIAccounts().EachAccount(t.Context(), func(*manager.Account) error { return errors.New("not empty") })
	})
	require.NoError(t, errors.Join(errs...))
}

func renameRepeatedly(ctx context.Context, b Backend) error {
	names := []string{"crm-0", "crm-1"}
	for i := range updates {
		err := b.RunInTx(ctx, func(ctx context.Context) error {
			return errors.Join(
				b.AMIAccounts().DeleteAccount(ctx, names[i%2]),
				b.AMIAccounts().CreateAccount(ctx, newAccount(names[1-i%2])),
			)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func requireOneAccount(ctx context.Context, b Backend) error {
	list, err := b.AMIAccounts().ListAccounts(ctx, manager.Query{})
	if err != nil {
		return err
	}
	if len(list.Items) != 1 {
		return errors.New("a reader saw half of a transaction")
	}
	return nil
}

// consistentSnapshot writes while EachUser runs. A backend may block the writer:
// then the write ends with its context, and the snapshot is still consistent.
func consistentSnapshot(t *testing.T, b Backend) {
	names := sequentialNames(600)
	require.NoError(t, createInTx(t.Context(), b, names))
	var visited []string
	require.NoError(t, b.AMIAccounts().EachAccount(t.Context(), func(u *manager.Account) error {
		visited = append(visited, u.Name)
		if len(visited) > 1 {
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		written := make(chan error)
		go func() { written <- changeFirstAndLast(ctx, b, names) }()
		if err := <-written; err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	}))
	require.Equal(t, names, visited)
}

func createInTx(ctx context.Context, b Backend, names []string) error {
	return b.RunInTx(ctx, func(ctx context.Context) error {
		for _, name := range names {
			if err := b.AMIAccounts().CreateAccount(ctx, newAccount(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

func changeFirstAndLast(ctx context.Context, b Backend, names []string) error {
	return b.RunInTx(ctx, func(ctx context.Context) error {
		return errors.Join(
			b.AMIAccounts().DeleteAccount(ctx, names[1]),
			b.AMIAccounts().DeleteAccount(ctx, names[len(names)-1]),
			b.AMIAccounts().CreateAccount(ctx, newAccount(names[1]+"-b")),
			b.AMIAccounts().CreateAccount(ctx, newAccount("zzz")),
		)
	})
}
