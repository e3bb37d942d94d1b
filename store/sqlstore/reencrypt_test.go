package sqlstore_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// openWithKeyFile opens a store with the keys of a file.
func openWithKeyFile(t *testing.T, conn *sql.DB, keyFile string) (*sqlstore.DB, *store.Keyring) {
	t.Helper()
	keys, err := store.OpenKeyring(keyFile)
	require.NoError(t, err)
	db, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	require.NoError(t, err)
	return db, keys
}

// createSealed stores n records of each kind that is encrypted or signed.
func createSealed(t *testing.T, db *sqlstore.DB, keys *store.Keyring, n int) {
	t.Helper()
	createAccounts(t, db, n)
	auditLog := audit.New(db.Audit(), keys, nil)
	require.NoError(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := range n {
			a := &ampusers.Administrator{Username: accountName(i)}
			a.Credentials.SecondFactor = &credential.TOTP{Secret: store.NewSecret(plainSecret)}
			require.NoError(t, db.Administrators().CreateAdministrator(ctx, a))
			require.NoError(t, db.TTLStore().Put(ctx, "session", accountName(i), []byte(plainSecret), time.Now().Add(time.Hour)))
			require.NoError(t, db.Users([]string{"", "acme"}[i%2]).CreateUser(ctx, userWithTOTP(accountName(i))))
			require.NoError(t, auditLog.Record(ctx, audit.Event{Action: "create", Kind: "AMI account", Key: accountName(i), State: []byte(plainSecret)}))
		}
		require.NoError(t, db.Settings().PutSettings(ctx, &settings.Record{Revision: 1, Values: map[string]store.Secret{"smtp_password": store.NewSecret(plainSecret)}}))
		// These have no encrypted values.
		return db.Administrators().CreateAdministrator(ctx, &ampusers.Administrator{Username: "plain"})
	}))
}

// requireReadable reads everything that createSealed stored.
func requireReadable(t *testing.T, db *sqlstore.DB, keys *store.Keyring, n int) {
	t.Helper()
	require.NoError(t, db.AMIAccounts().EachAccount(t.Context(), func(u *manager.Account) error {
		require.Equal(t, plainSecret, u.Secret.Reveal())
		return nil
	}))
	count := 0
	require.NoError(t, db.Administrators().EachAdministrator(t.Context(), func(a *ampusers.Administrator) error {
		if a.Credentials.SecondFactor != nil {
			require.Equal(t, plainSecret, a.Credentials.SecondFactor.Secret.Reveal())
			count++
		}
		return nil
	}))
	require.Equal(t, n, count)
	for i := range n {
		u, err := db.Users([]string{"", "acme"}[i%2]).User(t.Context(), store.UserID(accountName(i)))
		require.NoError(t, err)
		require.Equal(t, plainSecret, u.Credentials.SecondFactor.Secret.Reveal())
		value, err := db.TTLStore().Get(t.Context(), "session", accountName(i), time.Now())
		require.NoError(t, err)
		require.Equal(t, plainSecret, string(value))
	}
	saved, err := db.Settings().Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, plainSecret, saved.Values["smtp_password"].Reveal())
	result, err := audit.New(db.Audit(), keys, nil).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, result.Findings)
	require.EqualValues(t, n, result.Entries)
}

func TestDB_Reencrypt_leavesNothingUnderOldKeys(t *testing.T) {
	t.Parallel()
	keyFile, conn := filepath.Join(t.TempDir(), "keys"), connect(t, newPath(t))
	db, keys := openWithKeyFile(t, conn, keyFile)
	const n = 210 // more than one batch
	createSealed(t, db, keys, n)
	require.NoError(t, keys.Rotate())
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "zz-new", Secret: store.NewSecret(plainSecret)}))

	reencrypted, err := db.Reencrypt(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5*n+3, reencrypted, "and the identity, the settings and the head of the audit log")
	reencrypted, err = db.Reencrypt(t.Context())
	require.NoError(t, err)
	require.Zero(t, reencrypted)

	dropOldKeys(t, keyFile)
	db, keys = openWithKeyFile(t, conn, keyFile)
	requireReadable(t, db, keys, n)
}

// dropOldKeys leaves only the first key in the file.
func dropOldKeys(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines[:len(lines)-1], "\n")), 0o600))
}

