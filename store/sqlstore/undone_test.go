package sqlstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// undoing are inserts after which SQLite has undone the whole transaction by
// itself, so that it commits at once what comes next: one that is interrupted,
// and one that fails as on a full disk.
func undoing() map[string]string {
	return map[string]string{
		"interrupted": `SELECT count(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c)`,
		"failed":      `SELECT RAISE(ROLLBACK, 'disk full')`,
	}
}

// openUndoing opens a store where creating "undo" runs the statement.
func openUndoing(t *testing.T, path, statement string) *sqlstore.DB {
	t.Helper()
	db, conn := open(t, path)
	_, err := conn.ExecContext(t.Context(), "CREATE TRIGGER undoing BEFORE INSERT ON pbxusers_managers WHEN NEW.name = 'undo' BEGIN "+statement+"; END")
	require.NoError(t, err)
	return db
}

// createUndone creates accounts before and after the transaction is undone.
func createUndone(ctx context.Context, t *testing.T, db *sqlstore.DB) {
	t.Helper()
	require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "before"}))
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	require.Error(t, db.Managers().CreateUser(short, &manager.User{Name: "undo"}))
	require.Error(t, db.Managers().CreateUser(ctx, &manager.User{Name: "after"}))
	require.Error(t, db.Atomically(ctx, func(ctx context.Context) error {
		return db.Managers().CreateUser(ctx, &manager.User{Name: "after-too"})
	}))
}

func TestNothingIsKeptAfterSQLiteUndidATransaction(t *testing.T) {
	t.Parallel()
	for name, statement := range undoing() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openUndoing(t, newPath(t), statement)
			for _, result := range []error{nil, errors.New("refused")} {
				require.Error(t, db.Atomically(t.Context(), func(ctx context.Context) error {
					createUndone(ctx, t, db)
					return result
				}))
				require.Empty(t, names(t, db))
			}
			require.NoError(t, db.Managers().CreateUser(t.Context(), &manager.User{Name: "later"}))
		})
	}
}

func TestNothingIsKeptAfterSQLiteUndidATransactionOfTheProduct(t *testing.T) {
	t.Parallel()
	for name, statement := range undoing() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			db := openUndoing(t, path, statement)
			ctx := sqlstore.WithTx(t.Context(), begin(t, connect(t, path)))
			require.Error(t, db.Atomically(ctx, func(ctx context.Context) error {
				createUndone(ctx, t, db)
				return nil
			}))
			require.Error(t, db.Managers().CreateUser(ctx, &manager.User{Name: "after"}))
			require.Empty(t, names(t, db))
		})
	}
}
