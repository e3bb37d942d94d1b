package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/store"
)

// maxSearch is the maximum length of a search in bytes. Longer text matches
// nothing.
const maxSearch = maxTextBytes

// Get returns the administrator with that name, ignoring case, without credentials.
// It returns a [store.NotFoundError] if there is none. If the actor (see
// [Service.ForActor]) cannot read the administrator, it returns a
// [store.ForbiddenError], and the audit log records it.
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

// loadTarget reads an administrator that the actor can read.
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

// Session returns the administrator of a session with its current rights. epoch is
// the [Administrator.SessionEpoch] at the login. It returns a [store.NotFoundError]
// if the session has ended: the administrator was deleted or disabled, or all
// sessions were ended.
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

// List returns a page of administrators. It leaves out administrators that the
// actor (see [Service.ForActor]) does not cover, and does not reveal whether more
// of them follow.
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
		return store.NewInvalidError(store.FieldError{Field: "access", Code: store.CodeOneOf, Message: "choose full or limited"})
	}
	return q.Sort.Validate(SortFields())
}