func TestDB_Reencrypt_stopsAtUndecryptableValue(t *testing.T) {
	t.Parallel()
	for table, corrupt := range map[string]string{
		"ami_accounts":   "UPDATE pbxusers_ami_accounts SET secret = x'01' WHERE folded_name = 'account-00001'",
		"administrators": "UPDATE pbxusers_administrators SET second_factor = x'01' WHERE folded_username = 'account-00001'",
		"users":          "UPDATE pbxusers_users SET second_factor = x'01' WHERE id = 'account-00001'",
		"ttl_values":     "UPDATE pbxusers_ttl_values SET value = x'01' WHERE item = 'account-00001'",
	} {
		conn := connect(t, newPath(t))
		db, keys := openWithKeyFile(t, conn, filepath.Join(t.TempDir(), "keys"))
		createSealed(t, db, keys, 2)
		_, err := conn.ExecContext(t.Context(), corrupt)
		require.NoError(t, err)
		_, err = db.Reencrypt(t.Context())
		require.ErrorIs(t, err, store.ErrDecrypt, table)
		if table == "users" {
			require.ErrorContains(t, err, `user of team "acme"`)
			continue
		}
		if table == "ttl_values" {
			require.NotContains(t, err.Error(), "account-00001", "the key may be the hash of a secret")
			require.ErrorContains(t, err, "session")
			continue
		}
		require.ErrorContains(t, err, "account-00001")
	}
}

func TestDB_Reencrypt_keepsBadSignaturesForVerify(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]string{
		"an entry was changed":    "UPDATE pbxusers_audit SET hash = x'00' WHERE sequence = 2",
		"a signature was removed": "UPDATE pbxusers_audit SET signature = NULL WHERE sequence = 2",
		"the end was moved":       "UPDATE pbxusers_audit_head SET sequence = 2, hash = (SELECT hash FROM pbxusers_audit WHERE sequence = 2)",
	} {
		keyFile, conn := filepath.Join(t.TempDir(), "keys"), connect(t, newPath(t))
		db, keys := openWithKeyFile(t, conn, keyFile)
		createSealed(t, db, keys, 3)
		_, err := conn.ExecContext(t.Context(), forge)
		require.NoError(t, err)
		before := signatures(t, conn)
		require.NoError(t, keys.Rotate())
		_, err = db.Reencrypt(t.Context())
		require.NoError(t, err, name)

		after := signatures(t, conn)
		same := 0
		for place, signature := range before {
			if after[place] == signature {
				same++
			}
		}
		require.Equal(t, 1, same, name)
		result, err := audit.New(db.Audit(), keys, nil).Verify(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, result.Findings, name)
	}
}

// signatures returns the signatures of the audit log by sequence.
func signatures(t *testing.T, conn *sql.DB) map[string]string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(),
		"SELECT sequence, hex(signature) FROM pbxusers_audit UNION ALL SELECT 'head', hex(signature) FROM pbxusers_audit_head")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var place, signature string
		require.NoError(t, rows.Scan(&place, &signature))
		found[place] = signature
	}
	require.NoError(t, rows.Err())
	return found
}

func TestOpen_rejectsForeignKeyring(t *testing.T) {
	t.Parallel()
	for i, storeOne := range []func(ctx context.Context, db *sqlstore.DB, keys *store.Keyring) error{
		func(ctx context.Context, db *sqlstore.DB, _ *store.Keyring) error {
			return db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm", Secret: store.NewSecret("a secret")})
		},
		func(ctx context.Context, db *sqlstore.DB, _ *store.Keyring) error {
			a := &ampusers.Administrator{Username: "jane"}
			a.Credentials.SecondFactor = &credential.TOTP{Secret: store.NewSecret("a secret")}
			return db.Administrators().CreateAdministrator(ctx, a)
		},
		func(ctx context.Context, db *sqlstore.DB, _ *store.Keyring) error {
			return db.Users("acme").CreateUser(ctx, userWithTOTP("jane"))
		},
		func(ctx context.Context, db *sqlstore.DB, _ *store.Keyring) error {
			return db.TTLStore().Put(ctx, "session", "a", []byte("value"), time.Now())
		},
		func(ctx context.Context, db *sqlstore.DB, keys *store.Keyring) error {
			return audit.New(db.Audit(), keys, nil).Record(ctx, audit.Event{Action: "login"})
		},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			path, keys := newPath(t), keyring(t)
			db, err := sqlstore.Open(t.Context(), connect(t, path), sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
			require.NoError(t, err)
			require.NoError(t, storeOne(t.Context(), db, keys))
			_, err = sqlstore.Open(t.Context(), connect(t, path), sqlstore.SQLite, &sqlstore.Options{Keyring: keyring(t)})
			require.ErrorAs(t, err, new(*store.UnknownKeyError))
			require.ErrorContains(t, err, "key file")
			_, err = sqlstore.Open(t.Context(), connect(t, path), sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
			require.NoError(t, err)
		})
	}
}
