package userman

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// validateUser returns everything that is wrong with u, which is cleaned, in the order
// of its fields, and gives its groups the names that they have. What before says
// of permissions may stay, also when the product has dropped them since.
func (s *Service) validateUser(ctx context.Context, u, before *User) ([]store.FieldError, error) {
	names, groupErrs, err := s.resolveGroups(ctx, u.Groups)
	if err != nil {
		return nil, err
	}
	u.Groups = names
	return slices.Concat(
		Fields().Validate(u, s.validator.Var), groupErrs, s.registry.Validate(u.Permissions, before.Permissions),
	), nil
}
