package sqlstore_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

const many = 10_000

// createMany returns a transaction that creates n accounts.
func createMany(db *sqlstore.DB, n int, permit manager.Network) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for i := range n {
			u := &manager.User{
				Name: accountName(i), Secret: store.NewSecret(plainSecret), Permit: []manager.Network{permit},
				Read: manager.Call | manager.CDR, Write: manager.Originate, Owner: "Sales", Note: "click to call of the CRM",
			}
			if err := db.Managers().CreateUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}
}

const bareQuery = `SELECT folded_name, name, secret, deny, permit, named_acl, read_classes, write_classes, event_filters,
	display_connects, allow_multiple_login, write_timeout, disabled, note, owner, created_at, updated_at, secret_changed_at
	FROM pbxusers_managers`

// scanBare reads rows as database/sql gives them, and returns how many.
func scanBare(b *testing.B, conn *sql.DB, query string, args ...any) int {
	b.Helper()
	rows, err := conn.QueryContext(b.Context(), query, args...)
	require.NoError(b, err)
	defer func() { _ = rows.Close() }()
	values := make([]any, 18)
	for i := range values {
		values[i] = new(any)
	}
	n := 0
	for ; rows.Next(); n++ {
		require.NoError(b, rows.Scan(values...))
	}
	require.NoError(b, rows.Err())
	return n
}

// BenchmarkManagers reads from 10 000 accounts. The bare runs read the same
// rows of the same database with plain SQL and no decoding: what is above them
// is ours.
func BenchmarkManagers(b *testing.B) {
	db, conn := open(b, newPath(b))
	fill(b, db, many)
	page := manager.Query{Page: store.Page{After: accountName(many / 2), Limit: 50}}
	b.Run("list 50", func(b *testing.B) {
		for b.Loop() {
			list, err := db.Managers().ListUsers(b.Context(), page)
			require.NoError(b, err)
			require.Len(b, list.Items, 50)
		}
	})
	b.Run("list 50 bare", func(b *testing.B) {
		for b.Loop() {
			require.Equal(b, 51, scanBare(b, conn, bareQuery+" WHERE folded_name > ? ORDER BY folded_name LIMIT 51", page.After))
		}
	})
	b.Run("search without a match", func(b *testing.B) {
		for b.Loop() {
			list, err := db.Managers().ListUsers(b.Context(), manager.Query{Search: "nowhere"})
			require.NoError(b, err)
			require.Empty(b, list.Items)
		}
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			_, err := db.Managers().User(b.Context(), page.After)
			require.NoError(b, err)
		}
	})
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			visited := 0
			require.NoError(b, db.Managers().EachUser(b.Context(), func(*manager.User) error {
				visited++
				return nil
			}))
			require.Equal(b, many, visited)
		}
	})
	b.Run("each bare", func(b *testing.B) {
		for b.Loop() {
			require.Equal(b, many, scanBare(b, conn, bareQuery+" ORDER BY folded_name"))
		}
	})
	b.Run("update", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.Managers().UpdateUser(b.Context(), page.After, func(u *manager.User) error {
				u.WriteTimeout++
				return nil
			}))
		}
	})
}
