package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strings"

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
	return m.write(ctx, func(ctx context.Context, q querier) error {
		// Encrypted in the transaction, like AMI accounts.
		values := m.encodeAdministrator(a)
		_, err := q.ExecContext(ctx, administratorTable().insert(), values...)
		if err != nil && m.engine.isDuplicate(err) {
			return &store.AlreadyExistsError{Kind: "administrator", Field: "username"}
		}
		return m.wrapError(ctx, "create administrator", err)
	})
}

// Administrator implements [ampusers.Store].
func (m administratorStore) Administrator(ctx context.Context, username string) (found *ampusers.Administrator, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findAdministrator(ctx, q, administratorTable().where(), ampusers.FoldUsername(username), withUsername(username))
		return err
	})
	return found, err
}

// withUsername requires the username of an administrator that was found by it.
func withUsername(username string) func(*ampusers.Administrator) bool {
	return func(a *ampusers.Administrator) bool {
		return ampusers.FoldUsername(a.Username) == ampusers.FoldUsername(username)
	}
}

// AdministratorByInvitation implements [ampusers.Store].
func (m administratorStore) AdministratorByInvitation(ctx context.Context, tokenHash []byte) (found *ampusers.Administrator, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findAdministrator(ctx, q, " WHERE invitation_hash = ?", encodeHash(tokenHash), func(a *ampusers.Administrator) bool {
			return a.Credentials.Invitation != nil && bytes.Equal(a.Credentials.Invitation.TokenHash, tokenHash)
		})
		return err
	})
	return found, err
}

// findAdministrator returns the administrator of a key, if the record has the key.
func (m administratorStore) findAdministrator(ctx context.Context, q querier, where string, key any, hasKey func(*ampusers.Administrator) bool) (*ampusers.Administrator, error) {
	a, err := m.administratorDecoder().decode(q.QueryRowContext(ctx, administratorTable().selectAll()+where, key))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, administratorNotFound()
	}
	if err == nil && !hasKey(a) {
		m.logModifiedRow(ctx, "administrator")
		return nil, administratorNotFound()
	}
	return a, m.wrapError(ctx, "read administrator", err)
}

// UpdateAdministrator implements [ampusers.Store].
func (m administratorStore) UpdateAdministrator(ctx context.Context, username string, change func(*ampusers.Administrator) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		a, err := m.findAdministrator(ctx, q, administratorTable().where(), ampusers.FoldUsername(username), withUsername(username))
		if err != nil {
			return err
		}
		stored := a.Username
		if err := change(a); err != nil {
			return err
		}
		a.Username = stored
		values := m.encodeAdministrator(a)
		_, err = q.ExecContext(ctx, administratorTable().update(), administratorTable().updateArgs(values)...)
		return m.wrapError(ctx, "update administrator", err)
	})
}

// DeleteAdministrator implements [ampusers.Store].
func (m administratorStore) DeleteAdministrator(ctx context.Context, username string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, administratorTable().deleteByKey(), ampusers.FoldUsername(username))
		return m.requireAffected(ctx, "delete administrator", result, err, administratorNotFound())
	})
}

// ListAdministrators implements [ampusers.Store].
func (m administratorStore) ListAdministrators(ctx context.Context, q ampusers.Query) (*store.Page[*ampusers.Administrator], error) {
	return m.pager().page(ctx, m.DB, whereAdministrators(q), q.Sort, q.PageRequest)
}

// whereAdministrators selects like ampusers.Query.Match: the columns are folded in
// the same way.
func whereAdministrators(q ampusers.Query) whereClause {
	var s whereClause
	if q.Access != "" {
		s.and("access = ?", q.Access)
	}
	if q.EnabledOnly {
		s.and("disabled = 0")
	}
	if q.Search != "" {
		s.andSearch("(instr(folded_username, ?) > 0 OR instr(folded_display_name, ?) > 0)",
			ampusers.FoldUsername(q.Search), strings.ToLower(q.Search))
	}
	return s
}

// EachAdministrator implements [ampusers.Store].
func (m administratorStore) EachAdministrator(ctx context.Context, visit func(*ampusers.Administrator) error) error {
	return m.pager().each(ctx, m.DB, visit)
}

func (m administratorStore) pager() pager[*ampusers.Administrator] {
	return pager[*ampusers.Administrator]{
		table: administratorTable(), op: "list administrators", keyField: "username", fold: ampusers.FoldUsername,
		keys:    administratorTable().key(),
		key:     func(a *ampusers.Administrator) string { return ampusers.FoldUsername(a.Username) },
		fields:  timeColumns("created_at", "updated_at", "last_login_at"),
		decoder: func() func(scanner) (*ampusers.Administrator, error) { return m.administratorDecoder().decode },
	}
}
