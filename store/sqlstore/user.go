package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// teamStore stores the records of one team.
type teamStore struct {
	*DB
	team string
}

// userStore is the store of the users of a team, and tokenStore the store of their
// API tokens.
type (
	userStore  struct{ teamStore }
	tokenStore struct{ teamStore }
)

// Users returns the store of the users of a team; "" is the default team.
func (db *DB) Users(team string) userman.Store { return userStore{teamStore{db, team}} }

// Tokens returns the store of the API tokens of a team; "" is the default team.
func (db *DB) Tokens(team string) apitoken.Store { return tokenStore{teamStore{db, team}} }

// Team implements [userman.Store] and [apitoken.Store].
func (m teamStore) Team() string { return m.team }

func userNotFound() error { return &store.NotFoundError{Kind: userman.KindUser} }

// CreateUser implements [userman.Store].
func (m userStore) CreateUser(ctx context.Context, u *userman.User) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		stored := *u
		folded, err := m.resolveGroups(ctx, q, &stored)
		if err != nil {
			return err
		}
		values, err := m.encodeUser(&stored)
		if err != nil {
			return err
		}
		names, err := m.freeLoginNames(ctx, q, &stored)
		if err == nil {
			err = m.upsertUser(ctx, q, &stored, userTable().insert(), values)
		}
		if err != nil {
			return m.explainDuplicate(ctx, q, u.ID, err)
		}
		return m.index(ctx, q, &stored, folded, names)
	})
}

// explainDuplicate returns the error of a row that could not be inserted, on its ID if
// another user has it.
func (m userStore) explainDuplicate(ctx context.Context, q querier, id store.UserID, failed error) error {
	if !errors.Is(failed, store.ErrAlreadyExists) && !m.engine.isDuplicate(failed) {
		return failed
	}
	switch err := m.requireUser(ctx, q, id); {
	case err == nil:
		return &store.AlreadyExistsError{Kind: userman.KindUser, Field: "id"}
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return failed
}

// upsertUser writes the row of u. It returns a [store.AlreadyExistsError] on a value
// that another user has.
func (m userStore) upsertUser(ctx context.Context, q querier, u *userman.User, text string, args []any) error {
	_, err := q.ExecContext(ctx, text, args...)
	if err == nil || !m.engine.isDuplicate(err) {
		return m.wrapError(ctx, "write user", err)
	}
	if conflict := m.conflict(ctx, q, u); conflict != nil {
		return conflict
	}
	return m.wrapError(ctx, "write user", err) // the hash of 32 random bytes of a link
}

// conflict returns a [store.AlreadyExistsError] on the first field of u whose value
// another user has.
func (m userStore) conflict(ctx context.Context, q querier, u *userman.User) error {
	folded := userman.FoldUsername(u.Username)
	for _, candidate := range []struct {
		field, where string
		args         []any
	}{
		{"username", "unique_username = ?", []any{folded}},
		{"default_extension", "unique_extension = ?", []any{u.DefaultExtension}},
		{"external_id", "directory = ? AND unique_external_id = ?", []any{u.Directory, u.ExternalID}},
	} {
		var found bool
		text := "SELECT EXISTS (SELECT 1 FROM pbxusers_users WHERE team = ? AND id <> ? AND " + candidate.where + ")"
		if err := q.QueryRowContext(ctx, text, append([]any{m.team, u.ID}, candidate.args...)...).Scan(&found); err != nil {
			return m.wrapError(ctx, "read user", err)
		}
		if found {
			return &store.AlreadyExistsError{Kind: userman.KindUser, Field: candidate.field}
		}
	}
	return nil
}

// User implements [userman.Store].
func (m userStore) User(ctx context.Context, id store.UserID) (found *userman.User, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findUser(ctx, q, "id = ?", id)
		return err
	})
	return found, err
}

// FindUser implements [userman.Store].
func (m userStore) FindUser(ctx context.Context, key userman.UserLookup) (found *userman.User, err error) {
	where, args := whereKey(key)
	if where == "" {
		return nil, errors.Join(ctx.Err(), userNotFound())
	}
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		if found, err = m.findUser(ctx, q, where, args...); err == nil && !hasKey(found, key) {
			m.logModifiedRow(ctx, userman.KindUser)
			found, err = nil, userNotFound()
		}
		return err
	})
	return found, err
}

