package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func noToken() error { return &store.NotFoundError{Kind: userman.TokenRecord} }

// CreateToken implements [userman.Store].
func (m people) CreateToken(ctx context.Context, t *userman.Token) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		values, err := m.encodeToken(t)
		if err != nil {
			return err
		}
		if err := m.requireUser(ctx, q, t.UserID); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, tokenTable().insert(), values...)
		if err != nil && m.engine.duplicate(err) {
			return &store.ExistsError{Kind: userman.TokenRecord, Field: "id"}
		}
		return m.failed(ctx, "create API token", err)
	})
}

// Token implements [userman.Store].
func (m people) Token(ctx context.Context, id string) (found *userman.Token, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findToken(ctx, q, id)
		return err
	})
	return found, err
}

func (m people) findToken(ctx context.Context, q querier, id string) (*userman.Token, error) {
	row := q.QueryRowContext(ctx, tokenTable().selectAll()+tokenTable().where(), m.team, id)
	t, err := newTokenDecoder().decode(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noToken()
	}
	return t, m.failed(ctx, "read API token", err)
}

// Holder implements [userman.Store] with one statement.
func (m people) Holder(ctx context.Context, id string) (*userman.Holder, error) {
	holder := &userman.Holder{}
	err := m.read(ctx, func(ctx context.Context, q querier) (err error) {
		token, user := newTokenDecoder(), m.userDecoder()
		var revision sql.NullInt64
		places := append(append([]any{&revision}, token.columns...), user.columns...)
		row, err := m.holder.queryRow(ctx, q, holderText(), m.team, id)
		if err != nil {
			return m.failed(ctx, "read API token", err)
		}
		switch err := row.Scan(places...); {
		case errors.Is(err, sql.ErrNoRows):
			return noToken()
		case err != nil:
			return m.failed(ctx, "read API token", err)
		}
		holder.GroupsRevision = revision.Int64
		if holder.Token, err = token.scanned(); err == nil {
			holder.User, err = user.scanned()
		}
		return m.failed(ctx, "read API token", err)
	})
	if err != nil {
		return nil, err
	}
	return holder, nil
}

// holderText reads a token, whose it is, and the revision of the groups.
func holderText() string {
	return "SELECT r.revision, " + tokenTable().columnsOf("t") + ", " + userTable().columnsOf("p") + ` FROM pbxusers_tokens t
		JOIN pbxusers_people p ON p.team = t.team AND p.id = t.user_id
		LEFT JOIN pbxusers_group_revisions r ON r.team = t.team
		WHERE t.team = ? AND t.id = ?`
}

// UpdateToken implements [userman.Store].
func (m people) UpdateToken(ctx context.Context, id string, change func(*userman.Token) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		t, err := m.findToken(ctx, q, id)
		if err != nil {
			return err
		}
		kept := *t
		if err := change(t); err != nil {
			return err
		}
		t.ID, t.UserID = id, kept.UserID
		t.HourStartedAt, t.HourRequests, t.LastUsedAt = kept.HourStartedAt, kept.HourRequests, kept.LastUsedAt
		values, err := m.encodeToken(t)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, tokenTable().update(), tokenTable().updated(values)...)
		return m.failed(ctx, "update API token", err)
	})
}

// countText counts a request, unless the limit is reached. Of the columns that
// it sets none is read after it was set: databases differ in what that gives.
const countText = `UPDATE pbxusers_tokens SET
		hour_requests = CASE WHEN hour_started_at > ? AND hour_started_at <= ? THEN hour_requests + 1 ELSE 1 END,
		hour_started_at = CASE WHEN hour_started_at > ? AND hour_started_at <= ? THEN hour_started_at ELSE ? END,
		last_used_at = ?
	WHERE team = ? AND id = ? AND (? <= 0 OR hour_requests < ? OR hour_started_at <= ? OR hour_started_at > ?)`

// CountRequest implements [userman.Store].
func (m people) CountRequest(ctx context.Context, id string, now time.Time, limit int) (wait time.Duration, err error) {
	err = m.write(ctx, func(ctx context.Context, q querier) error {
		wait = 0 // it may run again
		at, old, future := now.UnixMicro(), now.Add(-time.Hour).UnixMicro(), now.Add(time.Hour).UnixMicro()
		result, err := q.ExecContext(ctx, countText, old, future, old, future, at, at, m.team, id, limit, limit, old, future)
		throttled := errors.New("throttled")
		if err := m.requireOne(ctx, "count a request", result, err, throttled); !errors.Is(err, throttled) {
			return err
		}
		wait, err = m.untilNextHour(ctx, q, id, at)
		return err
	})
	return wait, err
}

// untilNextHour returns how long after at the hour of a token ends.
func (m people) untilNextHour(ctx context.Context, q querier, id string, at int64) (time.Duration, error) {
	var started int64
	err := q.QueryRowContext(ctx, "SELECT hour_started_at FROM pbxusers_tokens"+tokenTable().where(), m.team, id).Scan(&started)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, noToken()
	}
	return time.Duration(started-at)*time.Microsecond + time.Hour, m.failed(ctx, "count a request", err)
}

// DeleteToken implements [userman.Store].
func (m people) DeleteToken(ctx context.Context, id string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, tokenTable().remove(), m.team, id)
		return m.requireOne(ctx, "delete API token", result, err, noToken())
	})
}

// ListTokens implements [userman.Store].
func (m people) ListTokens(ctx context.Context, userID string, page store.Page) (*store.List[*userman.Token], error) {
	var s selection
	s.and("team = ?", m.team)
	if userID != "" {
		s.and("user_id = ?", userID)
	}
	return tokenListing().page(ctx, m.DB, s, store.Order{}, page)
}

func tokenListing() listing[*userman.Token] {
	return listing[*userman.Token]{
		table: tokenTable(), doing: "list API tokens", keyField: "id", fold: func(id string) string { return id },
		keys: []string{"id"}, key: func(t *userman.Token) []string { return []string{t.ID} },
		decoder: func() func(scanner) (*userman.Token, error) { return newTokenDecoder().decode },
	}
}
