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
	groupErrs = append(groupErrs, s.registry.Validate(u.Permissions, before.Permissions)...)
	errs := s.validator.Struct(u)
	end := len(errs)
	if end > 0 && errs[end-1].Field == "external_id" {
		end--
	}
	return slices.Insert(errs, end, groupErrs...), nil
}
