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

func names(t *testing.T, db *sqlstore.DB) []string {
	t.Helper()
	found := []string{}
	require.NoError(t, db.Managers().EachUser(t.Context(), func(u *manager.User) error {
		found = append(found, u.Name)
		return nil
	}))
	return found
}

func TestWithTxWritesInTheTransactionOfTheProduct(t *testing.T) {
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
		require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "crm"}))
		require.NoError(t, db.Atomically(ctx, func(ctx context.Context) error {
			_, err := db.Managers().User(ctx, "crm")
			require.NoError(t, err)
			return db.Managers().CreateUser(ctx, &manager.User{Name: "dialer"})
		}))
		_, err := tx.ExecContext(ctx, "CREATE TABLE product (id INTEGER)")
		require.NoError(t, err)
		require.Empty(t, names(t, db), "nothing is committed yet")
		require.NoError(t, end.end(tx))
		require.Equal(t, end.want, names(t, db))
	}
}

func TestAtomicallyInsideWithTxKeepsAllOrNothing(t *testing.T) {
	t.Parallel()
	db, conn := open(t, newPath(t))
	tx := begin(t, conn)
	ctx := sqlstore.WithTx(t.Context(), tx)
	require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "before"}))
	createAnd := func(last func()) error {
		return db.Atomically(ctx, func(ctx context.Context) error {
			require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "lost"}))
			last()
			return errors.New("refused")
		})
	}
	require.EqualError(t, createAnd(func() {}), "refused")
	require.Panics(t, func() { _ = createAnd(func() { panic("boom") }) })
	ended, cancel := context.WithCancel(ctx)
	require.ErrorIs(t, db.Atomically(ended, func(ctx context.Context) error {
		defer cancel()
		return db.Managers().CreateUser(ctx, &manager.User{Name: "lost"})
	}), context.Canceled)
	swallowed := db.Atomically(ctx, func(ctx context.Context) error {
		require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "lost"}))
		require.Error(t, db.Atomically(ctx, func(context.Context) error { return errors.New("inner") }))
		return nil
	})
	require.ErrorContains(t, swallowed, "inner")
	require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "after"}))
	require.NoError(t, tx.Commit())
	require.Equal(t, []string{"after", "before"}, names(t, db))
}

func TestTwoDatabasesDoNotShareATransaction(t *testing.T) {
	t.Parallel()
	first, _ := open(t, newPath(t))
	second, _ := open(t, newPath(t))
	err := first.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, second.Managers().CreateUser(ctx, &manager.User{Name: "kept"}))
		return second.Atomically(ctx, func(ctx context.Context) error {
			require.NoError(t, second.Managers().CreateUser(ctx, &manager.User{Name: "kept-2"}))
			require.NoError(t, first.Managers().CreateUser(ctx, &manager.User{Name: "lost"}))
			return errors.Join(second.Managers().DeleteUser(ctx, "kept"), nil)
		})
	})
	require.NoError(t, err)
	require.Equal(t, []string{"lost"}, names(t, first))
	require.Equal(t, []string{"kept-2"}, names(t, second))
}

func TestWaitingForAnotherProcessObeysTheContext(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, _ := open(t, path)
	holder := begin(t, connect(t, path))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.ErrorIs(t, db.Managers().CreateUser(ctx, &manager.User{Name: "crm"}), context.DeadlineExceeded)
	require.Less(t, time.Since(began), 3*time.Second, "SQLite itself waits for five seconds")
	require.NoError(t, holder.Rollback())
	require.Empty(t, names(t, db))
	require.NoError(t, db.Managers().CreateUser(t.Context(), &manager.User{Name: "crm"}))
}

// impatient opens the database with other settings than SQLiteDSN: it gives up
// at once when there is a lock, and takes its own lock late.
func impatient(t *testing.T, path string, key *store.Keyring) *sqlstore.DB {
	t.Helper()
	conn, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(0)&_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	db, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: key})
	require.NoError(t, err)
	return db
}

func TestALockedDatabaseIsTriedAgainUntilItIsFree(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db := impatient(t, path, keyring(t))
	holder := begin(t, connect(t, path))
	tried, result := make(chan struct{}, 1000), make(chan error)
	go func() {
		result <- db.Atomically(t.Context(), func(ctx context.Context) error {
			tried <- struct{}{}
			return db.Managers().CreateUser(ctx, &manager.User{Name: "crm"})
		})
	}()
	for range 3 {
		<-tried
	}
	require.NoError(t, holder.Rollback())
	require.NoError(t, <-result)
	require.Equal(t, []string{"crm"}, names(t, db))
}

func TestProcessesThatWriteAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	path, key := newPath(t), keyring(t)
	processes := []*sqlstore.DB{impatient(t, path, key), impatient(t, path, key), impatient(t, path, key)}
	require.NoError(t, processes[0].Managers().CreateUser(t.Context(), &manager.User{Name: "crm"}))
	errs := make([]error, len(processes))
	var done sync.WaitGroup
	for i, db := range processes {
		done.Go(func() {
			for range 20 {
				errs[i] = errors.Join(errs[i], db.Managers().UpdateUser(t.Context(), "crm", func(u *manager.User) error {
					u.WriteTimeout++
					return nil
				}))
			}
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	u, err := processes[0].Managers().User(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, 20*len(processes), u.WriteTimeout)
}

// busyLookingError has the code of SQLITE_BUSY, but is the caller's own.
type busyLookingError struct{}

func (busyLookingError) Error() string { return "five" }
func (busyLookingError) Code() int     { return 5 }

func TestErrorsOfTheCallerAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	runs := 0
	err := db.Atomically(t.Context(), func(context.Context) error {
		runs++
		return busyLookingError{}
	})
	require.Equal(t, busyLookingError{}, err)
	require.Equal(t, 1, runs)
}
