package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// Get returns the person of that username, in any case, or a
// [store.NotFoundError]. Credentials are left out, as they are of everybody
// that the service returns. The trail is told when the person is out of reach,
// see [Service.Scoped].
func (s *Service) Get(ctx context.Context, username string) (*User, error) {
	u, err := s.find(ctx, username)
	return s.lookupResult(ctx, username, u, err)
}

// GetByID returns the person of that ID, deleted or not.
func (s *Service) GetByID(ctx context.Context, id string) (*User, error) {
	u, err := s.findAny(ctx, id)
	return s.lookupResult(ctx, "", u, err)
}

// GetByExtension returns the person whose default extension it is.
func (s *Service) GetByExtension(ctx context.Context, extension string) (*User, error) {
	if !validate.Extension().Valid(extension) {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	u, err := s.requireInScope(ctx)(s.store.FindUser(ctx, UserLookup{DefaultExtension: extension}))
	return s.lookupResult(ctx, "", u, err)
}

// lookupResult returns what may be shown of somebody who was looked up, and tells the
// trail of who is out of reach.
func (s *Service) lookupResult(ctx context.Context, username string, u *User, err error) (*User, error) {
	if err != nil {
		return nil, s.recordDenied(ctx, username, err)
	}
	return s.redact(u), nil
}

// recordDenied returns err, and tells the trail when somebody was looked up who is out
// of reach.
func (s *Service) recordDenied(ctx context.Context, username string, err error) error {
	if _, out := errors.AsType[*store.ForbiddenError](err); out {
		s.audit.RecordFailure(ctx, s.userEvent("access", username), err)
	}
	return err
}

// List returns a page of people. Of those who are out of reach, see
// [Service.Scoped], it tells nothing, not even that more follow.
func (s *Service) List(ctx context.Context, q Query) (*store.Page[*User], error) {
	if err := q.validate(); err != nil {
		return nil, err
	}
	if q.matchesNone() {
		return &store.Page[*User]{Items: []*User{}}, nil
	}
	next := func(ctx context.Context, page store.PageRequest) (*store.Page[*User], error) {
		q.PageRequest = page
		return s.store.ListUsers(ctx, q)
	}
	sc, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	list, err := scopedlist.List(ctx, q.PageRequest, next, func(u *User) bool { return userInScope(sc, u) }, sc.AllExtensions())
	if err != nil {
		return nil, err
	}
	for i, u := range list.Items {
		list.Items[i] = s.redact(u)
	}
	return list, nil
}

func (q Query) validate() error {
	switch q.Status {
	case "", StatusEnabled, StatusDisabled, StatusDeleted:
		return q.Sort.Validate(SortFields())
	}
	return store.NewInvalidError(store.FieldError{Field: "status", Code: store.CodeOneOf, Message: "this must be one of enabled, disabled, deleted"})
}

// matchesNone reports whether something that q asks for is longer than it can
// be of anybody.
func (q Query) matchesNone() bool {
	return len(q.Search) > maxText || len(q.Extension) > maxText || len(q.Group) > maxText || len(q.Email) > maxText ||
		q.Directory != nil && len(*q.Directory) > maxText
}

// Each calls visit for everybody who is not deleted, in the order of their IDs,
// for an export, and stops at the first error. visit must not call the service.
func (s *Service) Each(ctx context.Context, visit func(*User) error) error {
	sc, err := s.scope(ctx)
	if err != nil {
		return err
	}
	return s.store.EachUser(ctx, func(u *User) error {
		if !u.DeletedAt.IsZero() || !userInScope(sc, u) {
			return nil
		}
		return visit(s.redact(u))
	})
}
