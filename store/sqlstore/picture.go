package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// Picture implements [userman.Store].
func (m userStore) Picture(ctx context.Context, userID store.UserID) (picture []byte, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		const text = "SELECT picture FROM pbxusers_pictures WHERE team = ? AND user_id = ?"
		err := q.QueryRowContext(ctx, text, m.team, userID).Scan(&picture)
		if errors.Is(err, sql.ErrNoRows) {
			return &store.NotFoundError{Kind: "picture"}
		}
		return m.wrapError(ctx, "read picture", err)
	})
	return picture, err
}

// PutPicture implements [userman.Store].
func (m userStore) PutPicture(ctx context.Context, userID store.UserID, picture []byte) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		if err := m.requireUser(ctx, q, userID); err != nil {
			return err
		}
		const remove = "DELETE FROM pbxusers_pictures WHERE team = ? AND user_id = ?"
		const replace = `INSERT INTO pbxusers_pictures (team, user_id, picture) VALUES (?, ?, ?)
			ON CONFLICT (team, user_id) DO UPDATE SET picture = excluded.picture`
		text, args := remove, []any{m.team, userID}
		if len(picture) > 0 {
			text, args = replace, append(args, picture)
		}
		_, err := q.ExecContext(ctx, text, args...)
		return m.wrapError(ctx, "write picture", err)
	})
}
