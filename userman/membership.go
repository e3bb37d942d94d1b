package userman

import (
	"context"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// groupNames are the names of all groups, by their folded form.
type groupNames map[string]string

func newGroupNames(groups []*Group) groupNames {
	names := make(groupNames, len(groups))
	for _, g := range groups {
		names[FoldGroupName(g.Name)] = g.Name
	}
	return names
}

// resolve returns the names as the groups are called, sorted and each once, and
// what is wrong with them.
func (n groupNames) resolve(names []string) ([]string, []store.FieldError) {
	if len(names) > MaxGroupsPerUser {
		return nil, []store.FieldError{{Field: "groups", Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries are allowed", MaxGroupsPerUser)}}
	}
	var errs []store.FieldError
	found := make([]string, 0, len(names))
	for i, name := range names {
		canonicalName, ok := "", false
		if len(name) <= maxText {
			canonicalName, ok = n[FoldGroupName(normalizeText(name))]
		}
		if !ok {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("groups[%d]", i), Code: store.CodeUnknown, Message: "there is no such group; choose from the list of groups, or make it first",
			})
			continue
		}
		found = append(found, canonicalName)
	}
	return sortedUnique(found), errs
}

// resolveGroups is resolve over the groups that there are now.
func (s *Service) resolveGroups(ctx context.Context, names []string) ([]string, []store.FieldError, error) {
	if len(names) == 0 {
		return []string{}, nil, nil
	}
	groups, _, err := s.store.ListGroups(ctx)
	if err != nil {
		return nil, nil, err
	}
	names, errs := newGroupNames(groups).resolve(names)
	return names, errs, nil
}

// defaultGroups returns the names of the groups that new people are put into,
// sorted.
func defaultGroups(groups []*Group) []string {
	var names []string
	for _, g := range groups {
		if g.Default {
			names = append(names, g.Name)
		}
	}
	return sortedUnique(names)
}

// joinGroups puts a new person, in the transaction of ctx, into the groups that
// there are, and refuses who is out of reach then. What the default groups give
// is given by whoever made them default.
func (s *Service) joinGroups(ctx context.Context, n NewUser, created *User) error {
	groups, _, err := s.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	names, errs := newGroupNames(groups).resolve(n.User.Groups)
	if err := store.NewInvalidError(errs...); err != nil {
		return err
	}
	if created.Groups = names; !n.NoDefaultGroups {
		created.Groups = sortedUnique(slices.Concat(names, defaultGroups(groups)))
	}
	if len(created.Groups) > MaxGroupsPerUser {
		return &store.ConflictError{Reason: fmt.Sprintf("with the default groups this is more than %d groups; make fewer groups default", MaxGroupsPerUser)}
	}
	return s.authorizeChange(ctx, created.withDefaultGrants(groups), created)
}
