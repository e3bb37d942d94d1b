package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/internal/benchratio"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
)

// benchServer is a server for benchmarks, with the token of an administrator.
type benchServer struct {
	*servertest.Server

	client *http.Client
	token  string
	users  int
}

func startBench(b *testing.B) *benchServer {
	b.Helper()
	s := servertest.Start(b, &servertest.Options{
		Logger: slog.New(slog.DiscardHandler),
		Users:  func(o *userman.Options) { o.Argon2 = credential.Argon2{} }, // the default costs
	})
	s.AddAdministrator(b, ampusers.Administrator{Username: "root", Access: ampusers.Full}, password)
	return &benchServer{Server: s, client: s.Client(b), token: s.Token(b, "root", password)}
}

// createUser creates another user and returns the username.
func (s *benchServer) createUser(b *testing.B, fields map[string]any) string {
	b.Helper()
	s.users++
	username := fmt.Sprintf("jane.roe-%d", s.users)
	body := map[string]any{"username": username, "first_name": "Jane", "email": "jane@example.com", "default_extension": strconv.Itoa(10_000 + s.users)}
	maps.Copy(body, fields)
	data, err := json.Marshal(body)
	require.NoError(b, err)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+"/api/v1/users", bytes.NewReader(data))
	require.NoError(b, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := s.client.Do(request)
	require.NoError(b, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(b, err)
	require.Equal(b, http.StatusCreated, response.StatusCode, string(text))
	return username
}

// bareRow is a row as it is stored, for bare inserts of rows like it.
type bareRow struct {
	insert string
	values []any
	index  map[string]int
}

func readBareRow(b *testing.B, conn *sql.DB, table, where string, args ...any) *bareRow {
	b.Helper()
	rows, err := conn.QueryContext(b.Context(), "SELECT * FROM "+table+where, args...) //nolint:unqueryvet // The row is inserted again as it is, whatever its columns.
	require.NoError(b, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(b, err)
	row := &bareRow{values: make([]any, len(columns)), index: map[string]int{}}
	targets := make([]any, len(columns))
	for i, column := range columns {
		targets[i], row.index[column] = &row.values[i], i
	}
	require.True(b, rows.Next(), table)
	require.NoError(b, rows.Scan(targets...))
	require.NoError(b, rows.Err())
	row.insert = "INSERT OR REPLACE INTO " + table + " VALUES (" + strings.Repeat("?, ", len(columns)-1) + "?)"
	return row
}

// set sets columns, which must exist.
func (r *bareRow) set(b *testing.B, values map[string]any) {
	b.Helper()
	for column, value := range values {
		i, ok := r.index[column]
		require.True(b, ok, column)
		r.values[i] = value
	}
}

// BenchmarkAPI_createUser creates a user over HTTP, against a bare insert of the same
// rows with the audit entry, at the same durability.
func BenchmarkAPI_createUser(b *testing.B) {
	s := startBench(b)
	username := s.createUser(b, nil)
	stored, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(s.DataDir, "pbxusers.db")))
	require.NoError(b, err)
	user := readBareRow(b, stored, "pbxusers_users", " WHERE username = ?", username)
	extension := readBareRow(b, stored, "pbxusers_user_extensions", "")
	entry := readBareRow(b, stored, "pbxusers_audit", " ORDER BY sequence DESC LIMIT 1")
	head := readBareRow(b, stored, "pbxusers_audit_head", "")
	require.NoError(b, stored.Close())

	path := filepath.Join(b.TempDir(), "bare.db")
	sqlitetest.Create(b, path)
	bare, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	require.NoError(b, err)
	defer func() { require.NoError(b, bare.Close()) }()
	n := 0
	benchratio.Compare(b, func() { s.createUser(b, nil) }, func() {
		n++
		id, name, number := fmt.Sprintf("%024d", n), fmt.Sprintf("jane.roe-%d", n), strconv.Itoa(10_000+n)
		user.set(b, map[string]any{"id": id, "username": name, "folded_username": name, "unique_username": name, "default_extension": number, "unique_extension": number})
		extension.set(b, map[string]any{"user_id": id, "extension": number})
		entry.set(b, map[string]any{"sequence": n, "record_key": name})
		head.set(b, map[string]any{"sequence": n})
		tx, err := bare.BeginTx(b.Context(), nil)
		require.NoError(b, err)
		for _, row := range []*bareRow{user, extension, entry, head} {
			_, err := tx.ExecContext(b.Context(), row.insert, row.values...)
			require.NoError(b, err)
		}
		require.NoError(b, tx.Commit())
	})
}

// BenchmarkAPI_createUser_waitingWriter measures how long another writer waits while
// users with passwords are created: it may be 5 ms.
func BenchmarkAPI_createUser_waitingWriter(b *testing.B) {
	s := startBench(b)
	done, stopped := make(chan struct{}), make(chan struct{})
	var waits []time.Duration
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			start := time.Now()
			if err := s.Site.DB.RunInTx(context.Background(), func(context.Context) error { return nil }); err != nil {
				return
			}
			waits = append(waits, time.Since(start))
		}
	}()
	for b.Loop() {
		s.createUser(b, map[string]any{"password": newPassword})
	}
	close(done)
	<-stopped
	slices.Sort(waits)
	require.NotEmpty(b, waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "ms-wait-median")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "ms-wait-p99")
}
