package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func accountNames(t *testing.T, db *sqlstore.DB) []string {
	t.Helper()
	found := []string{}
	require.NoError(t, db.AMIAccounts().EachAccount(t.Context(), func(u *manager.Account) error {
		found = append(found, u.Name)
		return nil
	}))
	return found
}

func TestWithTx_joinsCallerTransaction(t *testing.T) {
	t.Parallel()
	db, conn := open(t, newPath(t))
	for _, end := range []struct {
		end  func(*sql.Tx) error
		want []string
	}{
		{(*sql.Tx).Rollback, []string{}},
		{(*sql.Tx).Commit, []string{"crm", "dialer"}},
	} {
		tx := begin(t, conn)
		ctx := sqlstore.WithTx(t.Context(), tx)
		require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"}))
		require.NoError(t, db.RunInTx(ctx, func(ctx context.Context) error {
			_, err := db.AMIAccounts().Account(ctx, "crm")
			require.NoError(t, err)
			return db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "dialer"})
		}))
		_, err := tx.ExecContext(ctx, "CREATE TABLE product (id INTEGER)")
		require.NoError(t, err)
		require.Empty(t, accountNames(t, db), "nothing is committed yet")
		require.NoError(t, end.end(tx))
		require.Equal(t, end.want, accountNames(t, db))
	}
}

func TestDB_RunInTx_isAtomicInsideWithTx(t *testing.T) {
	t.Parallel()
	db, conn := open(t, newPath(t))
	tx := begin(t, conn)
	ctx := sqlstore.WithTx(t.Context(), tx)
	require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "before"}))
	createAnd := func(last func()) error {
		return db.RunInTx(ctx, func(ctx context.Context) error {
			require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "lost"}))
			last()
			return errors.New("aborted")
		})
	}
	require.EqualError(t, createAnd(func() {}), "aborted")
	require.Panics(t, func() { _ = createAnd(func() { panic("boom") }) })
	ended, cancel := context.WithCancel(ctx)
	require.ErrorIs(t, db.RunInTx(ended, func(ctx context.Context) error {
		defer cancel()
		return db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "lost"})
	}), context.Canceled)
	ignoredErr := db.RunInTx(ctx, func(ctx context.Context) error {
		require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "lost"}))
		require.Error(t, db.RunInTx(ctx, func(ctx context.Context) error {
			require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "lost-too"}))
			return errors.New("inner")
		}))
		return nil
	})
	require.ErrorContains(t, ignoredErr, "inner")
	require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "after"}))
	require.NoError(t, tx.Commit())
	require.Equal(t, []string{"after", "before"}, accountNames(t, db))
}

func TestDB_RunInTx_isPerDatabase(t *testing.T) {
	t.Parallel()
	first, _ := open(t, newPath(t))
	second, _ := open(t, newPath(t))
	err := first.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, second.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "kept"}))
		return second.RunInTx(ctx, func(ctx context.Context) error {
			require.NoError(t, second.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "kept-2"}))
			require.NoError(t, first.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "lost"}))
			return errors.Join(second.AMIAccounts().DeleteAccount(ctx, "kept"), nil)
		})
	})
	require.NoError(t, err)
	require.Equal(t, []string{"lost"}, accountNames(t, first))
	require.Equal(t, []string{"kept-2"}, accountNames(t, second))
}

func TestDB_RunInTx_honorsContextWhileLocked(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, _ := open(t, path)
	lockTx := begin(t, connect(t, path))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	require.ErrorIs(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"}), context.DeadlineExceeded)
	require.Less(t, time.Since(start), 3*time.Second, "SQLite itself waits for five seconds")
	require.NoError(t, lockTx.Rollback())
	require.Empty(t, accountNames(t, db))
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm"}))
}

// openWithoutBusyTimeout opens the database with other settings than SQLiteDSN: it
// does not wait for locks, and takes its own lock late.
func openWithoutBusyTimeout(t *testing.T, path string, key *store.Keyring) *sqlstore.DB {
	t.Helper()
	conn, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(0)&_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	db, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: key})
	require.NoError(t, err)
	return db
}

func TestDB_RunInTx_retriesWhileLocked(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db := openWithoutBusyTimeout(t, path, keyring(t))
	lockTx := begin(t, connect(t, path))
	attempts, result := make(chan struct{}, 1000), make(chan error)
	go func() {
		result <- db.RunInTx(t.Context(), func(ctx context.Context) error {
			attempts <- struct{}{}
			return db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"})
		})
	}()
	for range 3 {
		<-attempts
	}
	require.NoError(t, lockTx.Rollback())
	require.NoError(t, <-result)
	require.Equal(t, []string{"crm"}, accountNames(t, db))
}

func TestDB_RunInTx_keepsConcurrentUpdatesOfProcesses(t *testing.T) {
	t.Parallel()
	path, key := newPath(t), keyring(t)
	processes := []*sqlstore.DB{openWithoutBusyTimeout(t, path, key), openWithoutBusyTimeout(t, path, key), openWithoutBusyTimeout(t, path, key)}
	require.NoError(t, processes[0].AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm"}))
	errs := make([]error, len(processes))
	var done sync.WaitGroup
	for i, db := range processes {
		done.Go(func() {
			for range 20 {
				errs[i] = errors.Join(errs[i], db.AMIAccounts().UpdateAccount(t.Context(), "crm", func(u *manager.Account) error {
					u.WriteTimeout++
					return nil
				}))
			}
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	u, err := processes[0].AMIAccounts().Account(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, 20*len(processes), u.WriteTimeout)
}

// fakeBusyError has the code of SQLITE_BUSY, but is an error of the caller.
type fakeBusyError struct{}

func (fakeBusyError) Error() string { return "five" }
func (fakeBusyError) Code() int     { return 5 }

func TestDB_RunInTx_doesNotRetryCallerErrors(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	runs := 0
	err := db.RunInTx(t.Context(), func(context.Context) error {
		runs++
		return fakeBusyError{}
	})
	require.Equal(t, fakeBusyError{}, err)
	require.Equal(t, 1, runs)
}
