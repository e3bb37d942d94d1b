package memstore

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// managers are the AMI accounts of a DB.
type managers struct{ *DB }

// Managers returns the store of AMI accounts.
func (db *DB) Managers() manager.Store { return managers{db} }

func noManager() error { return &store.NotFoundError{Kind: "AMI account"} }

// CreateUser implements [manager.Store].
func (m managers) CreateUser(ctx context.Context, u *manager.User) error {
	key := manager.FoldName(u.Name)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			if _, found := s.managers.get(key); found {
				return &store.ExistsError{Kind: "AMI account", Field: "name"}
			}
			s.managers.put(key, keptManager(u))
			return nil
		})
	})
}

// User implements [manager.Store].
func (m managers) User(ctx context.Context, name string) (*manager.User, error) {
	var found *manager.User
	err := m.read(ctx, func(s *state) error {
		u, ok := s.managers.get(manager.FoldName(name))
		if !ok {
			return noManager()
		}
		found = u.Clone()
		return nil
	})
	return found, err
}

// UpdateUser implements [manager.Store].
func (m managers) UpdateUser(ctx context.Context, name string, change func(*manager.User) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		var u *manager.User
		if err := tx.do(ctx, func(s *state) error {
			stored, found := s.managers.get(manager.FoldName(name))
			if !found {
				return noManager()
			}
			u = stored.Clone()
			return nil
		}); err != nil {
			return err
		}
		// Outside of the lock: change may read the store.
		name := u.Name
		if err := change(u); err != nil {
			return err
		}
		u.Name = name
		return tx.do(ctx, func(s *state) error {
			s.managers.put(manager.FoldName(name), keptManager(u))
			return nil
		})
	})
}

// DeleteUser implements [manager.Store].
func (m managers) DeleteUser(ctx context.Context, name string) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			if !s.managers.remove(manager.FoldName(name)) {
				return noManager()
			}
			return nil
		})
	})
}

// ListUsers implements [manager.Store].
func (m managers) ListUsers(ctx context.Context, q manager.Query) (*store.List[*manager.User], error) {
	list := &store.List[*manager.User]{Items: []*manager.User{}}
	err := m.read(ctx, func(s *state) error {
		for _, row := range s.managers.after(manager.FoldName(q.After)) {
			if !q.Matches(row.value) {
				continue
			}
			if len(list.Items) == q.Clamped() {
				list.Next = manager.FoldName(list.Items[len(list.Items)-1].Name)
				break
			}
			list.Items = append(list.Items, row.value.Clone())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// EachUser implements [manager.Store].
func (m managers) EachUser(ctx context.Context, visit func(*manager.User) error) error {
	var rows []row[*manager.User]
	if err := m.read(ctx, func(s *state) error {
		rows = s.managers.all()
		return nil
	}); err != nil {
		return err
	}
	for _, row := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(row.value.Clone()); err != nil {
			return err
		}
	}
	return nil
}

// keptManager returns a copy as a database would keep it.
func keptManager(u *manager.User) *manager.User {
	kept := u.Clone()
	for _, t := range []*time.Time{&kept.CreatedAt, &kept.UpdatedAt, &kept.SecretChangedAt} {
		*t = t.UTC().Truncate(time.Microsecond)
	}
	return kept
}
