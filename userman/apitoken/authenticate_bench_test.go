package apitoken_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/benchratio"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const selectToken = `SELECT team, id, user_id, description, disabled, extensions, modules, addresses, requests_per_hour, key_hash,
	hour_requests, expires_at, hour_started_at, created_at, updated_at, key_created_at, last_used_at
	FROM pbxusers_tokens WHERE team = ? AND id = ?`

// BenchmarkService_Authenticate compares the check of a token with the bare query of its
// row, in the same database of 2000 people with a token each.
func BenchmarkService_Authenticate(b *testing.B) {
	path := filepath.Join(b.TempDir(), "pbxusers.db")
	conn, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, conn.Close()) })
	db, err := sqlstore.Open(b.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: newKeyring(b)})
	require.NoError(b, err)
	requests := createRequests(b, db, 2000)
	for name, limit := range map[string]int{"no limit": -1, "limit": apitoken.MaxRequestsPerHour} {
		b.Run(name, func(b *testing.B) {
			tokens := apitoken.New(db.Tokens(""), userman.New(db.Users(""), nil), nil)
			r := requests[len(requests)/2]
			_, err := tokens.Update(b.Context(), r.TokenID, func(t *apitoken.Token) error {
				t.RequestsPerHour = limit
				return nil
			})
			require.NoError(b, err)
			benchratio.Compare(b, func() {
				_, err := tokens.Authenticate(b.Context(), r)
				require.NoError(b, err)
			}, func() { scanToken(b, conn, r.TokenID) })
		})
	}
}

// createRequests creates n users in 10 of 50 groups each, with a token each, and
// returns a request of each token.
func createRequests(b *testing.B, db backend, n int) []apitoken.Request {
	b.Helper()
	s := userman.New(db.Users(""), nil)
	tokens := apitoken.New(db.Tokens(""), s, nil)
	requests := make([]apitoken.Request, n)
	require.NoError(b, db.RunInTx(b.Context(), func(ctx context.Context) error {
		names := make([]string, 50)
		for i := range names {
			names[i] = fmt.Sprintf("Department %02d", i)
			_, err := s.Groups().Create(ctx, &userman.Group{Name: names[i], Permissions: permission.Permissions{
				permission.RESTUse: permission.On(), permission.VoicemailExtensions: permission.Append(strconv.Itoa(9000 + i)),
			}})
			require.NoError(b, err)
		}
		for i := range requests {
			u := newUser(fmt.Sprintf("person%04d", i), strconv.Itoa(10_000+i), strconv.Itoa(20_000+i))
			u.FirstName, u.LastName, u.Email, u.Groups = "Jane", "of Sales", u.Username+"@example.com", slices.Clone(names[i%40:i%40+10])
			_, err := s.Create(ctx, userman.NewUser{User: u})
			require.NoError(b, err)
			created, key, err := tokens.Create(ctx, u.Username, &apitoken.Token{Modules: []string{"call_forward", "voicemail"}})
			require.NoError(b, err)
			requests[i] = apitoken.Request{TokenID: created.ID, Key: key, Module: "voicemail", Extension: u.DefaultExtension}
		}
		return nil
	}))
	return requests
}

// scanToken reads the row as database/sql gives it.
func scanToken(b *testing.B, conn *sql.DB, id apitoken.ID) {
	b.Helper()
	var values [17]any
	dest := make([]any, len(values))
	for i := range values {
		dest[i] = &values[i]
	}
	require.NoError(b, conn.QueryRowContext(b.Context(), selectToken, "", id).Scan(dest...))
}
