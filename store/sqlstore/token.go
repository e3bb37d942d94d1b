package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func tokenNotFound() error { return &store.NotFoundError{Kind: apitoken.Kind} }

// CreateToken implements [apitoken.Store].
func (m tokenStore) CreateToken(ctx context.Context, t *apitoken.Token) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		values, err := m.encodeToken(t)
		if err != nil {
			return err
		}
		if err := m.requireUser(ctx, q, t.UserID); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, tokenTable().insert(), values...)
		if err != nil && m.engine.isDuplicate(err) {
			return &store.AlreadyExistsError{Kind: apitoken.Kind, Field: "id"}
		}
		return m.wrapError(ctx, "create API token", err)
	})
}

// Token implements [apitoken.Store].
func (m tokenStore) Token(ctx context.Context, id apitoken.ID) (found *apitoken.Token, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		found, err = m.findToken(ctx, q, id)
		return err
	})
	return found, err
}

func (m tokenStore) findToken(ctx context.Context, q querier, id apitoken.ID) (*apitoken.Token, error) {
	row := q.QueryRowContext(ctx, tokenTable().selectAll()+tokenTable().where(), m.team, id)
	t, err := newTokenDecoder().decode(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tokenNotFound()
	}
	return t, m.wrapError(ctx, "read API token", err)
}

// TokenWithOwner implements [apitoken.Store] with one statement.
func (m tokenStore) TokenWithOwner(ctx context.Context, id apitoken.ID) (*apitoken.Owned, error) {
	owned := &apitoken.Owned{}
	err := m.read(ctx, func(ctx context.Context, q querier) (err error) {
		token, user := newTokenDecoder(), m.userDecoder()
		var revision sql.NullInt64
		dest := append(append([]any{&revision}, token.columns...), user.columns...)
		row, err := m.tokenOwner.queryRow(ctx, q, tokenOwnerSQL(), m.team, id)
		if err != nil {
			return m.wrapError(ctx, "read API token", err)
		}
		switch err := row.Scan(dest...); {
		case errors.Is(err, sql.ErrNoRows):
			return tokenNotFound()
		case err != nil:
			return m.wrapError(ctx, "read API token", err)
		}
		owned.GroupsRevision = revision.Int64
		if owned.Token, err = token.build(); err == nil {
			owned.User, err = user.build()
		}
		return m.wrapError(ctx, "read API token", err)
	})
	if err != nil {
		return nil, err
	}
	return owned, nil
}

// tokenOwnerSQL reads a token, its user, and the revision of the groups.
func tokenOwnerSQL() string {
	return "SELECT r.revision, " + tokenTable().qualifiedColumns("t") + ", " + userTable().qualifiedColumns("p") + ` FROM pbxusers_tokens t
		JOIN pbxusers_users p ON p.team = t.team AND p.id = t.user_id
		LEFT JOIN pbxusers_group_revisions r ON r.team = t.team
		WHERE t.team = ? AND t.id = ?`
}

// UpdateToken implements [apitoken.Store].
func (m tokenStore) UpdateToken(ctx context.Context, id apitoken.ID, change func(*apitoken.Token) error) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		t, err := m.findToken(ctx, q, id)
		if err != nil {
			return err
		}
		stored := *t
		if err := change(t); err != nil {
			return err
		}
		t.ID, t.UserID = id, stored.UserID
		t.HourStartedAt, t.HourRequests, t.LastUsedAt = stored.HourStartedAt, stored.HourRequests, stored.LastUsedAt
		values, err := m.encodeToken(t)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, tokenTable().update(), tokenTable().updateArgs(values)...)
		return m.wrapError(ctx, "update API token", err)
	})
}

// takeRequestSQL counts a request, unless the limit is reached. It does not read a
// column that it sets: databases differ in the result.
const takeRequestSQL = `UPDATE pbxusers_tokens SET
		hour_requests = CASE WHEN hour_started_at > ? AND hour_started_at <= ? THEN hour_requests + 1 ELSE 1 END,
		hour_started_at = CASE WHEN hour_started_at > ? AND hour_started_at <= ? THEN hour_started_at ELSE ? END,
		last_used_at = ?
	WHERE team = ? AND id = ? AND (? <= 0 OR hour_requests < ? OR hour_started_at <= ? OR hour_started_at > ?)`

// TakeRequest implements [apitoken.Store].
func (m tokenStore) TakeRequest(ctx context.Context, id apitoken.ID, now time.Time, limit int) (wait time.Duration, err error) {
	err = m.write(ctx, func(ctx context.Context, q querier) error {
		wait = 0 // this function may run again
		at, old, future := now.UnixMicro(), now.Add(-time.Hour).UnixMicro(), now.Add(time.Hour).UnixMicro()
		result, err := q.ExecContext(ctx, takeRequestSQL, old, future, old, future, at, at, m.team, id, limit, limit, old, future)
		rateLimited := errors.New("throttled")
		if err := m.requireAffected(ctx, "take a request", result, err, rateLimited); !errors.Is(err, rateLimited) {
			return err
		}
		wait, err = m.timeToNextHour(ctx, q, id, at)
		return err
	})
	return wait, err
}

// timeToNextHour returns the time from at to the end of the hour of a token.
func (m tokenStore) timeToNextHour(ctx context.Context, q querier, id apitoken.ID, at int64) (time.Duration, error) {
	var hourStart int64
	err := q.QueryRowContext(ctx, "SELECT hour_started_at FROM pbxusers_tokens"+tokenTable().where(), m.team, id).Scan(&hourStart)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, tokenNotFound()
	}
	return time.Duration(hourStart-at)*time.Microsecond + time.Hour, m.wrapError(ctx, "take a request", err)
}

// DeleteToken implements [apitoken.Store].
func (m tokenStore) DeleteToken(ctx context.Context, id apitoken.ID) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, tokenTable().deleteByKey(), m.team, id)
		return m.requireAffected(ctx, "delete API token", result, err, tokenNotFound())
	})
}

// ListTokens implements [apitoken.Store].
func (m tokenStore) ListTokens(ctx context.Context, userID store.UserID, req store.PageRequest) (*store.Page[*apitoken.Token], error) {
	var s whereClause
	s.and("team = ?", m.team)
	if userID != "" {
		s.and("user_id = ?", userID)
	}
	return tokenPager().page(ctx, m.DB, s, store.Sort{}, req)
}

func tokenPager() pager[*apitoken.Token] {
	return pager[*apitoken.Token]{
		table: tokenTable(), op: "list API tokens", keyField: "id", fold: func(id string) string { return id },
		keys:    []string{"id"},
		decoder: func() func(scanner) (*apitoken.Token, error) { return newTokenDecoder().decode },
	}
}
