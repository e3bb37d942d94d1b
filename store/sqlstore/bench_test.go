package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/benchratio"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

const benchSize = 100_000

// createManyAccounts returns a transaction that creates n accounts.
func createManyAccounts(db *sqlstore.DB, n int, permit manager.Network) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for i := range n {
			u := &manager.Account{
				Name: accountName(i), Secret: store.NewSecret(plainSecret), Permit: []manager.Network{permit},
				Read: manager.Call | manager.CDR, Write: manager.Originate, Owner: "Sales", Note: "click to call of the CRM",
				CreatedAt: createdAt(i), UpdatedAt: createdAt(i),
			}
			if err := db.AMIAccounts().CreateAccount(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}
}

// createdAt distributes the records over time, many of them at the same time.
func createdAt(i int) time.Time { return time.Unix(1_700_000_000+int64(i)*7919%50_000, 0) }

// createManyAdministrators creates n realistic administrators: one in ten is
// disabled, half of them have a second factor, and all have one or two devices.
func createManyAdministrators(b *testing.B, db *sqlstore.DB, n int) {
	b.Helper()
	extensions, err := scope.ParseRanges("100-199,205,2000-2999")
	require.NoError(b, err)
	hash := sha256.Sum256([]byte("token"))
	require.NoError(b, db.RunInTx(b.Context(), func(ctx context.Context) error {
		for i := range n {
			a := &ampusers.Administrator{
				Username: accountName(i), DisplayName: "Jane of Sales", Access: ampusers.Limited,
				Sections: []string{"administrators", "managers"}, Extensions: extensions, Disabled: i%10 == 0,
				CreatedAt: createdAt(i), UpdatedAt: createdAt(i + 1), LastLoginAt: createdAt(i + 2), SessionEpoch: 3,
			}
			a.Credentials.PasswordHash = store.NewSecret("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
			for range 1 + i%2 {
				a.Credentials.Devices = append(a.Credentials.Devices, credential.TrustedDevice{TokenHash: hash[:], LastUsedAt: createdAt(i)})
			}
			if i%2 == 0 {
				a.Credentials.SecondFactor = &credential.TOTP{Secret: store.NewSecret("JBSWY3DPEHPK3PXP"), Confirmed: true, LastStep: int64(i)}
				for range 10 {
					a.Credentials.SecondFactor.RecoveryHashes = append(a.Credentials.SecondFactor.RecoveryHashes, hash[:])
				}
			}
			if err := db.Administrators().CreateAdministrator(ctx, a); err != nil {
				return err
			}
		}
		return nil
	}))
}

const rawAMIAccountsSQL = `SELECT folded_name, name, secret, deny, permit, named_acl, read_classes, write_classes, event_filters,
	display_connects, allow_multiple_login, write_timeout, disabled, note, owner, created_at, updated_at, secret_changed_at
	FROM pbxusers_ami_accounts`

const rawAdministratorsSQL = `SELECT folded_username, username, display_name, access, sections, teams, extensions, dids,
	disabled, session_epoch, password_hash, second_factor, second_factor_confirmed, second_factor_step, recovery_hashes,
	invitation_hash, invitation_expires_at, devices, created_at, updated_at, password_changed_at, last_login_at
	FROM pbxusers_administrators`

// scanRaw scans rows with database/sql only, and returns their number.
func scanRaw(b *testing.B, conn *sql.DB, query string, args ...any) int {
	b.Helper()
	rows, err := conn.QueryContext(b.Context(), query, args...)
	require.NoError(b, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(b, err)
	values := make([]any, len(columns))
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

// middlePage reads a page in that order far from both ends.
func middlePage(b *testing.B, list func(page store.PageRequest) (next string, err error)) store.PageRequest {
	b.Helper()
	page := store.PageRequest{Limit: store.MaxPageLimit}
	for range 20 {
		next, err := list(page)
		require.NoError(b, err)
		page.After = next
	}
	page.Limit = 50
	return page
}

// rawSortSQL returns the SQL of one page after the given record.
func rawSortSQL(query, column, key, filter string) string {
	if column == "" {
		return fmt.Sprintf("%s WHERE %s%s > ? ORDER BY %s LIMIT 51", query, filter, key, key)
	}
	return fmt.Sprintf("%s WHERE %s(%s, %s) > (?, ?) ORDER BY %s, %s LIMIT 51", query, filter, column, key, column, key)
}

// BenchmarkDB_AMIAccounts reads from 100 000 accounts.
func BenchmarkDB_AMIAccounts(b *testing.B) {
	db, conn := open(b, newPath(b))
	createAccounts(b, db, benchSize)
	for _, by := range manager.SortFields() {
		b.Run("list 50 by "+by, func(b *testing.B) {
			q := manager.Query{Sort: store.Sort{By: by}}
			var last *manager.Account
			q.PageRequest = middlePage(b, func(page store.PageRequest) (string, error) {
				list, err := db.AMIAccounts().ListAccounts(b.Context(), manager.Query{Sort: q.Sort, PageRequest: page})
				if err == nil {
					last = list.Items[len(list.Items)-1]
				}
				return list.Next, err
			})
			text, args := rawSortSQL(rawAMIAccountsSQL, strings.TrimPrefix(by, "name"), "folded_name", ""), []any{last.Name}
			if by != "name" {
				args = []any{last.CreatedAt.UnixMicro(), last.Name} // both times are equal
			}
			benchratio.Compare(b, func() {
				list, err := db.AMIAccounts().ListAccounts(b.Context(), q)
				require.NoError(b, err)
				require.Len(b, list.Items, 50)
			}, func() { require.Equal(b, 51, scanRaw(b, conn, text, args...)) })
		})
	}
	b.Run("search without a match", func(b *testing.B) {
		for b.Loop() {
			list, err := db.AMIAccounts().ListAccounts(b.Context(), manager.Query{Search: "nowhere"})
			require.NoError(b, err)
			require.Empty(b, list.Items)
		}
	})
	for name, q := range map[string]manager.Query{
		"search early":         {Search: "account"},
		"search late":          {Search: "account-999"},
		"search late by time":  {Search: "account-999", Sort: store.Sort{By: "updated_at"}},
		"search early by time": {Search: "account", Sort: store.Sort{By: "updated_at"}},
	} {
		b.Run(name+" with the total", func(b *testing.B) {
			q.Count = true
			const bare = "SELECT COUNT(*) FROM pbxusers_ami_accounts WHERE (instr(folded_name, ?) > 0 OR instr(folded_owner, ?) > 0 OR instr(folded_note, ?) > 0)"
			benchratio.Compare(b, func() {
				list, err := db.AMIAccounts().ListAccounts(b.Context(), q)
				require.NoError(b, err)
				require.Greater(b, list.Total, len(list.Items))
			}, func() { require.Equal(b, 1, scanRaw(b, conn, bare, q.Search, q.Search, q.Search)) })
		})
	}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			_, err := db.AMIAccounts().Account(b.Context(), accountName(benchSize/2))
			require.NoError(b, err)
		}
	})
	b.Run("each", func(b *testing.B) {
		benchratio.Compare(b, func() {
			visited := 0
			require.NoError(b, db.AMIAccounts().EachAccount(b.Context(), func(*manager.Account) error {
				visited++
				return nil
			}))
			require.Equal(b, benchSize, visited)
		}, func() { require.Equal(b, benchSize, scanRaw(b, conn, rawAMIAccountsSQL+" ORDER BY folded_name")) })
	})
	b.Run("update", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.AMIAccounts().UpdateAccount(b.Context(), accountName(benchSize/2), func(u *manager.Account) error {
				u.WriteTimeout++
				return nil
			}))
		}
	})
}

