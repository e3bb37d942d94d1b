package audit_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// BenchmarkLog_Do compares a change with its audit entry to the change alone, in
// SQLite.
func BenchmarkLog_Do(b *testing.B) {
	for name, audited := range map[string]bool{"audited": true, "bare": false} {
		b.Run(name, func(b *testing.B) {
			keyring, err := store.NewKeyring(store.GenerateKey())
			require.NoError(b, err)
			file, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(b.TempDir(), "pbxusers.db")))
			require.NoError(b, err)
			defer func() { require.NoError(b, file.Close()) }()
			db, err := sqlstore.Open(b.Context(), file, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
			require.NoError(b, err)
			opts := &manager.Options{}
			if audited {
				opts.Audit = audit.New(db.Audit(), keyring, nil)
			}
			accounts := manager.New(db.AMIAccounts(), opts)
			_, err = accounts.Create(b.Context(), &manager.Account{Name: "crm", Secret: store.NewSecret("a secret of 24 characters")})
			require.NoError(b, err)
			for b.Loop() {
				_, err := accounts.Disable(b.Context(), "crm")
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkLog_Verify verifies a log of 10 000 entries.
func BenchmarkLog_Verify(b *testing.B) {
	s, entries := newEnv(b), 10_000
	records := recordTable{}
	for i := range entries {
		key := strconv.Itoa(i % 1000)
		records[key] = key
		event := audit.Event{Kind: kind, Key: key, After: "it", State: []byte(key)}
		require.NoError(b, s.audit.Record(context.Background(), event))
	}
	for b.Loop() {
		found, err := s.audit.Verify(context.Background(), records.source())
		require.NoError(b, err)
		require.Empty(b, found.Findings)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
}
