package sqlitetest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func TestCreate_createsEmptyUniqueDatabases(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	seen := map[string]bool{}
	for range 3 {
		path := filepath.Join(t.TempDir(), "pbxusers.db")
		sqlitetest.Create(t, path)
		db := sqlitetest.Open(t, path, keyring)
		id, err := db.ID(t.Context())
		require.NoError(t, err)
		require.Regexp(t, "^[0-9a-f]{32}$", id)
		require.False(t, seen[id])
		seen[id] = true
		list, err := db.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
		require.NoError(t, err)
		require.Empty(t, list.Items)

		require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm", Secret: store.NewSecret("a secret")}))
		again, err := sqlitetest.Open(t, path, keyring).ID(t.Context())
		require.NoError(t, err)
		require.Equal(t, id, again)
	}
}
