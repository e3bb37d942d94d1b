package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

// Token returns the token of that ID.
func (s *Service) Token(ctx context.Context, id string) (*Token, error) {
	t, err := s.findToken(ctx, id)
	if err != nil {
		return nil, err
	}
	return redactToken(t), nil
}

// Tokens returns a page of the tokens of a person; of all people, deleted ones
// too, with an empty username.
func (s *Service) Tokens(ctx context.Context, username string, page store.PageRequest) (*store.Page[*Token], error) {
	list, err := s.listTokens(ctx, username, page)
	if err != nil {
		return nil, err
	}
	for i, t := range list.Items {
		list.Items[i] = redactToken(t)
	}
	return list, nil
}

func (s *Service) listTokens(ctx context.Context, username string, page store.PageRequest) (*store.Page[*Token], error) {
	if username == "" {
		return s.listTokensInScope(ctx, page)
	}
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.store.ListTokens(ctx, u.ID, page)
}

// listTokensInScope returns a page of the tokens of users in scope.
func (s *Service) listTokensInScope(ctx context.Context, page store.PageRequest) (*store.Page[*Token], error) {
	sc, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	if sc.AllExtensions() {
		return s.store.ListTokens(ctx, "", page)
	}
	inScope := map[string]bool{} // by the ID of the user
	next := func(ctx context.Context, page store.PageRequest) (*store.Page[*Token], error) {
		list, err := s.store.ListTokens(ctx, "", page)
		if err != nil {
			return nil, err
		}
		for _, t := range list.Items {
			if _, cached := inScope[t.UserID]; cached {
				continue
			}
			if inScope[t.UserID], err = s.userIDInScope(ctx, sc, t.UserID); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return scopedlist.List(ctx, page, next, func(t *Token) bool { return inScope[t.UserID] }, false)
}

// userIDInScope reports whether the user of that ID is in scope.
func (s *Service) userIDInScope(ctx context.Context, sc scope.Scope, id string) (bool, error) {
	u, err := s.store.User(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && userInScope(sc, u), err
}

// eachToken calls visit for every token of a person, or of all people with an
// empty userID, in the order of their IDs, and stops at the first error. visit
// may change the token that it is given in the store.
func (s *Service) eachToken(ctx context.Context, userID string, visit func(*Token) error) error {
	for page := (store.PageRequest{Limit: store.MaxPageLimit}); ; {
		list, err := s.store.ListTokens(ctx, userID, page)
		if err != nil {
			return err
		}
		for _, t := range list.Items {
			if err := visit(t); err != nil {
				return err
			}
		}
		if page.After = list.Next; page.After == "" {
			return nil
		}
	}
}
