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

// rollbackStatements are inserts after which SQLite itself rolls back the whole
// transaction, and commits later statements on their own: an interrupted one, and
// one that fails as on a full disk.
func rollbackStatements() map[string]string {
	return map[string]string{
		"interrupted": `SELECT count(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c)`,
		"failed":      `SELECT RAISE(ROLLBACK, 'disk full')`,
	}
}

// openWithRollbackTrigger opens a store where creating "undo" runs the statement.
func openWithRollbackTrigger(t *testing.T, path, statement string) *sqlstore.DB {
	t.Helper()
	db, conn := open(t, path)
	_, err := conn.ExecContext(t.Context(), "CREATE TRIGGER undoing BEFORE INSERT ON pbxusers_ami_accounts WHEN NEW.name = 'undo' BEGIN "+statement+"; END")
	require.NoError(t, err)
	return db
}

// createAroundRollback creates accounts before and after the rollback.
func createAroundRollback(ctx context.Context, t *testing.T, db *sqlstore.DB) {
	t.Helper()
	require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "before"}))
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	require.Error(t, db.AMIAccounts().CreateAccount(short, &manager.Account{Name: "undo"}))
	require.Error(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "after"}))
	require.Error(t, db.RunInTx(ctx, func(ctx context.Context) error {
		return db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "after-too"})
	}))
}

func TestDB_RunInTx_writesNothingAfterSQLiteRollback(t *testing.T) {
	t.Parallel()
	for name, statement := range rollbackStatements() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openWithRollbackTrigger(t, newPath(t), statement)
			for _, result := range []error{nil, errors.New("aborted")} {
				require.Error(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
					createAroundRollback(ctx, t, db)
					return result
				}))
				require.Empty(t, accountNames(t, db))
			}
			require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "later"}))
		})
	}
}

func TestWithTx_writesNothingAfterSQLiteRollback(t *testing.T) {
	t.Parallel()
	for name, statement := range rollbackStatements() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			db := openWithRollbackTrigger(t, path, statement)
			ctx := sqlstore.WithTx(t.Context(), begin(t, connect(t, path)))
			require.Error(t, db.RunInTx(ctx, func(ctx context.Context) error {
				createAroundRollback(ctx, t, db)
				return nil
			}))
			require.Error(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "after"}))
			require.Empty(t, accountNames(t, db))
		})
	}
}
