package memstore

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (t *team) token(id string) (*userman.Token, error) {
	return copyOf(&t.tokens, id, userman.TokenRecord, (*userman.Token).Clone)
}

func (t *team) putToken(token *userman.Token) {
	kept := token.Clone()
	keepTimes(&kept.ExpiresAt, &kept.HourStartedAt, &kept.CreatedAt, &kept.UpdatedAt, &kept.KeyMadeAt, &kept.LastUsedAt)
	t.tokens.put(kept.ID, kept)
}

// CreateToken implements [userman.Store].
func (m people) CreateToken(ctx context.Context, token *userman.Token) error {
	return m.edit(ctx, func(t *team) error {
		if _, found := t.tokens.get(token.ID); found {
			return &store.ExistsError{Kind: userman.TokenRecord, Field: "id"}
		}
		if _, found := t.users.get(token.UserID); !found {
			return noUser()
		}
		t.putToken(token)
		return nil
	})
}

// Token implements [userman.Store].
func (m people) Token(ctx context.Context, id string) (token *userman.Token, err error) {
	err = m.view(ctx, func(t *team) (err error) {
		token, err = t.token(id)
		return err
	})
	return token, err
}

// Holder implements [userman.Store].
func (m people) Holder(ctx context.Context, id string) (*userman.Holder, error) {
	holder := &userman.Holder{}
	err := m.view(ctx, func(t *team) (err error) {
		if holder.Token, err = t.token(id); err != nil {
			return err
		}
		holder.GroupsRevision = t.revision
		holder.User, err = t.user(holder.Token.UserID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return holder, nil
}

// UpdateToken implements [userman.Store].
func (m people) UpdateToken(ctx context.Context, id string, edit func(*userman.Token) error) error {
	read := func(t *team) (*userman.Token, error) { return t.token(id) }
	return change(ctx, m, read, edit, func(t *team, token *userman.Token) error {
		kept, err := t.token(id)
		if err != nil {
			return err
		}
		token.ID, token.UserID = id, kept.UserID
		token.HourStartedAt, token.HourRequests, token.LastUsedAt = kept.HourStartedAt, kept.HourRequests, kept.LastUsedAt
		t.putToken(token)
		return nil
	})
}

// CountRequest implements [userman.Store].
func (m people) CountRequest(ctx context.Context, id string, now time.Time, limit int) (wait time.Duration, err error) {
	now = keptTime(now)
	err = m.edit(ctx, func(t *team) error {
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
func (m people) DeleteToken(ctx context.Context, id string) error {
	return m.edit(ctx, func(t *team) error {
		if !t.tokens.remove(id) {
			return &store.NotFoundError{Kind: userman.TokenRecord}
		}
		return nil
	})
}

// ListTokens implements [userman.Store].
func (m people) ListTokens(ctx context.Context, userID string, page store.Page) (list *store.List[*userman.Token], err error) {
	err = m.view(ctx, func(t *team) error {
		l := listing[*userman.Token]{clone: (*userman.Token).Clone}
		wanted := func(token *userman.Token) bool { return userID == "" || token.UserID == userID }
		list = l.cut(t.tokens.beyond(page.After, false), wanted, page, func(r row[*userman.Token]) string { return r.key })
		return nil
	})
	return list, err
}
