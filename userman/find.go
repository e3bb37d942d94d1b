package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// find reads the person of that username, which may come from a stranger, as
// the store keeps them. Who is out of reach is a [store.ForbiddenError].
func (s *Service) find(ctx context.Context, username string) (*User, error) {
	name := usernameOrNone(username)
	if name == "" {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return s.within(s.store.FindUser(ctx, UserKey{Username: name}))
}

// findByID is find for an ID; a deleted person is not found.
func (s *Service) findByID(ctx context.Context, id string) (*User, error) {
	u, err := s.anybody(ctx, id)
	if err == nil && !u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return u, err
}

// anybody is find for an ID, of a deleted person too.
func (s *Service) anybody(ctx context.Context, id string) (*User, error) {
	if len(id) > maxText {
		return nil, &store.NotFoundError{Kind: PersonRecord}
	}
	return s.within(s.store.User(ctx, id))
}

// within returns what was read when it is reached.
func (s *Service) within(u *User, err error) (*User, error) {
	if err != nil {
		return nil, err
	}
	if err := s.mayReach(u); err != nil {
		return nil, err
	}
	return u, nil
}
