package memstore

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccountStore is the store of AMI accounts.
type amiAccountStore struct{ *DB }

// AMIAccounts returns the store of AMI accounts.
func (db *DB) AMIAccounts() manager.Store { return amiAccountStore{db} }

func amiAccountNotFound() error { return &store.NotFoundError{Kind: "AMI account"} }

// CreateAccount implements [manager.Store].
func (m amiAccountStore) CreateAccount(ctx context.Context, u *manager.Account) error {
	key := manager.FoldName(u.Name)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			if _, found := s.amiAccounts.get(key); found {
				return &store.AlreadyExistsError{Kind: "AMI account", Field: "name"}
			}
			s.amiAccounts.put(key, storedAMIAccount(u))
			return nil
		})
	})
}

// Account implements [manager.Store].
func (m amiAccountStore) Account(ctx context.Context, name string) (*manager.Account, error) {
	var found *manager.Account
	err := m.read(ctx, func(s *state) error {
		u, ok := s.amiAccounts.get(manager.FoldName(name))
		if !ok {
			return amiAccountNotFound()
		}
		found = u.Clone()
		return nil
	})
	return found, err
}

// UpdateAccount implements [manager.Store].
func (m amiAccountStore) UpdateAccount(ctx context.Context, name string, change func(*manager.Account) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		var u *manager.Account
		if err := tx.withState(ctx, func(s *state) error {
			stored, found := s.amiAccounts.get(manager.FoldName(name))
			if !found {
				return amiAccountNotFound()
			}
			u = stored.Clone()
			return nil
		}); err != nil {
			return err
		}
		// Without the lock: change may read the store.
		name := u.Name
		if err := change(u); err != nil {
			return err
		}
		u.Name = name
		return tx.withState(ctx, func(s *state) error {
			s.amiAccounts.put(manager.FoldName(name), storedAMIAccount(u))
			return nil
		})
	})
}

// DeleteAccount implements [manager.Store].
func (m amiAccountStore) DeleteAccount(ctx context.Context, name string) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			if !s.amiAccounts.remove(manager.FoldName(name)) {
				return amiAccountNotFound()
			}
			return nil
		})
	})
}

// ListAccounts implements [manager.Store].
func (m amiAccountStore) ListAccounts(ctx context.Context, q manager.Query) (list *store.Page[*manager.Account], err error) {
	err = m.read(ctx, func(s *state) (err error) {
		list, err = amiAccountPager().page(&s.amiAccounts, q.Match, q.Sort, q.PageRequest)
		return err
	})
	return list, err
}

func amiAccountPager() pager[*manager.Account] {
	return pager[*manager.Account]{
		keyField: "name", fold: manager.FoldName, clone: (*manager.Account).Clone,
		timeFields: map[string]func(*manager.Account) time.Time{
			"created_at": func(u *manager.Account) time.Time { return u.CreatedAt },
			"updated_at": func(u *manager.Account) time.Time { return u.UpdatedAt },
		},
	}
}

// EachAccount implements [manager.Store].
func (m amiAccountStore) EachAccount(ctx context.Context, visit func(*manager.Account) error) error {
	return forEach(ctx, m.DB, func(s *state) *table[*manager.Account] { return &s.amiAccounts }, (*manager.Account).Clone, visit)
}

// storedAMIAccount returns a copy in the precision of a database.
func storedAMIAccount(u *manager.Account) *manager.Account {
	stored := u.Clone()
	truncateTimes(&stored.CreatedAt, &stored.UpdatedAt, &stored.SecretChangedAt)
	return stored
}
