package memstore

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (t *team) token(id string) (*userman.Token, error) {
	return cloneRecord(&t.tokens, id, userman.KindToken, (*userman.Token).Clone)
}

func (t *team) putToken(token *userman.Token) {
	stored := token.Clone()
	truncateTimes(&stored.ExpiresAt, &stored.HourStartedAt, &stored.CreatedAt, &stored.UpdatedAt, &stored.KeyCreatedAt, &stored.LastUsedAt)
	t.tokens.put(stored.ID, stored)
}

// CreateToken implements [userman.Store].
func (m userStore) CreateToken(ctx context.Context, token *userman.Token) error {
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.tokens.get(token.ID); found {
			return &store.AlreadyExistsError{Kind: userman.KindToken, Field: "id"}
		}
		if _, found := t.users.get(token.UserID); !found {
			return userNotFound()
		}
		t.putToken(token)
		return nil
	})
}

// Token implements [userman.Store].
func (m userStore) Token(ctx context.Context, id string) (token *userman.Token, err error) {
	err = m.readTeam(ctx, func(t *team) (err error) {
		token, err = t.token(id)
		return err
	})
	return token, err
}

// TokenWithOwner implements [userman.Store].
func (m userStore) TokenWithOwner(ctx context.Context, id string) (*userman.TokenOwner, error) {
	owner := &userman.TokenOwner{}
	err := m.readTeam(ctx, func(t *team) (err error) {
		if owner.Token, err = t.token(id); err != nil {
			return err
		}
		owner.GroupsRevision = t.revision
		owner.User, err = t.user(owner.Token.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return owner, nil
}

// UpdateToken implements [userman.Store].
func (m userStore) UpdateToken(ctx context.Context, id string, edit func(*userman.Token) error) error {
	read := func(t *team) (*userman.Token, error) { return t.token(id) }
	return updateRecord(ctx, m, read, edit, func(t *team, token *userman.Token) error {
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

// TakeRequest implements [userman.Store].
func (m userStore) TakeRequest(ctx context.Context, id string, now time.Time, limit int) (wait time.Duration, err error) {
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

// DeleteToken implements [userman.Store].
func (m userStore) DeleteToken(ctx context.Context, id string) error {
	return m.writeTeam(ctx, func(t *team) error {
		if !t.tokens.remove(id) {
			return &store.NotFoundError{Kind: userman.KindToken}
		}
		return nil
	})
}

// ListTokens implements [userman.Store].
func (m userStore) ListTokens(ctx context.Context, userID string, req store.PageRequest) (list *store.Page[*userman.Token], err error) {
	err = m.readTeam(ctx, func(t *team) error {
		l := pager[*userman.Token]{clone: (*userman.Token).Clone}
		match := func(token *userman.Token) bool { return userID == "" || token.UserID == userID }
		list = l.takePage(t.tokens.seq(req.After, false), match, req, func(r row[*userman.Token]) string { return r.key })
		return nil
	})
	return list, err
}
