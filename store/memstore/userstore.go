package memstore

import (
	"context"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
)

// team is the data of one team.
type team struct {
	// users are by ID. The next tables map a folded username, a default extension, an
	// external ID and a login name to the ID of a user who is not deleted.
	users       table[*userman.User]
	usernames   table[store.UserID]
	extensions  table[store.UserID]
	externalIDs table[store.UserID]
	loginNames  table[store.UserID]
	loginFields userman.LoginFields
	// groups are by folded name.
	groups   table[*userman.Group]
	revision int64
	// tokens are by ID, pictures by the ID of the user, mails by mailKey.
	tokens   table[*apitoken.Token]
	pictures table[[]byte]
	mails    table[mailqueue.Mail]
	// numbers are the extensions by [extension.SortNumber].
	numbers table[*extension.Extension]
}

func (t *team) draft() *team {
	return &team{
		users:       t.users.share(),
		usernames:   t.usernames.share(),
		extensions:  t.extensions.share(),
		externalIDs: t.externalIDs.share(),
		loginNames:  t.loginNames.share(),
		loginFields: t.loginFields,
		groups:      t.groups.share(),
		revision:    t.revision,
		tokens:      t.tokens.share(),
		pictures:    t.pictures.share(),
		mails:       t.mails.share(),
		numbers:     t.numbers.share(),
	}
}

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

// teamState returns the data of the team in s, to read only.
func (m teamStore) teamState(s *state) *team {
	if t, found := s.teams[m.team]; found {
		return t
	}
	return &team{}
}

// readTeam calls fn with the data of the team, to read only.
func (m teamStore) readTeam(ctx context.Context, fn func(t *team) error) error {
	return m.read(ctx, func(s *state) error { return fn(m.teamState(s)) })
}

// withTeam calls fn with the data of the team in tx, to read and to write.
func (m teamStore) withTeam(ctx context.Context, tx *transaction, fn func(t *team) error) error {
	return tx.withState(ctx, func(s *state) error {
		if s.teams[m.team] == nil {
			s.teams[m.team] = &team{}
		}
		return fn(s.teams[m.team])
	})
}

// writeTeam calls fn with the data of the team, to write in its last step.
func (m teamStore) writeTeam(ctx context.Context, fn func(t *team) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error { return m.withTeam(ctx, tx, fn) })
}

// cloneRecord returns a copy of the record with that key.
func cloneRecord[T any](t *table[T], key, kind string, clone func(T) T) (T, error) {
	record, ok := t.get(key)
	if !ok {
		return record, &store.NotFoundError{Kind: kind}
	}
	return clone(record), nil
}

// updateRecord reads a record of the team, edits it and puts it, in one
// transaction.
func updateRecord[T any](ctx context.Context, m teamStore, read func(t *team) (T, error), edit func(T) error, put func(t *team, edited T) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		var record T
		if err := m.withTeam(ctx, tx, func(t *team) (err error) {
			record, err = read(t)
			return err
		}); err != nil {
			return err
		}
		// Without the lock: edit may read the store.
		if err := edit(record); err != nil {
			return err
		}
		return m.withTeam(ctx, tx, func(t *team) error { return put(t, record) })
	})
}
