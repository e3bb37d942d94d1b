package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// administrators are the administrators of a DB.
type administrators struct{ *DB }

// Administrators returns the store of administrators.
func (db *DB) Administrators() ampusers.Store { return administrators{db} }

func noAdministrator() error { return &store.NotFoundError{Kind: "administrator"} }

// CreateAdministrator implements [ampusers.Store].
func (m administrators) CreateAdministrator(ctx context.Context, a *ampusers.Administrator) error {
	key := ampusers.FoldUsername(a.Username)
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			if _, found := s.administrators.get(key); found {
				return &store.ExistsError{Kind: "administrator", Field: "username"}
			}
			s.administrators.put(key, keptAdministrator(a))
			return nil
		})
	})
}

// Administrator implements [ampusers.Store].
func (m administrators) Administrator(ctx context.Context, username string) (*ampusers.Administrator, error) {
	return m.find(ctx, func(s *state) (*ampusers.Administrator, bool) {
		return s.administrators.get(ampusers.FoldUsername(username))
	})
}

// InvitedAdministrator implements [ampusers.Store].
func (m administrators) InvitedAdministrator(ctx context.Context, tokenHash []byte) (*ampusers.Administrator, error) {
	return m.find(ctx, func(s *state) (*ampusers.Administrator, bool) {
		for _, row := range s.administrators.rows {
			invitation := row.value.Credentials.Invitation
			if invitation != nil && len(tokenHash) > 0 && bytes.Equal(invitation.TokenHash, tokenHash) {
				return row.value, true
			}
		}
		return nil, false
	})
}

// find returns a copy of the administrator that look finds.
func (m administrators) find(ctx context.Context, look func(*state) (*ampusers.Administrator, bool)) (found *ampusers.Administrator, err error) {
	err = m.read(ctx, func(s *state) error {
		a, ok := look(s)
		if !ok {
			return noAdministrator()
		}
		found = a.Clone()
		return nil
	})
	return found, err
}

// UpdateAdministrator implements [ampusers.Store].
func (m administrators) UpdateAdministrator(ctx context.Context, username string, change func(*ampusers.Administrator) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		a, err := m.Administrator(ctx, username)
		if err != nil {
			return err
		}
		// Outside of the lock: change may read the store.
		kept := a.Username
		if err := change(a); err != nil {
			return err
		}
		a.Username = kept
		return tx.do(ctx, func(s *state) error {
			s.administrators.put(ampusers.FoldUsername(kept), keptAdministrator(a))
			return nil
		})
	})
}

// DeleteAdministrator implements [ampusers.Store].
func (m administrators) DeleteAdministrator(ctx context.Context, username string) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			if !s.administrators.remove(ampusers.FoldUsername(username)) {
				return noAdministrator()
			}
			return nil
		})
	})
}

// ListAdministrators implements [ampusers.Store].
func (m administrators) ListAdministrators(ctx context.Context, q ampusers.Query) (list *store.List[*ampusers.Administrator], err error) {
	err = m.read(ctx, func(s *state) (err error) {
		list, err = administratorListing().page(&s.administrators, q.Matcher(), q.Order, q.Page)
		return err
	})
	return list, err
}

func administratorListing() listing[*ampusers.Administrator] {
	return listing[*ampusers.Administrator]{
		keyField: "username", fold: ampusers.FoldUsername, clone: (*ampusers.Administrator).Clone,
		times: map[string]func(*ampusers.Administrator) time.Time{
			"created_at":    func(a *ampusers.Administrator) time.Time { return a.CreatedAt },
			"updated_at":    func(a *ampusers.Administrator) time.Time { return a.UpdatedAt },
			"last_login_at": func(a *ampusers.Administrator) time.Time { return a.LastLoginAt },
		},
	}
}

// EachAdministrator implements [ampusers.Store].
func (m administrators) EachAdministrator(ctx context.Context, visit func(*ampusers.Administrator) error) error {
	all := func(s *state) *table[*ampusers.Administrator] { return &s.administrators }
	return each(ctx, m.DB, all, (*ampusers.Administrator).Clone, visit)
}

// keptAdministrator returns a copy as a database would keep it.
func keptAdministrator(a *ampusers.Administrator) *ampusers.Administrator {
	kept := a.Clone()
	kept.HasPassword, kept.HasSecondFactor, kept.InvitedUntil = false, false, time.Time{}
	keepTimes(&kept.CreatedAt, &kept.UpdatedAt, &kept.PasswordChangedAt, &kept.LastLoginAt)
	keepCredentials(&kept.Credentials)
	return kept
}
