package userman

import (
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// validateUser returns every error in a normalized user, in the order of the fields. It
// replaces the group names with the stored names. It accepts permissions that before
// already has, even if the product no longer has them.
func (s *Service) validateUser(ctx context.Context, u, before *User) ([]store.FieldError, error) {
	groups := &groupSet{}
	if len(u.Groups) > 0 {
		var err error
		if groups, err = s.groups(ctx); err != nil {
			return nil, err
		}
	}
	return s.validateUserWith(groups, u, before), nil
}

// validateUserWith is validateUser over groups that were read before.
func (s *Service) validateUserWith(groups *groupSet, u, before *User) []store.FieldError {
	names, groupErrs := groups.resolve(u.Groups)
	u.Groups = names
	return slices.Concat(
		Fields().Validate(u, s.validator.Var), groupErrs, s.registry.Validate(u.Permissions, before.Permissions),
	)
}

// rejectFields returns an error for the invalid fields of u and for fields that the
// caller could not parse. It returns nil if there are none. The store checks later that
// values are unique. If u will not be stored, rejectFields checks this itself.
func (s *Service) rejectFields(ctx context.Context, u *User, invalid, unreadable []store.FieldError) error {
	err := store.NewInvalidError(invalid...)
	if err == nil && len(unreadable) > 0 {
		err = s.checkUnique(ctx, u)
	}
	return store.AddFieldErrors(err, unreadable...)
}

// checkUnique returns a [store.AlreadyExistsError] if another user has a value of u
// that must be unique.
func (s *Service) checkUnique(ctx context.Context, u *User) error {
	for _, unique := range []struct {
		field, value string
		lookup       UserLookup
	}{
		{"username", u.Username, UserLookup{Username: u.Username}},
		{"default_extension", u.DefaultExtension, UserLookup{DefaultExtension: u.DefaultExtension}},
		{"external_id", u.ExternalID, UserLookup{Directory: u.Directory, ExternalID: u.ExternalID}},
	} {
		if unique.value == "" {
			continue
		}
		other, err := s.store.FindUser(ctx, unique.lookup)
		switch {
		case err == nil && other.ID != u.ID:
			return &store.AlreadyExistsError{Kind: KindUser, Field: unique.field}
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return s.checkLoginNames(ctx, u)
}

// checkLoginNames returns a [store.AlreadyExistsError] if another user has a login name
// of u.
func (s *Service) checkLoginNames(ctx context.Context, u *User) error {
	fields, err := s.store.LoginFields(ctx)
	if err != nil {
		return err
	}
	for _, name := range fields.LoginNames(u) {
		other, err := s.store.FindUser(ctx, UserLookup{LoginName: name.Folded})
		switch {
		case err == nil && other.ID != u.ID:
			return &store.AlreadyExistsError{Kind: KindUser, Field: name.Field, LoginName: true}
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return nil
}
