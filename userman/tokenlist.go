package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// Token returns the token of that ID.
func (s *Service) Token(ctx context.Context, id string) (*Token, error) {
	t, err := s.findToken(ctx, id)
	if err != nil {
		return nil, err
	}
	return showToken(t), nil
}

// Tokens returns a page of the tokens of a person; of all people, deleted ones
// too, with an empty username.
func (s *Service) Tokens(ctx context.Context, username string, page store.Page) (*store.List[*Token], error) {
	list, err := s.listTokens(ctx, username, page)
	if err != nil {
		return nil, err
	}
	for i, t := range list.Items {
		list.Items[i] = showToken(t)
	}
	return list, nil
}

func (s *Service) listTokens(ctx context.Context, username string, page store.Page) (*store.List[*Token], error) {
	if username == "" {
		if s.reaches != nil {
			return s.tokensInReach(ctx, page)
		}
		return s.store.ListTokens(ctx, "", page)
	}
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return s.store.ListTokens(ctx, u.ID, page)
}

// tokensInReach reads on until it has a page of tokens of people who are
// reached.
func (s *Service) tokensInReach(ctx context.Context, page store.Page) (*store.List[*Token], error) {
	found := &store.List[*Token]{Items: []*Token{}}
	reached := map[string]bool{}
	for next := (store.Page{After: page.After, Limit: store.MaxPageLimit}); ; {
		list, err := s.store.ListTokens(ctx, "", next)
		if err != nil {
			return nil, err
		}
		for _, t := range list.Items {
			if _, known := reached[t.UserID]; !known {
				if reached[t.UserID], err = s.reachesID(ctx, t.UserID); err != nil {
					return nil, err
				}
			}
			switch {
			case !reached[t.UserID]:
			case len(found.Items) == page.Clamped():
				found.Next = found.Items[len(found.Items)-1].ID
				return found, nil
			default:
				found.Items = append(found.Items, t)
			}
		}
		if next.After = list.Next; next.After == "" {
			return found, nil
		}
	}
}

// reachesID reports whether the person of that ID is reached.
func (s *Service) reachesID(ctx context.Context, id string) (bool, error) {
	_, err := s.anybody(ctx, id)
	if errors.Is(err, store.ErrForbidden) || errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
