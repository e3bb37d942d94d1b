package field_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// newDatabase returns an empty database with a table for records.
func newDatabase(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), "CREATE TABLE records (name, notes, tags, enabled, count_of, expires_at)")
	require.NoError(t, err)
	return db
}

func TestTable_Targets_scansArgs(t *testing.T) {
	t.Parallel()
	db, table := newDatabase(t), newTable()
	var scanned record
	targets := table.Targets(&scanned)
	rapid.Check(t, func(rt *rapid.T) {
		want := drawRecord(rt, "a")
		_, err := db.ExecContext(t.Context(), "DELETE FROM records")
		require.NoError(rt, err)
		_, err = db.ExecContext(t.Context(), "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", table.Args(want)...)
		require.NoError(rt, err)
		require.NoError(rt, db.QueryRowContext(t.Context(), "SELECT "+strings.Join(table.Columns(), ", ")+" FROM records").Scan(targets...))
		require.Equal(rt, want, &scanned)
	})
}

func TestTable_Targets_rowsShareNoList(t *testing.T) {
	t.Parallel()
	table := newTable()
	var scanned record
	target, ok := table.Targets(&scanned)[2].(sql.Scanner)
	require.True(t, ok)
	require.NoError(t, target.Scan([]byte(`["a"]`)))
	first := scanned
	require.NoError(t, target.Scan(`["a"]`))
	scanned.Tags[0] = "changed"
	require.Equal(t, []string{"a"}, first.Tags)
	require.NoError(t, target.Scan("[]"))
	require.Nil(t, scanned.Tags)
}

func TestTable_Targets_errorHasNoContent(t *testing.T) {
	t.Parallel()
	table := newTable()
	var scanned record
	targets := table.Targets(&scanned)
	for i, f := range table.Fields() {
		if f.Kind == field.KindText { // database/sql reads every content but NULL
			continue
		}
		scanner, ok := targets[i].(sql.Scanner)
		require.True(t, ok)
		for _, content := range []any{"s3cret", []byte("s3cret"), nil, 1.5} {
			require.EqualError(t, scanner.Scan(content), "column "+f.Column+": the stored value cannot be read")
			require.ErrorIs(t, scanner.Scan(content), store.ErrCorrupt)
		}
	}
}
