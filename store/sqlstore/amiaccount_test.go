package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

const plainSecret = "correct-horse-battery-staple"

func TestDB_AMIAccounts_sealsSecrets(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, _ := open(t, path)
	u := &manager.Account{Name: "crm", Secret: store.NewSecret(plainSecret), Owner: "in clear"}
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), u))
	require.NoError(t, db.AMIAccounts().UpdateAccount(t.Context(), "crm", func(u *manager.Account) error {
		u.Secret = store.NewSecret(plainSecret + "2")
		return nil
	}))
	requireSealedAtRest(t, path)
}

func TestDB_AMIAccounts_rejectsSecretOfOtherRow(t *testing.T) {
	t.Parallel()
	db, conn := open(t, newPath(t))
	for _, name := range []string{"crm", "dialer"} {
		require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: name, Secret: store.NewSecret(plainSecret)}))
	}
	_, err := conn.ExecContext(t.Context(), `UPDATE pbxusers_ami_accounts
		SET secret = (SELECT secret FROM pbxusers_ami_accounts WHERE folded_name = 'crm') WHERE folded_name = 'dialer'`)
	require.NoError(t, err)
	_, err = db.AMIAccounts().Account(t.Context(), "dialer")
	require.ErrorIs(t, err, store.ErrDecrypt)
	require.NotContains(t, err.Error(), plainSecret)
}

func TestDB_AMIAccounts_requiresSameKeyring(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, conn := open(t, path)
	_, err := conn.ExecContext(t.Context(), "DELETE FROM pbxusers_identity") // which Open checks
	require.NoError(t, err)
	other, _ := open(t, path)
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm", Secret: store.NewSecret(plainSecret)}))
	_, err = other.AMIAccounts().ListAccounts(t.Context(), manager.Query{})
	var unknown *store.UnknownKeyError
	require.ErrorAs(t, err, &unknown)
}

func TestDB_AMIAccounts_errorOmitsColumnContent(t *testing.T) {
	t.Parallel()
	for _, column := range []string{"deny", "permit", "event_filters", "read_classes", "write_classes"} {
		db, conn := open(t, newPath(t))
		require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm"}))
		_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_ami_accounts SET "+column+` = '["personal data"'`)
		require.NoError(t, err)
		_, err = db.AMIAccounts().Account(t.Context(), "crm")
		require.ErrorContains(t, err, column)
		require.NotContains(t, err.Error(), "personal")
	}
}

func TestDB_AMIAccounts_roundTripsNULAndInvalidUTF8(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	want := &manager.Account{Name: "a\x00b\xff", Note: "\x00note\xfe\x00", Owner: "\xc3\x28", NamedACL: "\x00"}
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), want))
	got, err := db.AMIAccounts().Account(t.Context(), want.Name)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, search := range []string{"\x00", "\xff", "E\xfe", "\x00NOTE", "\ufffd", "x", "\xfex"} {
		q := manager.Query{Search: search}
		list, err := db.AMIAccounts().ListAccounts(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, q.Match(want), len(list.Items) == 1, "%q", search)
	}
}

func TestDB_AMIAccounts_rejectsZeroNetwork(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	err := db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm", Permit: make([]manager.Network, 1)})
	require.ErrorContains(t, err, "zero Network")
	require.Empty(t, accountNames(t, db))
}

// createAccounts stores n realistic accounts.
func createAccounts(t testing.TB, db *sqlstore.DB, n int) {
	t.Helper()
	permit, err := manager.ParseNetwork("10.0.0.0/8")
	require.NoError(t, err)
	require.NoError(t, db.RunInTx(t.Context(), createManyAccounts(db, n, permit)))
}

func accountName(i int) string { return fmt.Sprintf("account-%05d", i) }
