package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// administratorStore is the store of administrators.
type administratorStore struct{ *DB }

// Administrators returns the store of administrators.
func (db *DB) Administrators() ampusers.Store { return administratorStore{db} }

func administratorNotFound() error { return &store.NotFoundError{Kind: "administrator"} }

// CreateAdministrator implements [ampusers.Store].
func (m administratorStore) CreateAdministrator(ctx context.Context, a *ampusers.Administrator) error {
	key := ampusers.FoldUsername(a.Username)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			if _, found := s.administrators.get(key); found {
				return &store.AlreadyExistsError{Kind: "administrator", Field: "username"}
			}
			s.administrators.put(key, storedAdministrator(a))
			return nil
		})
	})
}

// Administrator implements [ampusers.Store].
func (m administratorStore) Administrator(ctx context.Context, username string) (*ampusers.Administrator, error) {
	return m.findAdministrator(ctx, func(s *state) (*ampusers.Administrator, bool) {
		return s.administrators.get(ampusers.FoldUsername(username))
	})
}

// AdministratorByInvitation implements [ampusers.Store].
func (m administratorStore) AdministratorByInvitation(ctx context.Context, tokenHash []byte) (*ampusers.Administrator, error) {
	return m.findAdministrator(ctx, func(s *state) (*ampusers.Administrator, bool) {
		for _, row := range s.administrators.rows {
			invitation := row.value.Credentials.Invitation
			if invitation != nil && len(tokenHash) > 0 && bytes.Equal(invitation.TokenHash, tokenHash) {
				return row.value, true
			}
		}
		return nil, false
	})
}

// findAdministrator returns a copy of the administrator that lookup finds.
func (m administratorStore) findAdministrator(ctx context.Context, lookup func(*state) (*ampusers.Administrator, bool)) (found *ampusers.Administrator, err error) {
	err = m.read(ctx, func(s *state) error {
		a, ok := lookup(s)
		if !ok {
			return administratorNotFound()
		}
		found = a.Clone()
		return nil
	})
	return found, err
}

// UpdateAdministrator implements [ampusers.Store].
func (m administratorStore) UpdateAdministrator(ctx context.Context, username string, change func(*ampusers.Administrator) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		a, err := m.Administrator(ctx, username)
		if err != nil {
			return err
		}
		// Without the lock: change may read the store.
		stored := a.Username
		if err := change(a); err != nil {
			return err
		}
		a.Username = stored
		return tx.withState(ctx, func(s *state) error {
			s.administrators.put(ampusers.FoldUsername(stored), storedAdministrator(a))
			return nil
		})
	})
}

// DeleteAdministrator implements [ampusers.Store].
func (m administratorStore) DeleteAdministrator(ctx context.Context, username string) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			if !s.administrators.remove(ampusers.FoldUsername(username)) {
				return administratorNotFound()
			}
			return nil
		})
	})
}

// ListAdministrators implements [ampusers.Store].
func (m administratorStore) ListAdministrators(ctx context.Context, q ampusers.Query) (list *store.Page[*ampusers.Administrator], err error) {
	err = m.read(ctx, func(s *state) (err error) {
		list, err = administratorPager().page(&s.administrators, q.MatchFunc(), q.Sort, q.PageRequest)
		return err
	})
	return list, err
}

func administratorPager() pager[*ampusers.Administrator] {
	return pager[*ampusers.Administrator]{
		keyField: "username", fold: ampusers.FoldUsername, clone: (*ampusers.Administrator).Clone,
		timeFields: map[string]func(*ampusers.Administrator) time.Time{
			"created_at":    func(a *ampusers.Administrator) time.Time { return a.CreatedAt },
			"updated_at":    func(a *ampusers.Administrator) time.Time { return a.UpdatedAt },
			"last_login_at": func(a *ampusers.Administrator) time.Time { return a.LastLoginAt },
		},
	}
}

// EachAdministrator implements [ampusers.Store].
func (m administratorStore) EachAdministrator(ctx context.Context, visit func(*ampusers.Administrator) error) error {
	all := func(s *state) *table[*ampusers.Administrator] { return &s.administrators }
	return forEach(ctx, m.DB, all, (*ampusers.Administrator).Clone, visit)
}

// storedAdministrator returns a copy in the precision of a database.
func storedAdministrator(a *ampusers.Administrator) *ampusers.Administrator {
	stored := a.Clone()
	stored.HasPassword, stored.HasSecondFactor, stored.InvitationExpiresAt = false, false, time.Time{}
	truncateTimes(&stored.CreatedAt, &stored.UpdatedAt, &stored.PasswordChangedAt, &stored.LastLoginAt, &stored.CredentialsRevokedAt)
	truncateCredentials(&stored.Credentials)
	return stored
}
