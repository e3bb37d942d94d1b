package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/benchratio"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// benchUsers is the number of users of a large team.
const benchUsers = 10_000

const rawUsersSQL = `SELECT team, id, username, description, title, company, department, first_name, last_name, display_name,
	email, other_emails, cell_phone, home_phone, work_phone, fax, language, time_zone,
	default_extension, linked_extensions, group_names, permissions, disabled, must_change_password,
	directory, external_id, picture, session_epoch, created_at, updated_at, password_changed_at, last_login_at,
	welcomed_at, missing_since, deleted_at,
	password_hash, second_factor, second_factor_confirmed, second_factor_step, recovery_hashes,
	invitation_hash, invitation_expires_at, devices, activation_hash, activation_expires_at
	FROM pbxusers_users`

// BenchmarkDB_Users reads from 10 000 users.
func BenchmarkDB_Users(b *testing.B) {
	db, conn := open(b, newPath(b))
	createManyUsers(b, db, benchUsers)
	st, middle := db.Users(""), nthUser(benchUsers/2)
	for by, raw := range map[string]struct {
		column string
		value  any
	}{
		"username":      {"", nil},
		"last_name":     {"folded_last_name", userman.FoldSearch(middle.LastName)},
		"created_at":    {"created_at", middle.CreatedAt.UnixMicro()},
		"last_login_at": {"last_login_at", middle.LastLoginAt.UnixMicro()},
	} {
		b.Run("list 50 by "+by, func(b *testing.B) {
			q := userman.Query{Sort: store.Sort{By: by}}
			q.PageRequest = middlePage(b, func(page store.PageRequest) (string, error) {
				page.Limit = 250
				list, err := st.ListUsers(b.Context(), userman.Query{Sort: q.Sort, PageRequest: page})
				return list.Next, err
			})
			text := rawUsersSQL + " WHERE team = '' AND deleted = 0 AND (folded_username, id) > (?, ?) ORDER BY folded_username, id LIMIT 51"
			args := []any{middle.Username, middle.ID}
			if raw.column != "" {
				text = rawUsersSQL + " WHERE team = '' AND deleted = 0 AND (" + raw.column + ", folded_username, id) > (?, ?, ?) ORDER BY " +
					raw.column + ", folded_username, id LIMIT 51"
				args = append([]any{raw.value}, args...)
			}
			benchratio.Compare(b, func() {
				list, err := st.ListUsers(b.Context(), q)
				require.NoError(b, err)
				require.Len(b, list.Items, 50)
			}, func() { require.Equal(b, 51, scanRaw(b, conn, text, args...)) })
		})
	}
	for name, q := range map[string]userman.Query{
		"search without a match": {Search: "nowhere"},
		"list 50 of a group":     {Group: "Group 7"},
		"one by an extension":    {Extension: middle.DefaultExtension},
		"one by email":           {Email: middle.Email},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := st.ListUsers(b.Context(), q)
				require.NoError(b, err)
			}
		})
	}
	b.Run("one by username", func(b *testing.B) {
		benchratio.Compare(b, func() {
			_, err := st.FindUser(b.Context(), userman.UserLookup{Username: middle.Username})
			require.NoError(b, err)
		}, func() {
			require.Equal(b, 1, scanRaw(b, conn, rawUsersSQL+" WHERE team = '' AND unique_username = ?", middle.Username))
		})
	})
	b.Run("count", func(b *testing.B) {
		one := userman.Query{PageRequest: store.PageRequest{Limit: 1, Count: true}}
		benchratio.Compare(b, func() {
			list, err := st.ListUsers(b.Context(), one)
			require.NoError(b, err)
			require.Equal(b, benchUsers, list.Total)
		}, func() {
			n := 0
			require.NoError(b, conn.QueryRowContext(b.Context(), "SELECT COUNT(*) FROM pbxusers_users WHERE team = '' AND deleted = 0").Scan(&n))
			require.Equal(b, benchUsers, n)
		})
	})
	b.Run("count members", func(b *testing.B) {
		for b.Loop() {
			_, err := st.CountMembers(b.Context())
			require.NoError(b, err)
		}
	})
	b.Run("update", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, st.UpdateUser(b.Context(), middle.ID, func(u *userman.User) error {
				u.SessionEpoch++
				return nil
			}))
		}
	})
}

// BenchmarkDB_Users_listWithTotal reads a page of 50 among 100 000 users, with the total,
// like the page of a list.
func BenchmarkDB_Users_listWithTotal(b *testing.B) {
	db, conn := open(b, newPath(b))
	createManyUsers(b, db, benchSize)
	st := db.Users("")
	const team = " WHERE team = '' AND deleted = 0"
	for name, q := range map[string]userman.Query{
		"username":      {},
		"last_login_at": {Sort: store.Sort{By: "last_login_at", Descending: true}},
	} {
		order := " ORDER BY folded_username, id LIMIT 51"
		if q.Sort.By != "" {
			order = " ORDER BY last_login_at DESC, folded_username DESC, id DESC LIMIT 51"
		}
		q.Count = true
		b.Run("by "+name, func(b *testing.B) {
			benchratio.Compare(b, func() {
				list, err := st.ListUsers(b.Context(), q)
				require.NoError(b, err)
				require.Len(b, list.Items, 50)
				require.Equal(b, benchSize, list.Total)
			}, func() {
				require.Equal(b, 51, scanRaw(b, conn, rawUsersSQL+team+order))
				require.Equal(b, 1, scanRaw(b, conn, "SELECT COUNT(*) FROM pbxusers_users"+team))
			})
		})
	}
}

// BenchmarkDB_tokens reads and counts one of as many tokens as users.
func BenchmarkDB_tokens(b *testing.B) {
	db, conn := open(b, newPath(b))
	createManyUsers(b, db, benchUsers)
	tokens, id := db.Tokens(""), nthUser(benchUsers/2).ID
	require.NoError(b, tokens.CreateToken(b.Context(), &apitoken.Token{
		ID: "token", UserID: id, Extensions: []string{permission.Any}, Modules: []string{"voicemail"}, KeyHash: []byte("0123456789abcdef0123456789abcdef"),
	}))
	b.Run("holder", func(b *testing.B) {
		benchratio.Compare(b, func() {
			owner, err := tokens.TokenWithOwner(b.Context(), "token")
			require.NoError(b, err)
			require.Equal(b, id, owner.User.ID)
		}, func() { require.Equal(b, 1, scanRaw(b, conn, rawUsersSQL+" WHERE team = '' AND id = ?", id)) })
	})
	b.Run("take a request", func(b *testing.B) {
		now := time.Now()
		benchratio.Compare(b, func() {
			wait, err := tokens.TakeRequest(b.Context(), "token", now, 0)
			require.NoError(b, err)
			require.Zero(b, wait)
		}, func() {
			const bare = "UPDATE pbxusers_tokens SET hour_requests = hour_requests + 1, last_used_at = ? WHERE team = '' AND id = ?"
			_, err := conn.ExecContext(b.Context(), bare, now.UnixMicro(), "token")
			require.NoError(b, err)
		})
	})
}
