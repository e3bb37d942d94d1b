package apitoken

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Get returns the token of that ID. It returns an error wrapping [store.ErrNotFound]
// if there is no such token.
func (s *Service) Get(ctx context.Context, id ID) (*Token, error) {
	_, t, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return redact(t), nil
}

// List returns a page of the tokens of a user, or of all users, deleted ones too, if
// username is empty.
func (s *Service) List(ctx context.Context, username string, page store.PageRequest) (*store.Page[*Token], error) {
	list, err := s.list(ctx, username, page)
	if err != nil {
		return nil, err
	}
	for i, t := range list.Items {
		list.Items[i] = redact(t)
	}
	return list, nil
}

func (s *Service) list(ctx context.Context, username string, page store.PageRequest) (*store.Page[*Token], error) {
	access, err := s.users.Access(ctx)
	if err != nil {
		return nil, err
	}
	if username == "" {
		return s.listInScope(ctx, access, page)
	}
	u, err := access.User(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.store.ListTokens(ctx, u.ID, page)
}

// listInScope returns a page of the tokens of users in scope.
func (s *Service) listInScope(ctx context.Context, access *userman.Access, page store.PageRequest) (*store.Page[*Token], error) {
	inScope := map[store.UserID]bool{} // by the ID of the user
	next := func(ctx context.Context, page store.PageRequest) (*store.Page[*Token], error) {
		list, err := s.store.ListTokens(ctx, "", page)
		if err != nil || access.Scope().AllExtensions() {
			return list, err
		}
		for _, t := range list.Items {
			if _, cached := inScope[t.UserID]; cached {
				continue
			}
			if inScope[t.UserID], err = isInScope(ctx, access, t.UserID); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return scopedlist.List(ctx, page, next, func(t *Token) bool { return inScope[t.UserID] }, access.Scope().AllExtensions())
}

// Usernames returns the usernames of the users of tokens, by ID. It leaves out a user who
// was purged after the tokens were read.
func (s *Service) Usernames(ctx context.Context, tokens ...*Token) (map[store.UserID]string, error) {
	usernames := map[store.UserID]string{}
	missing := map[store.UserID]bool{}
	for _, t := range tokens {
		if _, known := usernames[t.UserID]; known || missing[t.UserID] {
			continue
		}
		u, err := s.users.GetByID(ctx, t.UserID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			missing[t.UserID] = true
		case err != nil:
			return nil, err
		default:
			usernames[t.UserID] = u.Username
		}
	}
	return usernames, nil
}

// isInScope reports whether there is a user of that ID in scope.
func isInScope(ctx context.Context, access *userman.Access, userID store.UserID) (bool, error) {
	_, err := access.UserByID(ctx, userID)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrForbidden) {
		return false, nil
	}
	return err == nil, err
}
