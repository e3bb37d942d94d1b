package userman

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// check returns everything that is wrong with u, which is cleaned, in the order
// of its fields, and gives its groups the names that they have. What before says
// of permissions may stay, also when the product has dropped them since.
func (s *Service) check(ctx context.Context, u, before *User) ([]store.FieldError, error) {
	names, wrong, err := s.resolveGroups(ctx, u.Groups)
	if err != nil {
		return nil, err
	}
	u.Groups = names
	wrong = append(wrong, s.registry.check(u.Permissions, before.Permissions)...)
	refused := s.rules.Struct(u)
	end := len(refused)
	if end > 0 && refused[end-1].Field == "external_id" {
		end--
	}
	return slices.Insert(refused, end, wrong...), nil
}
