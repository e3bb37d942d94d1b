package memstore

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// team is what is stored of the people of one team.
type team struct {
	// users are by ID. The three tables behind them say whose a username
	// (folded), a default extension or an external ID is, of those who are
	// not deleted, by ID.
	users      table[*userman.User]
	usernames  table[string]
	extensions table[string]
	externals  table[string]
	// groups are by folded name.
	groups   table[*userman.Group]
	revision int64
	// tokens are by ID, pictures by the ID of the person.
	tokens   table[*userman.Token]
	pictures table[[]byte]
}

func (t *team) draft() *team {
	return &team{
		users:      t.users.copy(),
		usernames:  t.usernames.copy(),
		extensions: t.extensions.copy(),
		externals:  t.externals.copy(),
		groups:     t.groups.copy(),
		revision:   t.revision,
		tokens:     t.tokens.copy(),
		pictures:   t.pictures.copy(),
	}
}

// people are the people of one team of a DB.
type people struct {
	*DB
	name string
}

// People returns the store of the people of a team; "" is the default one.
func (db *DB) People(team string) userman.Store { return people{db, team} }

// Team implements [userman.Store].
func (m people) Team() string { return m.name }

// of returns what the team has in s, to read only.
func (m people) of(s *state) *team {
	if t, found := s.teams[m.name]; found {
		return t
	}
	return &team{}
}

// view gives fn what the team has, to read only.
func (m people) view(ctx context.Context, fn func(t *team) error) error {
	return m.read(ctx, func(s *state) error { return fn(m.of(s)) })
}

// in gives fn what the team has in tx, to read and to write.
func (m people) in(ctx context.Context, tx *transaction, fn func(t *team) error) error {
	return tx.do(ctx, func(s *state) error {
		if s.teams[m.name] == nil {
			s.teams[m.name] = &team{}
		}
		return fn(s.teams[m.name])
	})
}

// edit gives fn what the team has, to write as its last step.
func (m people) edit(ctx context.Context, fn func(t *team) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error { return m.in(ctx, tx, fn) })
}

// copyOf returns a copy of the record of that key.
func copyOf[T any](t *table[T], key, kind string, clone func(T) T) (T, error) {
	record, ok := t.get(key)
	if !ok {
		return record, &store.NotFoundError{Kind: kind}
	}
	return clone(record), nil
}

// change has a record of the team edited and gives it to put, in one
// transaction.
func change[T any](ctx context.Context, m people, read func(t *team) (T, error), edit func(T) error, put func(t *team, edited T) error) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		var record T
		if err := m.in(ctx, tx, func(t *team) (err error) {
			record, err = read(t)
			return err
		}); err != nil {
			return err
		}
		// Outside of the lock: edit may read the store.
		if err := edit(record); err != nil {
			return err
		}
		return m.in(ctx, tx, func(t *team) error { return put(t, record) })
	})
}
