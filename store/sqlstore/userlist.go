package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// ListUsers implements [userman.Store].
func (m userStore) ListUsers(ctx context.Context, q userman.Query) (*store.Page[*userman.User], error) {
	list, err := m.pager().page(ctx, m.DB, m.whereUsers(q), q.Sort, q.PageRequest)
	if err != nil || q.Email == "" && q.Extension == "" {
		return list, err
	}
	// A login by email, or the owner of an extension, must not be another user.
	match := q.MatchFunc()
	list.Items = slices.DeleteFunc(list.Items, func(u *userman.User) bool {
		if match(u) {
			return false
		}
		m.logModifiedRow(ctx, userman.KindUser)
		return true
	})
	return list, nil
}

// whereUsers selects like userman.Query.Match: the columns are folded in the same
// way.
func (m userStore) whereUsers(q userman.Query) whereClause {
	var s whereClause
	s.and("team = ?", m.team)
	if q.Extension == "" {
		s.and("deleted = ?", q.Status == userman.StatusDeleted)
	} else {
		// Few users match: they are found first and then sorted. The addition keeps
		// the database from scanning all users in order instead.
		s.and("id IN (SELECT user_id FROM pbxusers_user_extensions WHERE team = ? AND extension = ?)", m.team, q.Extension)
		s.and("deleted + 0 = ?", q.Status == userman.StatusDeleted)
	}
	switch q.Status {
	case "", userman.StatusDeleted:
	case userman.StatusEnabled, userman.StatusDisabled:
		s.and("disabled = ?", q.Status == userman.StatusDisabled)
	default:
		s.and("1 = 0")
	}
	if q.Email != "" {
		s.and("folded_email = ?", userman.FoldSearch(q.Email))
	}
	if q.Directory != nil {
		s.and("directory = ?", *q.Directory)
	}
	if q.NotWelcomed {
		s.and("welcomed_at = ?", zeroMicro())
	}
	if q.NoPassword {
		s.and("password_hash = '' AND directory = ''")
	}
	if q.Group != "" {
		// Many users may match: each is checked.
		s.and(`EXISTS (SELECT 1 FROM pbxusers_memberships m
			WHERE m.team = pbxusers_users.team AND m.user_id = pbxusers_users.id AND m.folded_group = ?)`, userman.FoldGroupName(q.Group))
	}
	m.addSearch(&s, q.Search)
	return s
}

// addSearch adds the condition of a search. Unlike LIKE, instr has no wildcards and
// is case-sensitive.
func (m userStore) addSearch(s *whereClause, search string) {
	if search == "" {
		return
	}
	const contains = "instr(search_text, ?) > 0"
	var conditions []string
	var args []any
	for _, word := range userman.SearchWords(search) {
		conditions, args = append(conditions, contains), append(args, word)
	}
	condition := strings.Join(conditions, " AND ")
	if digits := userman.SearchDigits(search); digits != "" {
		condition, args = "("+condition+" OR "+contains+")", append(args, digits)
	}
	s.andSearch(condition, args...)
}

func (m userStore) pager() pager[*userman.User] {
	fields := timeColumns("created_at", "updated_at", "last_login_at")
	fields["default_extension"] = sortColumn{name: "default_extension"}
	fields["last_name"] = sortColumn{name: "folded_last_name"}
	return pager[*userman.User]{
		table: userTable(), op: "list users", keyField: "username", keys: []string{"folded_username", "id"},
		fields:  fields,
		decoder: func() func(scanner) (*userman.User, error) { return m.userDecoder().decode },
	}
}

// EachUser implements [userman.Store].
func (m userStore) EachUser(ctx context.Context, visit func(*userman.User) error) error {
	batch := func(q querier, after *string) ([]*userman.User, error) {
		var s whereClause
		s.and("team = ?", m.team)
		if after != nil {
			s.and("id > ?", *after)
		}
		text := userTable().selectAll() + s.sql() + " ORDER BY id" + limitSQL(iterationBatch)
		return query(ctx, m.DB, q, "list users", text, s.args, m.userDecoder().decode)
	}
	return forEach(ctx, m.DB, batch, func(u *userman.User) string { return string(u.ID) }, visit)
}
