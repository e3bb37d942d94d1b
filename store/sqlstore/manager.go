package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
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
	return m.write(ctx, func(ctx context.Context, q querier) error {
		// Sealed inside of the transaction: a Reseal comes before it, and with
		// it the new key, or after it, and finds the row.
		values, err := m.encodeManager(u)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, managerTable().insert(), values...)
		if err != nil && m.engine.duplicate(err) {
			return &store.ExistsError{Kind: "AMI account", Field: "name"}
		}
		return m.failed(ctx, "create AMI account", err)
	})
}

// User implements [manager.Store].
func (m managers) User(ctx context.Context, name string) (*manager.User, error) {
	var found *manager.User
	err := m.read(ctx, func(ctx context.Context, q querier) (err error) {
		found, err = m.find(ctx, q, name)
		return err
	})
	return found, err
}

func (m managers) find(ctx context.Context, q querier, name string) (*manager.User, error) {
	t := managerTable()
	u, err := m.managerDecoder().decode(q.QueryRowContext(ctx, t.selectAll()+t.where(), manager.FoldName(name)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noManager()
	}
	return u, m.failed(ctx, "read AMI account", err)
}

// UpdateUser implements [manager.Store].
func (m managers) UpdateUser(ctx context.Context, name string, change func(*manager.User) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		u, err := m.find(ctx, q, name)
		if err != nil {
			return err
		}
		kept := u.Name
		if err := change(u); err != nil {
			return err
		}
		u.Name = kept
		values, err := m.encodeManager(u)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, managerTable().update(), managerTable().updated(values)...)
		return m.failed(ctx, "update AMI account", err)
	})
}

// DeleteUser implements [manager.Store].
func (m managers) DeleteUser(ctx context.Context, name string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, managerTable().remove(), manager.FoldName(name))
		return m.requireOne(ctx, "delete AMI account", result, err, noManager())
	})
}

// ListUsers implements [manager.Store]. The columns are folded as
// manager.Query.Matches folds, and instr, unlike LIKE, has no wildcards and no
// case of its own.
func (m managers) ListUsers(ctx context.Context, q manager.Query) (*store.List[*manager.User], error) {
	var s selection
	if q.Search != "" {
		folded := strings.ToLower(q.Search)
		s.and("(instr(folded_name, ?) > 0 OR instr(folded_owner, ?) > 0 OR instr(folded_note, ?) > 0)", folded, folded, folded)
	}
	return m.managerListing().page(ctx, m.DB, s, q.Order, q.Page)
}

// EachUser implements [manager.Store].
func (m managers) EachUser(ctx context.Context, visit func(*manager.User) error) error {
	return m.managerListing().each(ctx, m.DB, visit)
}

func (m managers) managerListing() listing[*manager.User] {
	return listing[*manager.User]{
		table: managerTable(), doing: "list AMI accounts", keyField: "name", fold: manager.FoldName,
		keys: managerTable().key(),
		key:  func(u *manager.User) []string { return []string{manager.FoldName(u.Name)} },
		fields: times(map[string]func(*manager.User) time.Time{
			"created_at": func(u *manager.User) time.Time { return u.CreatedAt },
			"updated_at": func(u *manager.User) time.Time { return u.UpdatedAt },
		}),
		decoder: func() func(scanner) (*manager.User, error) { return m.managerDecoder().decode },
	}
}