// BenchmarkDB_Administrators reads from 100 000 administrators.
func BenchmarkDB_Administrators(b *testing.B) {
	db, conn := open(b, newPath(b))
	createManyAdministrators(b, db, benchSize)
	for _, by := range ampusers.SortFields() {
		b.Run("list 50 by "+by, func(b *testing.B) {
			benchmarkAdministrators(b, db, conn, ampusers.Query{Sort: store.Sort{By: by}}, "")
		})
	}
	b.Run("list 50 enabled by last_login_at", func(b *testing.B) {
		q := ampusers.Query{EnabledOnly: true, Access: ampusers.Limited, Sort: store.Sort{By: "last_login_at"}}
		benchmarkAdministrators(b, db, conn, q, "access = 'limited' AND disabled = 0 AND ")
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			_, err := db.Administrators().Administrator(b.Context(), accountName(benchSize/2))
			require.NoError(b, err)
		}
	})
	b.Run("update", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, db.Administrators().UpdateAdministrator(b.Context(), accountName(benchSize/2), func(a *ampusers.Administrator) error {
				a.SessionEpoch++
				return nil
			}))
		}
	})
}

func benchmarkAdministrators(b *testing.B, db *sqlstore.DB, conn *sql.DB, q ampusers.Query, filter string) {
	b.Helper()
	var last *ampusers.Administrator
	q.PageRequest = middlePage(b, func(page store.PageRequest) (string, error) {
		q.PageRequest = page
		list, err := db.Administrators().ListAdministrators(b.Context(), q)
		if err == nil {
			last = list.Items[len(list.Items)-1]
		}
		return list.Next, err
	})
	by := strings.TrimPrefix(q.Sort.By, "username")
	text, args := rawSortSQL(rawAdministratorsSQL, by, "folded_username", filter), []any{last.Username}
	if by != "" {
		at := map[string]time.Time{"created_at": last.CreatedAt, "updated_at": last.UpdatedAt, "last_login_at": last.LastLoginAt}[by]
		args = []any{at.UnixMicro(), last.Username}
	}
	benchratio.Compare(b, func() {
		list, err := db.Administrators().ListAdministrators(b.Context(), q)
		require.NoError(b, err)
		require.Len(b, list.Items, 50)
	}, func() { require.Equal(b, 51, scanRaw(b, conn, text, args...)) })
}
