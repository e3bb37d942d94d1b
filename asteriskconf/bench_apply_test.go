package asteriskconf_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// timedAsterisk sums up the time of Asterisk's answers.
type timedAsterisk struct {
	asteriskconf.Asterisk
	total *time.Duration
}

func (a timedAsterisk) track(since time.Time) { *a.total += time.Since(since) }

func (a timedAsterisk) Version(ctx context.Context) (asteriskconf.Version, error) {
	defer a.track(time.Now())
	return a.Asterisk.Version(ctx)
}

func (a timedAsterisk) ReadConfig(ctx context.Context, filename string) ([]dialect.Section, error) {
	defer a.track(time.Now())
	return a.Asterisk.ReadConfig(ctx, filename)
}

func (a timedAsterisk) Reload(ctx context.Context, module string) error {
	defer a.track(time.Now())
	return a.Asterisk.Reload(ctx, module)
}

func (a timedAsterisk) Command(ctx context.Context, command string) ([]string, error) {
	defer a.track(time.Now())
	return a.Asterisk.Command(ctx, command)
}

// sqliteStore is the store of a product: a database file with encrypted
// secrets.
func sqliteStore(b *testing.B) manager.Store {
	b.Helper()
	dir := b.TempDir()
	keys, err := store.OpenKeyring(filepath.Join(dir, "key"))
	require.NoError(b, err)
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "db")))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, pool.Close()) })
	db, err := sqlstore.Open(b.Context(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	require.NoError(b, err)
	return db.AMIAccounts()
}

// BenchmarkApplyOneOf10000 applies one changed account among 10 000 to the real
// Asterisk. own/whole is our share of the time: everything but the waiting for
// Asterisk's answers.
func BenchmarkApplyOneOf10000(b *testing.B) {
	var spent time.Duration
	s := newLiveEnv(b, func(a asteriskconf.Asterisk) asteriskconf.Asterisk { return timedAsterisk{a, &spent} })
	s.store = sqliteStore(b)
	s.configDir = s.open(b, timedAsterisk{s.client, &spent})
	err := s.store.RunInTx(b.Context(), func(ctx context.Context) error {
		for i := range 10_000 {
			if err := s.store.CreateAccount(ctx, accountNamed(fmt.Sprintf("account-%05d", i))); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(b, err)
	_, err = s.configDir.Apply(b.Context())
	require.NoError(b, err)
	spent = 0
	for b.Loop() {
		err := s.store.UpdateAccount(b.Context(), "account-05000", func(u *manager.Account) error {
			u.Read ^= manager.UserClass
			return nil
		})
		require.NoError(b, err)
		_, err = s.configDir.Apply(b.Context())
		require.NoError(b, err)
	}
	whole := b.Elapsed()
	b.ReportMetric(float64(whole-spent)/float64(whole), "own/whole")
	b.ReportMetric(float64((whole-spent).Milliseconds())/float64(b.N), "own-ms/op")
	b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "asterisk-ms/op")
}
