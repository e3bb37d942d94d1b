package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

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
	return m.write(ctx, func(ctx context.Context, q querier) error {
		// Encrypted in the transaction: a Reencrypt runs before it, and then the
		// new key is used, or after it, and then it finds the row.
		values, err := m.encodeAMIAccount(u)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, amiAccountTable().insert(), values...)
		if err != nil && m.engine.isDuplicate(err) {
			return &store.AlreadyExistsError{Kind: "AMI account", Field: "name"}
		}
		return m.wrapError(ctx, "create AMI account", err)
	})
}

// Account implements [manager.Store].
func (m amiAccountStore) Account(ctx context.Context, name string) (*manager.Account, error) {
	var found *manager.Account
	err := m.read(ctx, func(ctx context.Context, q querier) (err error) {
		found, err = m.findAMIAccount(ctx, q, name)
		return err
	})
	return found, err
}

func (m amiAccountStore) findAMIAccount(ctx context.Context, q querier, name string) (*manager.Account, error) {
	t := amiAccountTable()
	u, err := m.amiAccountDecoder().decode(q.QueryRowContext(ctx, t.selectAll()+t.where(), manager.FoldName(name)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, amiAccountNotFound()
	}
	if err == nil && manager.FoldName(u.Name) != manager.FoldName(name) {
		m.logModifiedRow(ctx, "AMI account")
		return nil, amiAccountNotFound()
	}
	return u, m.wrapError(ctx, "read AMI account", err)
}

// UpdateAccount implements [manager.Store].
func (m amiAccountStore) UpdateAccount(ctx context.Context, name string, change func(*manager.Account) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		u, err := m.findAMIAccount(ctx, q, name)
		if err != nil {
			return err
		}
		stored := u.Name
		if err := change(u); err != nil {
			return err
		}
		u.Name = stored
		values, err := m.encodeAMIAccount(u)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, amiAccountTable().update(), amiAccountTable().updateArgs(values)...)
		return m.wrapError(ctx, "update AMI account", err)
	})
}

// DeleteAccount implements [manager.Store].
func (m amiAccountStore) DeleteAccount(ctx context.Context, name string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, amiAccountTable().deleteByKey(), manager.FoldName(name))
		return m.requireAffected(ctx, "delete AMI account", result, err, amiAccountNotFound())
	})
}

// ListAccounts implements [manager.Store]. The columns are folded like in
// manager.Query.Match. Unlike LIKE, instr has no wildcards and is case-sensitive.
func (m amiAccountStore) ListAccounts(ctx context.Context, q manager.Query) (*store.Page[*manager.Account], error) {
	var s whereClause
	if q.Search != "" {
		folded := strings.ToLower(q.Search)
		s.andSearch("(instr(folded_name, ?) > 0 OR instr(folded_owner, ?) > 0 OR instr(folded_note, ?) > 0)", folded, folded, folded)
	}
	return m.pager().page(ctx, m.DB, s, q.Sort, q.PageRequest)
}

// EachAccount implements [manager.Store].
func (m amiAccountStore) EachAccount(ctx context.Context, visit func(*manager.Account) error) error {
	return m.pager().each(ctx, m.DB, visit)
}

func (m amiAccountStore) pager() pager[*manager.Account] {
	return pager[*manager.Account]{
		table: amiAccountTable(), op: "list AMI accounts", keyField: "name", fold: manager.FoldName,
		keys:    amiAccountTable().key(),
		key:     func(u *manager.Account) string { return manager.FoldName(u.Name) },
		fields:  timeColumns("created_at", "updated_at"),
		decoder: func() func(scanner) (*manager.Account, error) { return m.amiAccountDecoder().decode },
	}
}
