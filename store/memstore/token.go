package memstore

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func (t *team) token(id apitoken.ID) (*apitoken.Token, error) {
	return cloneRecord(&t.tokens, string(id), apitoken.Kind, (*apitoken.Token).Clone)
}

func (t *team) putToken(token *apitoken.Token) {
	stored := token.Clone()
	truncateTimes(&stored.ExpiresAt, &stored.HourStartedAt, &stored.CreatedAt, &stored.UpdatedAt, &stored.KeyCreatedAt, &stored.LastUsedAt, &stored.KeyCreator.At)
	t.tokens.put(string(stored.ID), stored)
}

// CreateToken implements [apitoken.Store].
func (m tokenStore) CreateToken(ctx context.Context, token *apitoken.Token) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.tokens.get(string(token.ID)); found {
			return &store.AlreadyExistsError{Kind: apitoken.Kind, Field: "id"}
		}
		if _, found := t.users.get(string(token.UserID)); !found {
			return userNotFound()
		}
		t.putToken(token)
		return nil
	})
}

// Token implements [apitoken.Store].
func (m tokenStore) Token(ctx context.Context, id apitoken.ID) (token *apitoken.Token, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		token, err = t.token(id)
		return err
	})
	return token, err
}

// TokenWithOwner implements [apitoken.Store].
func (m tokenStore) TokenWithOwner(ctx context.Context, id apitoken.ID) (*apitoken.Owned, error) {
	owned := &apitoken.Owned{}
	err := m.readTeam(ctx, func(t *team) (err error) {
		if owned.Token, err = t.token(id); err != nil {
			return err
		}
		owned.GroupsRevision = t.revision
		owned.User, err = t.user(owned.Token.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return owned, nil
}

// UpdateToken implements [apitoken.Store].
func (m tokenStore) UpdateToken(ctx context.Context, id apitoken.ID, edit func(*apitoken.Token) error) error {
	read := func(t *team) (*apitoken.Token, error) { return t.token(id) }
	return updateRecord(ctx, m.teamStore, read, edit, func(t *team, token *apitoken.Token) error {
		stored, err := t.token(id)
		if err != nil {
			return err
		}
		token.ID, token.UserID = id, stored.UserID
		token.HourStartedAt, token.HourRequests, token.LastUsedAt = stored.HourStartedAt, stored.HourRequests, stored.LastUsedAt
		t.putToken(token)
		return nil
	})
}

// TakeRequest implements [apitoken.Store].
func (m tokenStore) TakeRequest(ctx context.Context, id apitoken.ID, now time.Time, limit int) (wait time.Duration, err error) {
	now = truncateTime(now)
	err = m.writeTeam(ctx, func(t *team) error {
		token, err := t.token(id)
		if err != nil {
			return err
		}
		ends := token.HourStartedAt.Add(time.Hour)
		if !ends.After(now) || token.HourStartedAt.After(now.Add(time.Hour)) {
			token.HourStartedAt, token.HourRequests = now, 0
		}
		if limit > 0 && token.HourRequests >= limit {
			wait = ends.Sub(now)
			return nil
		}
		token.HourRequests++
		token.LastUsedAt = now
		t.putToken(token)
		return nil
	})
	return wait, err
}

// DeleteToken implements [apitoken.Store].
func (m tokenStore) DeleteToken(ctx context.Context, id apitoken.ID) error {
	return m.writeTeam(ctx, func(t *team) error {
		if !t.tokens.remove(string(id)) {
			return &store.NotFoundError{Kind: apitoken.Kind}
		}
		return nil
	})
}

// ListTokens implements [apitoken.Store].
func (m tokenStore) ListTokens(ctx context.Context, userID store.UserID, req store.PageRequest) (list *store.Page[*apitoken.Token], err error) {
	err = m.readTeam(ctx, func(t *team) error {
		l := pager[*apitoken.Token]{clone: (*apitoken.Token).Clone}
		match := func(token *apitoken.Token) bool { return userID == "" || token.UserID == userID }
		list = l.keyPage(&t.tokens, match, false, req, func(r row[*apitoken.Token]) string { return r.key })
		return nil
	})
	return list, err
}
