package sqlstore

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/userman"
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
	for _, by := range append(slices.DeleteFunc(fields, func(by string) bool { return by == l.keyField }), "") {
		for _, order := range []store.Order{{By: by}, {By: by, Descending: true}} {
			further := "jane"
			if by != "" || l.fold == nil {
				position := cursor.Position(l.keys)
				if by != "" {
					position = append(cursor.Position{"1"}, position...)
				}
				further = cursor.Format(order, position)
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
	st := people{db, "acme"}
	for _, q := range []userman.Query{{}, {Status: userman.Deleted}} {
		requireOrdersIndexed(t, db, st.userListing(), userman.OrderFields(), st.selectUsers(q))
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

// TestNoListOfPeopleIsSorted is about filters that no index is made for: people
// are passed over, in their order.
func TestNoListOfPeopleIsSorted(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	require.NoError(t, db.migrateUnder(t.Context(), migrations))
	st, directory := people{db, "acme"}, "ldap"
	for _, c := range []struct {
		q    userman.Query
		with string // how the filter is looked up
	}{
		{userman.Query{Search: "jane"}, ""}, {userman.Query{Search: "+1 2"}, ""}, {userman.Query{NotWelcomed: true}, ""},
		{userman.Query{Status: userman.Enabled}, ""}, {userman.Query{Status: userman.Disabled}, ""}, {userman.Query{Directory: &directory}, ""},
		{userman.Query{Group: "Sales"}, "(team=? AND user_id=? AND folded_group=?)"},
		{userman.Query{Email: "jane@example.com"}, ""},
	} {
		for _, by := range []string{"", "last_name", "created_at"} {
			s := st.selectUsers(c.q)
			orderBy, err := st.userListing().begin(&s, store.Order{By: by}, "")
			require.NoError(t, err)
			text := st.userListing().text(s, orderBy)
			how := plan(t, db, text, append(s.args, 51))
			require.Regexp(t, `^SEARCH pbxusers_people USING INDEX \w+ \(team=\? AND deleted=\?`, how, text)
			require.NotContains(t, how, "TEMP B-TREE", text)
			require.Contains(t, how, c.with, text)
		}
	}
	s := st.selectUsers(userman.Query{Extension: "1001"})
	how := plan(t, db, st.userListing().text(s, " ORDER BY folded_username, id"), append(s.args, 51))
	require.Contains(t, how, "(team=? AND extension=?)")
	require.Contains(t, how, "(team=? AND id=?)", "few are found, and then sorted")
	s = st.selectUsers(userman.Query{Email: "jane@example.com"})
	require.Contains(t, plan(t, db, st.userListing().text(s, " ORDER BY folded_username, id"), append(s.args, 51)), "folded_email=?", "as at login")
}

func TestWhatIsReadOfPeopleIsFoundByAnIndex(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	require.NoError(t, db.migrateUnder(t.Context(), migrations))
	texts := []string{
		holderText(), countText, userTable().selectAll() + userTable().where(), userTable().remove(), countMembersText, deleteGroupText(),
		groupTable().selectAll() + " WHERE team = ? ORDER BY priority, folded_name",
		tokenListing().text(selection{conditions: []string{"team = ?", "user_id = ?"}}, " ORDER BY id"),
		tokenListing().text(selection{conditions: []string{"team = ?"}}, " ORDER BY id"),
		"DELETE FROM pbxusers_people_extensions WHERE team = ? AND user_id = ?", "DELETE FROM pbxusers_memberships WHERE team = ? AND user_id = ?",
	}
	hash := []byte("hash")
	for _, key := range []userman.UserKey{
		{Username: "jane"}, {DefaultExtension: "1001"}, {Directory: "ldap", ExternalID: "1"}, {InvitationHash: hash}, {ActivationHash: hash},
	} {
		where, _ := whereKey(key)
		texts = append(texts, userTable().selectAll()+" WHERE team = ? AND "+where)
	}
	for _, text := range texts {
		how := plan(t, db, text, make([]any, strings.Count(text, "?")))
		require.Contains(t, how, "SEARCH", text)
		require.NotContains(t, how, "SCAN", text)
		require.NotContains(t, how, "TEMP B-TREE", text)
	}
}
