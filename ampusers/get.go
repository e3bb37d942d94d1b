package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/store"
)

// maxSearch bounds a search, in bytes: nothing that is longer is found.
const maxSearch = maxTextBytes

// Get returns the administrator of that name, in any case, or a
// [store.NotFoundError]. Its credentials are left out, as they are of every
// administrator that the service returns. The trail is told when it is not for
// the actor to read, see [Service.ForActor].
func (s *Service) Get(ctx context.Context, username string) (*Administrator, error) {
	a, err := s.loadTarget(ctx, username)
	if errors.Is(err, store.ErrForbidden) {
		denied := newEvent("access", username)
		if a != nil {
			denied.Key = a.Username
		}
		s.audit.RecordFailure(ctx, denied, err)
	}
	if err != nil {
		return nil, err
	}
	return redact(a), nil
}

// loadTarget reads an administrator whom the actor may read.
func (s *Service) loadTarget(ctx context.Context, username string) (*Administrator, error) {
	actor, err := s.loadActor(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.lookup(ctx, username)
	if err != nil {
		return nil, err
	}
	return a, actor.authorizeTarget(a)
}

// Session returns the administrator of a session that began at that
// generation (see [Administrator.SessionEpoch]), with the rights of now.
// A [store.NotFoundError] when the session has ended: the administrator is
// gone or disabled, or all sessions were ended since.
func (s *Service) Session(ctx context.Context, username string, epoch int64) (*Administrator, error) {
	a, err := s.lookup(ctx, username)
	if errors.Is(err, store.ErrNotFound) || err == nil && (a.Disabled || a.SessionEpoch != epoch) {
		return nil, &store.NotFoundError{Kind: "session"}
	}
	if err != nil {
		return nil, err
	}
	return redact(a), nil
}

// List returns a page of administrators. Of those whom the actor (see
// [Service.ForActor]) does not grant it tells nothing, not even that more follow.
func (s *Service) List(ctx context.Context, q Query) (*store.Page[*Administrator], error) {
	actor, err := s.loadActor(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.validate(); err != nil {
		return nil, err
	}
	if len(q.Search) > maxSearch {
		return &store.Page[*Administrator]{Items: []*Administrator{}}, nil
	}
	fetch := func(ctx context.Context, page store.PageRequest) (*store.Page[*Administrator], error) {
		q.PageRequest = page
		return s.store.ListAdministrators(ctx, q)
	}
	inScope := func(a *Administrator) bool { return actor.authorizeTarget(a) == nil }
	list, err := scopedlist.List(ctx, q.PageRequest, fetch, inScope, actor == nil || actor.Access == Full)
	if err != nil {
		return nil, err
	}
	for i, a := range list.Items {
		list.Items[i] = redact(a)
	}
	return list, nil
}

func (q Query) validate() error {
	if q.Access != "" && q.Access != Full && q.Access != Limited {
		return store.NewInvalidError(store.FieldError{Field: "access", Code: store.CodeOneOf, Message: "this must be one of full, limited"})
	}
	return q.Sort.Validate(SortFields())
}
