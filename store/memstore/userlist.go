package memstore

import (
	"cmp"
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
	"github.com/pbxusers/pbxusers/userman"
)

// userSortKeys returns the sort values of users before the key, by field.
func userSortKeys() map[string]func(u *userman.User) cursor.Position {
	return map[string]func(u *userman.User) cursor.Position{
		"username":          func(*userman.User) cursor.Position { return nil },
		"default_extension": func(u *userman.User) cursor.Position { return cursor.Position{u.DefaultExtension} },
		"last_name":         func(u *userman.User) cursor.Position { return cursor.Position{userman.FoldSearch(u.LastName)} },
		"created_at":        func(u *userman.User) cursor.Position { return cursor.Position{sortableTime(u.CreatedAt)} },
		"updated_at":        func(u *userman.User) cursor.Position { return cursor.Position{sortableTime(u.UpdatedAt)} },
		"last_login_at":     func(u *userman.User) cursor.Position { return cursor.Position{sortableTime(u.LastLoginAt)} },
	}
}

// CountByDirectory implements [userman.Store].
func (m userStore) CountByDirectory(ctx context.Context) (map[string]int, error) {
	users := map[string]int{}
	err := m.readTeam(ctx, func(t *team) error {
		for _, row := range t.users.rows {
			if u := row.value; u.DeletedAt.IsZero() && u.ExternalID != "" {
				users[u.Directory]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

// ListUsers implements [userman.Store].
func (m userStore) ListUsers(ctx context.Context, q userman.Query) (list *store.Page[*userman.User], err error) {
	q.Sort.By = cmp.Or(q.Sort.By, "username")
	sortKey, known := userSortKeys()[q.Sort.By]
	if !known {
		return nil, storeerr.NewSortError()
	}
	position := func(r row[*userman.User]) positionedRow[*userman.User] {
		return positionedRow[*userman.User]{r, append(sortKey(r.value), userman.FoldUsername(r.value.Username), r.key)}
	}
	width := len(sortKey(&userman.User{})) + 2
	err = m.readTeam(ctx, func(t *team) (err error) {
		l := pager[*userman.User]{clone: (*userman.User).Clone}
		list, err = l.sortedPage(t.users.rows, q.MatchFunc(), sorter[*userman.User]{q.Sort, width, position}, q.PageRequest)
		return err
	})
	return list, err
}
