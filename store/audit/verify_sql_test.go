package audit_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// TestLog_Verify_findsDirectSQLChanges does what an attacker with an SQL injection
// can do.
func TestLog_Verify_findsDirectSQLChanges(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string][]any{
		"SELECT 1": {},
		"UPDATE pbxusers_ami_accounts SET write_classes = 'system,command'": {audit.CodeRecordModified, "crm"},
		"UPDATE pbxusers_ami_accounts SET updated_at = updated_at + 1":      {audit.CodeRecordModified, "crm"},
		"UPDATE pbxusers_ami_accounts SET secret = substr(secret, 1, 30)":   {audit.CodeRecordUnreadable, audit.CodeRecordUnreadable, "crm"},
		"DELETE FROM pbxusers_ami_accounts":                                 {audit.CodeRecordMissing, "crm"},
		"UPDATE pbxusers_audit SET actor_name = 'joe' WHERE sequence = 2":   {audit.CodeEntryModified, 2, audit.CodeRecordUntracked, 3},
		"UPDATE pbxusers_audit SET after_json = replace(after_json, 'disabled\":true', 'disabled\":false') WHERE sequence = 3": {
			audit.CodeEntryModified, 3, audit.CodeRecordModified, "crm",
		},
		"DELETE FROM pbxusers_audit WHERE sequence = 1": {audit.CodeEntryMissing, 1, audit.CodeRecordUntracked, 3},
		"DELETE FROM pbxusers_audit WHERE sequence = 3": {audit.CodeEntryMissing, 3, audit.CodeRecordModified, "crm"},
		"DELETE FROM pbxusers_audit":                    {audit.CodeEntryMissing, 1, audit.CodeRecordUntracked, "crm"},
		"DELETE FROM pbxusers_audit_head":               {audit.CodeHeadMissing},
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			b := newEnv(t)
			file, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "pbxusers.db")))
			require.NoError(t, err)
			defer func() { require.NoError(t, file.Close()) }()
			db, err := sqlstore.Open(t.Context(), file, sqlstore.SQLite, &sqlstore.Options{Keyring: b.keyring})
			require.NoError(t, err)
			auditLog := b.newLog(db.Audit())
			accounts := manager.New(db.AMIAccounts(), &manager.Options{Audit: auditLog})
			_, err = accounts.Create(t.Context(), &manager.Account{Name: "crm", Note: "管理员 <b>\x7f"})
			require.ErrorIs(t, err, store.ErrInvalid)
			_, err = accounts.Create(t.Context(), &manager.Account{Name: "crm", Note: "管理员 <b>"})
			require.NoError(t, err)
			_, err = accounts.Disable(t.Context(), "crm")
			require.NoError(t, err)

			_, err = file.ExecContext(t.Context(), statement)
			require.NoError(t, err)
			require.Equal(t, want, findingCodes(verify(t, auditLog, accounts.AuditSource())))
		})
	}
}
