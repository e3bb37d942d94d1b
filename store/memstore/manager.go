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
func (m managers) ListUsers(ctx context.Context, q manager.Query) (list *store.List[*manager.User], err error) {
	err = m.read(ctx, func(s *state) (err error) {
		list, err = managerListing().page(&s.managers, q.Matches, q.Order, q.Page)
		return err
	})
	return list, err
}

func managerListing() listing[*manager.User] {
	return listing[*manager.User]{
		keyField: "name", fold: manager.FoldName, clone: (*manager.User).Clone,
		times: map[string]func(*manager.User) time.Time{
			"created_at": func(u *manager.User) time.Time { return u.CreatedAt },
			"updated_at": func(u *manager.User) time.Time { return u.UpdatedAt },
		},
	}
}

// EachUser implements [manager.Store].
func (m managers) EachUser(ctx context.Context, visit func(*manager.User) error) error {
	return each(ctx, m.DB, func(s *state) *table[*manager.User] { return &s.managers }, (*manager.User).Clone, visit)
}

// keptManager returns a copy as a database would keep it.
func keptManager(u *manager.User) *manager.User {
	kept := u.Clone()
	keepTimes(&kept.CreatedAt, &kept.UpdatedAt, &kept.SecretChangedAt)
	return kept
}
