package sqlstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
)

// plan returns what SQLite does to answer a query.
func plan(t *testing.T, db *DB, text string, args []any) string {
	t.Helper()
	rows, err := db.sql.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	steps := []string{}
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	require.NoError(t, rows.Err())
	return strings.Join(steps, "; ")
}

// requireIndexed requires that a page is read along an index, one row after the
// other, and that an index finds its beginning and what is filtered.
func requireIndexed(t *testing.T, db *DB, text string, args []any) {
	t.Helper()
	how := plan(t, db, text, append(args, 51))
	require.NotContains(t, how, ";", "one step: %s", text) // no sorting
	if strings.Contains(text, "WHERE") {
		require.Contains(t, how, "SEARCH", text)
	}
	require.Regexp(t, "USING (INDEX|INTEGER PRIMARY KEY)", how, text)
	if strings.ContainsAny(text, "<>") {
		require.Regexp(t, `[<>]\(?\?`, how, text) // it begins there, and passes nothing
	}
	for _, filter := range []string{"access", "disabled", "actor_name"} {
		if strings.Contains(text, filter+" = ") {
			require.Contains(t, how, filter+"=?", text)
		}
	}
}

// requireOrdersIndexed looks at every order of a list, at its first page and at
// one further on.
func requireOrdersIndexed[T any](t *testing.T, db *DB, l listing[T], fields []string, filtered selection) {
	t.Helper()
	for _, by := range append(fields, "") {
		for _, order := range []store.Order{{By: by}, {By: by, Descending: true}} {
			further := "jane"
			if l.times[by] != nil {
				further = cursor.Format(order, cursor.Position{Value: 1, Key: "jane"})
			}
			for _, after := range []string{"", further} {
				s := selection{conditions: append([]string{}, filtered.conditions...), args: append([]any{}, filtered.args...)}
				orderBy, err := l.begin(&s, order, after)
				require.NoError(t, err)
				requireIndexed(t, db, l.text(s, orderBy), s.args)
			}
		}
	}
}

func TestNoPageIsSortedOrSearchedFor(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	require.NoError(t, db.migrateUnder(t.Context(), migrations))
	requireOrdersIndexed(t, db, managers{db}.managerListing(), manager.OrderFields(), selection{})
	for _, q := range []ampusers.Query{{}, {Access: ampusers.Full}, {EnabledOnly: true}, {Access: ampusers.Limited, EnabledOnly: true}} {
		requireOrdersIndexed(t, db, administrators{db}.administratorListing(), ampusers.OrderFields(), selectAdministrators(q))
	}
	for _, q := range []audit.Query{{}, {Actor: "jane"}, {Action: "login"}, {Kind: "administrator"}, {Key: "jane"}, {Outcome: audit.Refused}} {
		s := selectEntries(q)
		s.and("sequence < ?", 100)
		requireIndexed(t, db, entryTable().selectAll()+s.where()+" ORDER BY sequence DESC LIMIT ?", s.args)
	}
	for _, text := range []string{
		"SELECT value FROM pbxusers_vault WHERE kind = ? AND item = ? AND expires_at > ?",
		"DELETE FROM pbxusers_vault WHERE expires_at <= ?",
		administratorTable().selectAll() + " WHERE invitation_hash = ?",
	} {
		how := plan(t, db, text, make([]any, strings.Count(text, "?")))
		require.Contains(t, how, "SEARCH", text)
	}
}
