package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
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
	return m.write(ctx, func(ctx context.Context, q querier) error {
		// Sealed inside of the transaction, as AMI accounts are.
		values, err := m.encodeAdministrator(a)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, administratorTable().insert(), values...)
		if err != nil && m.engine.duplicate(err) {
			return &store.ExistsError{Kind: "administrator", Field: "username"}
		}
		return m.failed(ctx, "create administrator", err)
	})
}

// Administrator implements [ampusers.Store].
func (m administrators) Administrator(ctx context.Context, username string) (found *ampusers.Administrator, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.find(ctx, q, administratorTable().where(), ampusers.FoldUsername(username))
		return err
	})
	return found, err
}

// InvitedAdministrator implements [ampusers.Store].
func (m administrators) InvitedAdministrator(ctx context.Context, tokenHash []byte) (found *ampusers.Administrator, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.find(ctx, q, " WHERE invitation_hash = ?", encodeHash(tokenHash))
		return err
	})
	return found, err
}

func (m administrators) find(ctx context.Context, q querier, where string, key any) (*ampusers.Administrator, error) {
	a, err := m.administratorDecoder().decode(q.QueryRowContext(ctx, administratorTable().selectAll()+where, key))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noAdministrator()
	}
	return a, m.failed(ctx, "read administrator", err)
}

// UpdateAdministrator implements [ampusers.Store].
func (m administrators) UpdateAdministrator(ctx context.Context, username string, change func(*ampusers.Administrator) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		a, err := m.find(ctx, q, administratorTable().where(), ampusers.FoldUsername(username))
		if err != nil {
			return err
		}
		kept := a.Username
		if err := change(a); err != nil {
			return err
		}
		a.Username = kept
		values, err := m.encodeAdministrator(a)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, administratorTable().update(), administratorTable().updated(values)...)
		return m.failed(ctx, "update administrator", err)
	})
}

// DeleteAdministrator implements [ampusers.Store].
func (m administrators) DeleteAdministrator(ctx context.Context, username string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, administratorTable().remove(), ampusers.FoldUsername(username))
		return m.requireOne(ctx, "delete administrator", result, err, noAdministrator())
	})
}

// ListAdministrators implements [ampusers.Store].
func (m administrators) ListAdministrators(ctx context.Context, q ampusers.Query) (*store.List[*ampusers.Administrator], error) {
	return m.administratorListing().page(ctx, m.DB, selectAdministrators(q), q.Order, q.Page)
}

// selectAdministrators selects as ampusers.Query.Matches does: the columns are
// folded alike.
func selectAdministrators(q ampusers.Query) selection {
	var s selection
	if q.Access != "" {
		s.and("access = ?", q.Access)
	}
	if q.EnabledOnly {
		s.and("disabled = 0")
	}
	if q.Search != "" {
		s.and("(instr(folded_username, ?) > 0 OR instr(folded_display_name, ?) > 0)",
			ampusers.FoldUsername(q.Search), strings.ToLower(q.Search))
	}
	return s
}

// EachAdministrator implements [ampusers.Store].
func (m administrators) EachAdministrator(ctx context.Context, visit func(*ampusers.Administrator) error) error {
	return m.administratorListing().each(ctx, m.DB, visit)
}

func (m administrators) administratorListing() listing[*ampusers.Administrator] {
	return listing[*ampusers.Administrator]{
		table: administratorTable(), doing: "list administrators", keyField: "username", fold: ampusers.FoldUsername,
		keys: administratorTable().key(),
		key:  func(a *ampusers.Administrator) []string { return []string{ampusers.FoldUsername(a.Username)} },
		fields: times(map[string]func(*ampusers.Administrator) time.Time{
			"created_at":    func(a *ampusers.Administrator) time.Time { return a.CreatedAt },
			"updated_at":    func(a *ampusers.Administrator) time.Time { return a.UpdatedAt },
			"last_login_at": func(a *ampusers.Administrator) time.Time { return a.LastLoginAt },
		}),
		decoder: func() func(scanner) (*ampusers.Administrator, error) { return m.administratorDecoder().decode },
	}
}
