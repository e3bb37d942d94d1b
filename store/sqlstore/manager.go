package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// eachBatch is how many records EachUser has in memory at a time.
const eachBatch = 500

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
		// The key comes last in an update.
		_, err = q.ExecContext(ctx, managerTable().update(), append(values[1:], values[0])...)
		return m.failed(ctx, "update AMI account", err)
	})
}

// DeleteUser implements [manager.Store].
func (m managers) DeleteUser(ctx context.Context, name string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, managerTable().remove(), manager.FoldName(name))
		if err != nil {
			return m.failed(ctx, "delete AMI account", err)
		}
		if deleted, err := result.RowsAffected(); err != nil || deleted > 0 {
			return m.failed(ctx, "delete AMI account", err)
		}
		return noManager()
	})
}

// ListUsers implements [manager.Store].
func (m managers) ListUsers(ctx context.Context, q manager.Query) (*store.List[*manager.User], error) {
	limit := q.Clamped()
	list := &store.List[*manager.User]{}
	err := m.read(ctx, func(ctx context.Context, db querier) (err error) {
		// One more tells whether there is a next page.
		list.Items, err = m.page(ctx, db, manager.FoldName(q.After), q.Search, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = manager.FoldName(list.Items[limit-1].Name)
	}
	return list, nil
}

// EachUser implements [manager.Store]. It reads in batches, so that visit may
// use the same connection.
func (m managers) EachUser(ctx context.Context, visit func(*manager.User) error) error {
	return m.snapshot(ctx, func(q querier) error {
		for after := ""; ; {
			users, err := m.page(ctx, q, after, "", eachBatch)
			if err != nil {
				return err
			}
			for _, u := range users {
				if err := ctx.Err(); err != nil {
					return err
				}
				after = manager.FoldName(u.Name) // visit may change u
				if err := visit(u); err != nil {
					return err
				}
			}
			if len(users) < eachBatch {
				return nil
			}
		}
	})
}

// page returns the first users after the folded name that match search. The
// columns are folded as manager.Query.Matches folds, and instr, unlike LIKE,
// has no wildcards and no case of its own.
func (m managers) page(ctx context.Context, q querier, after, search string, limit int) ([]*manager.User, error) {
	query, args := managerTable().selectAll()+" WHERE folded_name > ?", []any{after}
	if search != "" {
		query += " AND (instr(folded_name, ?) > 0 OR instr(folded_owner, ?) > 0 OR instr(folded_note, ?) > 0)"
		folded := strings.ToLower(search)
		args = append(args, folded, folded, folded)
	}
	rows, err := q.QueryContext(ctx, query+" ORDER BY folded_name LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, m.failed(ctx, "list AMI accounts", err)
	}
	defer func() { _ = rows.Close() }()
	users, decoder := make([]*manager.User, 0, min(limit, eachBatch)), m.managerDecoder()
	for rows.Next() {
		u, err := decoder.decode(rows)
		if err != nil {
			return nil, m.failed(ctx, "list AMI accounts", err)
		}
		users = append(users, u)
	}
	return users, m.failed(ctx, "list AMI accounts", rows.Err())
}
