package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/granted"
	"github.com/pbxusers/pbxusers/store"
)

// maxSearch bounds a search, in bytes: nothing that is longer is found.
const maxSearch = maxText

// Get returns the administrator of that name, in any case, or a
// [store.NotFoundError]. Its credentials are left out, as they are of every
// administrator that the service returns. The trail is told when it is not for
// the actor to read, see [Service.As].
func (s *Service) Get(ctx context.Context, username string) (*Administrator, error) {
	a, err := s.reachable(ctx, username)
	if errors.Is(err, store.ErrForbidden) {
		refused := event("access", username)
		if a != nil {
			refused.Key = a.Username
		}
		s.trail.RecordFailure(ctx, refused, err)
	}
	if err != nil {
		return nil, err
	}
	return shown(a), nil
}

// reachable reads an administrator whom the actor may read.
func (s *Service) reachable(ctx context.Context, username string) (*Administrator, error) {
	actor, err := s.acting(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	return a, actor.reaches(a)
}

// Session returns the administrator of a session that began at that
// generation (see [Administrator.SessionGeneration]), with the rights of now.
// A [store.NotFoundError] when the session has ended: the administrator is
// gone or disabled, or all sessions were ended since.
func (s *Service) Session(ctx context.Context, username string, generation int64) (*Administrator, error) {
	a, err := s.find(ctx, username)
	if errors.Is(err, store.ErrNotFound) || err == nil && (a.Disabled || a.SessionGeneration != generation) {
		return nil, &store.NotFoundError{Kind: "session"}
	}
	if err != nil {
		return nil, err
	}
	return shown(a), nil
}

// List returns a page of administrators. Of those whom the actor (see
// [Service.As]) does not grant it tells nothing, not even that more follow.
func (s *Service) List(ctx context.Context, q Query) (*store.List[*Administrator], error) {
	actor, err := s.acting(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	if len(q.Search) > maxSearch {
		return &store.List[*Administrator]{Items: []*Administrator{}}, nil
	}
	next := func(ctx context.Context, page store.Page) (*store.List[*Administrator], error) {
		q.Page = page
		return s.store.ListAdministrators(ctx, q)
	}
	reaches := func(a *Administrator) bool { return actor.reaches(a) == nil }
	list, err := granted.List(ctx, q.Page, next, reaches, actor == nil || actor.Access == Full)
	if err != nil {
		return nil, err
	}
	for i, a := range list.Items {
		list.Items[i] = shown(a)
	}
	return list, nil
}

func (q Query) check() error {
	if q.Access != "" && q.Access != Full && q.Access != Limited {
		return store.Invalid(store.FieldError{Field: "access", Code: "oneof", Message: "this must be one of full, limited"})
	}
	return q.Order.Check(OrderFields())
}
