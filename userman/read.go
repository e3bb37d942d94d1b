package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Get returns the user with this username, ignoring case. The result has no
// credentials. Get returns an error wrapping [store.ErrNotFound] if there is no such
// user. It returns an error wrapping [store.ErrForbidden] if the user is out of scope,
// see [Service.Scoped]. The audit log records the denial.
func (s *Service) Get(ctx context.Context, username string) (*User, error) {
	u, err := s.find(ctx, username)
	return s.lookupResult(ctx, username, u, err)
}

// GetByID returns the user with this ID, including a deleted one. It returns the errors
// of [Service.Get].
func (s *Service) GetByID(ctx context.Context, id store.UserID) (*User, error) {
	u, err := s.findAny(ctx, id)
	return s.lookupResult(ctx, "", u, err)
}

// lookupResult returns a user without credentials, and records a denial.
func (s *Service) lookupResult(ctx context.Context, username string, u *User, err error) (*User, error) {
	if err == nil {
		return s.redact(u), nil
	}
	if u != nil {
		username = u.Username
	}
	return nil, s.recordDenied(ctx, username, err)
}

// recordDenied returns err, and records it if it is a denial.
func (s *Service) recordDenied(ctx context.Context, username string, err error) error {
	if _, out := errors.AsType[*store.ForbiddenError](err); out {
		s.recordFailure(ctx, "access", username, err)
	}
	return err
}

// List returns a page of users. The page omits users out of scope, see
// [Service.Scoped], and does not reveal that they exist.
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

// matchesNone reports whether q has a text that is longer than any field.
func (q Query) matchesNone() bool {
	return len(q.Search) > maxText || len(q.Extension) > maxText || len(q.Group) > maxText || len(q.Email) > maxText ||
		q.Directory != nil && len(*q.Directory) > maxText
}

// Each calls visit for every user who is not deleted, sorted by ID. It stops at the
// first error. visit must not call the service.
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

// Export calls visit like [Service.Each], and records the export in the audit log before
// it starts: the caller keeps the users that it received, even if the rest fails.
func (s *Service) Export(ctx context.Context, visit func(*User) error) error {
	if err := s.opts().Audit.Record(ctx, audit.Event{Action: "export", Kind: KindUser}); err != nil {
		return err
	}
	return s.Each(ctx, visit)
}

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

// findByID is find for an ID. It does not find deleted users.
func (s *Service) findByID(ctx context.Context, id store.UserID) (*User, error) {
	u, err := s.findAny(ctx, id)
	if err == nil && !u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return u, err
}

// findAny is find for an ID. It finds deleted users too.
func (s *Service) findAny(ctx context.Context, id store.UserID) (*User, error) {
	return s.requireInScope(ctx)(s.lookupID(ctx, id))
}

// lookupID is findAny without regard to scope.
func (s *Service) lookupID(ctx context.Context, id store.UserID) (*User, error) {
	if len(id) > maxText {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.store.User(ctx, id)
}

// lookupExtension reads the user with that default extension, without regard to scope.
func (s *Service) lookupExtension(ctx context.Context, extension string) (*User, error) {
	if !validate.Extension().Valid(extension) {
		return nil, &store.NotFoundError{Kind: KindUser}
	}
	return s.store.FindUser(ctx, UserLookup{DefaultExtension: extension})
}

// requireInScope returns a check for the user that a store call returned: an error
// wrapping ErrForbidden if the user is out of scope. The audit entry of the denial
// needs the user, so the check returns the user together with the error.
func (s *Service) requireInScope(ctx context.Context) func(u *User, err error) (*User, error) {
	return func(u *User, err error) (*User, error) {
		if err != nil {
			return nil, err
		}
		return u, s.authorizeUser(ctx, u)
	}
}

// redact returns a copy of u without credentials, but with the fields that are derived
// from them. Lists are empty rather than nil: JSON has [] for them.
func (s *Service) redact(u *User) *User {
	c := u.Clone()
	Fields().FillLists(c)
	if c.Groups == nil {
		c.Groups = []string{}
	}
	if c.Permissions == nil {
		c.Permissions = permission.Permissions{}
	}
	c.HasPassword, c.HasSecondFactor = u.Credentials.HasPassword(), u.Credentials.HasSecondFactor()
	c.ExternalPassword = s.passwordIsExternal(u)
	c.InvitationExpiresAt = time.Time{}
	if invitation := u.Credentials.Invitation; invitation != nil {
		c.InvitationExpiresAt = invitation.ExpiresAt
	}
	c.PasswordExpiresAt = s.passwordExpiry(u)
	c.Credentials, c.Activation, c.EmailCreator = credential.Credentials{}, nil, credential.Creator{}
	return c
}

// passwordExpiry returns the time when the password of u expires; zero if it does not.
func (s *Service) passwordExpiry(u *User) time.Time {
	lifetime := s.opts().PasswordLifetime
	if lifetime <= 0 || !u.Credentials.HasPassword() {
		return time.Time{}
	}
	return u.PasswordChangedAt.Add(lifetime)
}
