package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// intoLoginNames is the target of inserted login names.
const intoLoginNames = "pbxusers_login_names (team, folded_name, user_id)"

// LoginFields implements [userman.Store].
func (m userStore) LoginFields(ctx context.Context) (fields userman.LoginFields, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		fields, err = m.loginFields(ctx, q)
		return err
	})
	return fields, err
}

func (m userStore) loginFields(ctx context.Context, q querier) (fields userman.LoginFields, err error) {
	row := q.QueryRowContext(ctx, "SELECT email, default_extension FROM pbxusers_login_fields WHERE team = ?", m.team)
	if err = row.Scan(flag{&fields.Email, "email"}, flag{&fields.DefaultExtension, "default_extension"}); errors.Is(err, sql.ErrNoRows) {
		return userman.LoginFields{}, nil
	}
	return fields, m.wrapError(ctx, "read login fields", err)
}

// SetLoginFields implements [userman.Store].
func (m userStore) SetLoginFields(ctx context.Context, fields userman.LoginFields) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		// All login names first: a domain error leaves the transaction as it is.
		names, err := m.allLoginNames(ctx, fields)
		if err != nil {
			return err
		}
		for _, table := range []string{"pbxusers_login_names", "pbxusers_login_fields"} {
			if _, err := q.ExecContext(ctx, "DELETE FROM "+table+" WHERE team = ?", m.team); err != nil {
				return m.wrapError(ctx, "write login fields", err)
			}
		}
		if fields.IsZero() {
			return nil
		}
		if _, err := q.ExecContext(ctx, "INSERT INTO pbxusers_login_fields (team, email, default_extension) VALUES (?, ?, ?)",
			m.team, fields.Email, fields.DefaultExtension); err != nil {
			return m.wrapError(ctx, "write login fields", err)
		}
		for _, rows := range names {
			if err := m.insertRows(ctx, q, intoLoginNames, 3, rows); err != nil {
				return err
			}
		}
		return nil
	})
}

// loginNameBatch is the number of login names in one statement.
const loginNameBatch = 300

// allLoginNames returns the rows of the login names of all users, in batches. It
// returns a [store.AlreadyExistsError] if two users have the same one.
func (m userStore) allLoginNames(ctx context.Context, fields userman.LoginFields) (batches [][]any, err error) {
	seen := map[string]bool{}
	var rows []any
	err = m.EachUser(ctx, func(u *userman.User) error {
		for _, name := range fields.LoginNames(u) {
			if seen[name.Folded] {
				return loginNameExists(name)
			}
			seen[name.Folded] = true
			if rows = append(rows, m.team, name.Folded, u.ID); len(rows) >= 3*loginNameBatch {
				batches, rows = append(batches, rows), nil
			}
		}
		return nil
	})
	return append(batches, rows), err
}

func loginNameExists(name userman.LoginName) error {
	return &store.AlreadyExistsError{Kind: userman.KindUser, Field: name.Field, LoginName: true}
}

// freeLoginNames returns the login names of u. It returns a [store.AlreadyExistsError] if
// another user has one of them, or another unique value of u. It runs before u is
// written, so that this error leaves the transaction as it is.
func (m userStore) freeLoginNames(ctx context.Context, q querier, u *userman.User) ([]userman.LoginName, error) {
	fields, err := m.loginFields(ctx, q)
	if err != nil {
		return nil, err
	}
	names := fields.LoginNames(u)
	for _, name := range names {
		var taken bool
		const text = "SELECT EXISTS (SELECT 1 FROM pbxusers_login_names WHERE team = ? AND folded_name = ? AND user_id <> ?)"
		if err := q.QueryRowContext(ctx, text, m.team, name.Folded, u.ID).Scan(&taken); err != nil {
			return nil, m.wrapError(ctx, "read login names", err)
		}
		if taken {
			if err := m.conflict(ctx, q, u); err != nil {
				return nil, err
			}
			return nil, loginNameExists(name)
		}
	}
	return names, nil
}
