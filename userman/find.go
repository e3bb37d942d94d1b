package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// find reads the user of that username from the store. The username may be any
// input. A user out of scope is an error wrapping ErrForbidden.
func (s *Service) find(ctx context.Context, username string) (*User, error) {
	return s.requireInScope(ctx)(s.lookup(ctx, username))
}

// lookup is find without regard to scope.
func (s *Service) lookup(ctx context.Context, username string) (*User, error) {
	name := validUsername(username)
	if name == "" {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.store.FindUser(ctx, UserLookup{Username: name})
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
	return s.requireInScope(ctx)(s.lookupID(ctx, id))
}

// lookupID is findAny without regard to scope.
func (s *Service) lookupID(ctx context.Context, id string) (*User, error) {
	if len(id) > maxText {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.store.User(ctx, id)
}

// requireInScope returns a check for the user that a store call returned: an error
// wrapping ErrForbidden if the user is out of scope.
func (s *Service) requireInScope(ctx context.Context) func(u *User, err error) (*User, error) {
	return func(u *User, err error) (*User, error) {
		if err != nil {
			return nil, err
		}
		if err := s.authorizeUser(ctx, u); err != nil {
			return nil, err
		}
		return u, nil
	}
}