// hasKey reports whether u has the key of a lookup, like whereKey.
func hasKey(u *userman.User, key userman.UserLookup) bool {
	if isDeleted(u) {
		return false
	}
	switch {
	case key.LoginName != "":
		all := userman.LoginFields{Email: true, DefaultExtension: true}
		return slices.ContainsFunc(all.LoginNames(u), func(n userman.LoginName) bool { return n.Folded == key.LoginName })
	case key.Username != "":
		return userman.FoldUsername(u.Username) == userman.FoldUsername(key.Username)
	case key.DefaultExtension != "":
		return u.DefaultExtension == key.DefaultExtension
	case key.ExternalID != "":
		return u.Directory == key.Directory && u.ExternalID == key.ExternalID
	case len(key.InvitationHash) > 0:
		return hasToken(u.Credentials.Invitation, key.InvitationHash)
	}
	return hasToken(u.Activation, key.ActivationHash)
}

func hasToken(link *credential.OneTimeToken, hash []byte) bool {
	return link != nil && bytes.Equal(link.TokenHash, hash)
}

// whereKey returns the condition of a key, or "" if no user can have it.
func whereKey(key userman.UserLookup) (where string, args []any) {
	switch {
	case key.Username != "":
		return "unique_username = ?", []any{userman.FoldUsername(key.Username)}
	case key.DefaultExtension != "":
		return "unique_extension = ?", []any{key.DefaultExtension}
	case key.LoginName != "":
		return "id = (SELECT n.user_id FROM pbxusers_login_names n WHERE n.team = pbxusers_users.team AND n.folded_name = ?)", []any{key.LoginName}
	case key.ExternalID != "":
		return "directory = ? AND unique_external_id = ?", []any{key.Directory, key.ExternalID}
	case len(key.InvitationHash) > 0:
		return "invitation_hash = ? AND deleted = 0", []any{key.InvitationHash}
	case len(key.ActivationHash) > 0:
		return "activation_hash = ? AND deleted = 0", []any{key.ActivationHash}
	}
	return "", nil
}

func (m userStore) findUser(ctx context.Context, q querier, where string, args ...any) (*userman.User, error) {
	text := userTable().selectAll() + " WHERE team = ? AND " + where
	u, err := m.userDecoder().decode(q.QueryRowContext(ctx, text, append([]any{m.team}, args...)...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, userNotFound()
	}
	return u, m.wrapError(ctx, "read user", err)
}

// UpdateUser implements [userman.Store].
func (m userStore) UpdateUser(ctx context.Context, id store.UserID, change func(*userman.User) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		u, err := m.findUser(ctx, q, "id = ?", id)
		if err != nil {
			return err
		}
		before := indexOf(u)
		if err := change(u); err != nil {
			return err
		}
		u.ID = id
		folded, err := m.resolveGroups(ctx, q, u)
		if err != nil {
			return err
		}
		values, err := m.encodeUser(u)
		if err != nil {
			return err
		}
		args, indexed := userTable().updateArgs(values), indexOf(u).equal(before)
		if indexed {
			return m.upsertUser(ctx, q, u, userTable().update(), args)
		}
		names, err := m.freeLoginNames(ctx, q, u)
		if err != nil {
			return err
		}
		if err := m.upsertUser(ctx, q, u, userTable().update(), args); err != nil {
			return err
		}
		return m.reindex(ctx, q, u, folded, names)
	})
}

// DeleteUser implements [userman.Store]. Rows that refer to the user are deleted,
// too.
func (m userStore) DeleteUser(ctx context.Context, id store.UserID) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, userTable().deleteByKey(), m.team, id)
		return m.requireAffected(ctx, "delete user", result, err, userNotFound())
	})
}

// requireAffected returns missing if a statement affected no row.
func (db *DB) requireAffected(ctx context.Context, op string, result sql.Result, err, missing error) error {
	if err != nil {
		return db.wrapError(ctx, op, err)
	}
	if found, err := result.RowsAffected(); err != nil || found > 0 {
		return db.wrapError(ctx, op, err)
	}
	return missing
}

// requireUser returns an error if there is no user with that ID.
func (m teamStore) requireUser(ctx context.Context, q querier, id store.UserID) error {
	var found bool
	err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pbxusers_users WHERE team = ? AND id = ?)", m.team, id).Scan(&found)
	if err == nil && !found {
		return userNotFound()
	}
	return m.wrapError(ctx, "read user", err)
}
