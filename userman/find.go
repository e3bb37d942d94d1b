package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// find reads the person of that username, which may come from a stranger, as
// the store keeps them. Who is out of reach is a [store.ForbiddenError].
func (s *Service) find(ctx context.Context, username string) (*User, error) {
	name := validUsername(username)
	if name == "" {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.requireInScope(s.store.FindUser(ctx, UserLookup{Username: name}))
}

// findByID is find for an ID; a deleted person is not found.
func (s *Service) findByID(ctx context.Context, id string) (*User, error) {
	u, err := s.findAny(ctx, id)
	if err == nil && !u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return u, err
}

// findAny is find for an ID, of a deleted person too.
func (s *Service) findAny(ctx context.Context, id string) (*User, error) {
	if len(id) > maxText {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.requireInScope(s.store.User(ctx, id))
}

// requireInScope returns what was read when it is reached.
func (s *Service) requireInScope(u *User, err error) (*User, error) {
	if err != nil {
		return nil, err
	}
	if err := s.authorizeUser(u); err != nil {
		return nil, err
	}
	return u, nil
}
