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

// queryPlan returns the query plan of SQLite.
func queryPlan(t *testing.T, db *DB, text string, args []any) string {
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

// requireIndexed requires that a page is read in the order of an index, and that an
// index finds its start and the filter.
func requireIndexed(t *testing.T, db *DB, text string, args []any) {
	t.Helper()
	steps := queryPlan(t, db, text, args)
	require.NotContains(t, steps, ";", "one step: %s", text) // no sorting
	if strings.Contains(text, "WHERE") {
		require.Contains(t, steps, "SEARCH", text)
	}
	require.Regexp(t, "USING (INDEX|INTEGER PRIMARY KEY)", steps, text)
	if strings.ContainsAny(text, "<>") {
		require.Regexp(t, `[<>]\(?\?`, steps, text) // it starts there, and skips nothing
	}
	for _, filter := range []string{"access", "disabled", "actor_name"} {
		if strings.Contains(text, filter+" = ") {
			require.Contains(t, steps, filter+"=?", text)
		}
	}
}

// requireSortsIndexed checks every order of a list, for its first page and a later
// one.
func requireSortsIndexed[T any](t *testing.T, db *DB, l pager[T], fields []string, filtered whereClause) {
	t.Helper()
	for _, by := range append(slices.DeleteFunc(fields, func(by string) bool { return by == l.keyField }), "") {
		for _, sort := range []store.Sort{{By: by}, {By: by, Descending: true}} {
			further := "jane"
			if by != "" || l.fold == nil {
				position := cursor.Position(l.keys)
				if by != "" {
					position = append(cursor.Position{"1"}, position...)
				}
				further = cursor.Format(sort, position)
			}
			for _, page := range []store.PageRequest{{}, {After: further}, {Before: further}} {
				s := whereClause{conditions: append([]string{}, filtered.conditions...), args: append([]any{}, filtered.args...)}
				columns, orderBy, err := l.seek(&s, sort, page)
				require.NoError(t, err)
				requireIndexed(t, db, l.sql(s, orderBy, 51, columns...), s.args)
			}
		}
	}
}

func TestPager_everySortUsesIndex(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	requireSortsIndexed(t, db, amiAccountStore{db}.pager(), manager.SortFields(), whereClause{})
	for _, q := range []ampusers.Query{{}, {Access: ampusers.Full}, {EnabledOnly: true}, {Access: ampusers.Limited, EnabledOnly: true}} {
		requireSortsIndexed(t, db, administratorStore{db}.pager(), ampusers.SortFields(), whereAdministrators(q))
	}
	st := userStore{teamStore{db, "acme"}}
	for _, q := range []userman.Query{{}, {Status: userman.StatusDeleted}} {
		requireSortsIndexed(t, db, st.pager(), userman.SortFields(), st.whereUsers(q))
	}
	for _, q := range []audit.Query{{}, {Actor: "jane"}, {Action: "login"}, {Kind: "administrator"}, {Key: "jane"}, {Outcome: audit.Denied}} {
		s := whereEntries(q)
		s.and("sequence < ?", 100)
		requireIndexed(t, db, entryTable().selectAll()+s.sql()+" ORDER BY sequence DESC"+limitSQL(51), s.args)
	}
	for _, text := range []string{
		"SELECT value FROM pbxusers_ttl_values WHERE kind = ? AND item = ? AND expires_at > ?",
		"DELETE FROM pbxusers_ttl_values WHERE expires_at <= ?",
		administratorTable().selectAll() + " WHERE invitation_hash = ?",
	} {
		steps := queryPlan(t, db, text, make([]any, strings.Count(text, "?")))
		require.Contains(t, steps, "SEARCH", text)
	}
}

// TestPager_userFiltersFollowSortIndex is about filters without an index: users are
// scanned in order.
func TestPager_userFiltersFollowSortIndex(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	st, directory := userStore{teamStore{db, "acme"}}, "ldap"
	for _, c := range []struct {
		q    userman.Query
		with string // how the filter is looked up
	}{
		{userman.Query{Search: "jane"}, ""}, {userman.Query{Search: "+1 2"}, ""}, {userman.Query{NotWelcomed: true}, ""},
		{userman.Query{Status: userman.StatusEnabled}, ""}, {userman.Query{Status: userman.StatusDisabled}, ""}, {userman.Query{Directory: &directory}, ""},
		{userman.Query{Group: "Sales"}, "(team=? AND user_id=? AND folded_group=?)"},
		{userman.Query{Email: "jane@example.com"}, ""},
	} {
		for _, by := range []string{"", "last_name", "created_at"} {
			s := st.whereUsers(c.q)
			columns, orderBy, err := st.pager().seek(&s, store.Sort{By: by}, store.PageRequest{})
			require.NoError(t, err)
			text := st.pager().sql(s, orderBy, 51, columns...)
			steps := queryPlan(t, db, text, s.args)
			require.Regexp(t, `^SEARCH pbxusers_users USING INDEX \w+ \(team=\? AND deleted=\?`, steps, text)
			require.NotContains(t, steps, "TEMP B-TREE", text)
			require.Contains(t, steps, c.with, text)
		}
	}
	s := st.whereUsers(userman.Query{Extension: "1001"})
	steps := queryPlan(t, db, st.pager().sql(s, " ORDER BY folded_username, id", 51), s.args)
	require.Contains(t, steps, "(team=? AND extension=?)")
	require.Contains(t, steps, "(team=? AND id=?)", "few are found, and then sorted")
	s = st.whereUsers(userman.Query{Email: "jane@example.com"})
	require.Contains(t, queryPlan(t, db, st.pager().sql(s, " ORDER BY folded_username, id", 51), s.args), "folded_email=?")
}

// TestDB_Users_countReadsOneIndex is about counts of a large team: the rows of users are
// wide, so the count must not read them.
func TestDB_Users_countReadsOneIndex(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	st, directory := userStore{teamStore{db, "acme"}}, "ldap"
	for _, q := range []userman.Query{
		{}, {Status: userman.StatusDeleted}, {Status: userman.StatusEnabled}, {Status: userman.StatusDisabled, Search: "jane"},
		{Directory: &directory}, {NotWelcomed: true}, {Search: "+1 2"}, {Email: "jane@example.com"},
	} {
		s := st.whereUsers(q)
		steps := queryPlan(t, db, "SELECT COUNT(*) FROM pbxusers_users"+s.sql(), s.args)
		require.Contains(t, steps, "USING COVERING INDEX", "%+v", q)
	}
}

func TestDB_Users_loginNameUsesIndex(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	where, args := whereKey(userman.UserLookup{LoginName: "jane"})
	steps := queryPlan(t, db, userTable().selectAll()+" WHERE team = ? AND "+where, append([]any{"acme"}, args...))
	require.Contains(t, steps, "(team=? AND id=?)")
	require.Contains(t, steps, "(team=? AND folded_name=?)")
	require.NotContains(t, steps, "SCAN", steps)
}

func TestUserStore_lookupsUseIndex(t *testing.T) {
	t.Parallel()
	db := newUnmigratedDB(t)
	require.NoError(t, db.migrateFS(t.Context(), migrations))
	texts := []string{
		tokenOwnerSQL(), nextMailSQL(), takeRequestSQL, userTable().selectAll() + userTable().where(), userTable().deleteByKey(), countMembersSQL, countUsersSQL, deleteGroupSQL(),
		groupTable().selectAll() + " WHERE team = ? ORDER BY priority, folded_name",
		tokenPager().sql(whereClause{conditions: []string{"team = ?", "user_id = ?"}}, " ORDER BY id", 51),
		tokenPager().sql(whereClause{conditions: []string{"team = ?"}}, " ORDER BY id", 51),
		"DELETE FROM pbxusers_user_extensions WHERE team = ? AND user_id = ?", "DELETE FROM pbxusers_memberships WHERE team = ? AND user_id = ?",
	}
	hash := []byte("hash")
	for _, key := range []userman.UserLookup{
		{Username: "jane"}, {DefaultExtension: "1001"}, {Directory: "ldap", ExternalID: "1"}, {InvitationHash: hash}, {ActivationHash: hash},
	} {
		where, _ := whereKey(key)
		texts = append(texts, userTable().selectAll()+" WHERE team = ? AND "+where)
	}
	for _, text := range texts {
		steps := queryPlan(t, db, text, make([]any, strings.Count(text, "?")))
		require.Contains(t, steps, "SEARCH", text)
		require.NotContains(t, steps, "SCAN", text)
		require.NotContains(t, steps, "TEMP B-TREE", text)
	}
}
