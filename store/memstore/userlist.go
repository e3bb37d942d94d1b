package memstore

import (
	"cmp"
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
	"github.com/pbxusers/pbxusers/userman"
)

// userOrders returns what people are sorted by before the key.
func userOrders() map[string]func(u *userman.User) cursor.Position {
	return map[string]func(u *userman.User) cursor.Position{
		"username":          func(*userman.User) cursor.Position { return nil },
		"default_extension": func(u *userman.User) cursor.Position { return cursor.Position{u.DefaultExtension} },
		"last_name":         func(u *userman.User) cursor.Position { return cursor.Position{userman.FoldSearch(u.LastName)} },
		"created_at":        func(u *userman.User) cursor.Position { return cursor.Position{sortableTime(u.CreatedAt)} },
		"updated_at":        func(u *userman.User) cursor.Position { return cursor.Position{sortableTime(u.UpdatedAt)} },
		"last_login_at":     func(u *userman.User) cursor.Position { return cursor.Position{sortableTime(u.LastLoginAt)} },
	}
}

// ListUsers implements [userman.Store].
func (m people) ListUsers(ctx context.Context, q userman.Query) (list *store.List[*userman.User], err error) {
	q.Order.By = cmp.Or(q.Order.By, "username")
	by, known := userOrders()[q.Order.By]
	if !known {
		return nil, refuse.Sort()
	}
	place := func(r row[*userman.User]) placed[*userman.User] {
		return placed[*userman.User]{r, append(by(r.value), userman.FoldUsername(r.value.Username), r.key)}
	}
	values := len(by(&userman.User{})) + 2
	err = m.view(ctx, func(t *team) (err error) {
		l := listing[*userman.User]{clone: (*userman.User).Clone}
		list, err = l.sorted(t.users.rows, q.Matcher(), sorting[*userman.User]{q.Order, values, place}, q.Page)
		return err
	})
	return list, err
}
