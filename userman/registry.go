package userman

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// fieldPermissions is what people and groups have their permissions in.
const fieldPermissions = "permissions"

// maxGrants bounds what a person or a group says before it is looked at.
const maxGrants = 1000

var permissionID = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,31}$`)

// registry are the permissions of a service, by ID and in their order. It never
// changes.
type registry struct {
	permissions []Permission
	index       nameTable
}

// newRegistry returns the standard permissions with those of the product. One
// of a standard ID takes over the kind and the sentence that it leaves empty.
// What contradicts itself is a mistake in the program: it panics.
func newRegistry(product []Permission) *registry {
	standard := StandardPermissions()
	permissions, seen := slices.Clone(standard), map[string]bool{}
	for _, p := range product {
		if seen[p.ID] {
			panic(fmt.Sprintf("userman: the permission %q is given twice", p.ID))
		}
		seen[p.ID] = true
		if i := slices.IndexFunc(standard, func(s Permission) bool { return s.ID == p.ID }); i >= 0 {
			permissions[i] = p.inheritFrom(standard[i]).normalized()
		} else {
			permissions = append(permissions, p.normalized())
		}
	}
	ids := make([]string, len(permissions))
	for i, p := range permissions {
		ids[i] = p.ID
	}
	return &registry{permissions, newNameTable(ids)}
}

// inheritFrom returns p with what it leaves empty of a standard permission.
func (p Permission) inheritFrom(standard Permission) Permission {
	p.Kind, p.Description = cmp.Or(p.Kind, standard.Kind), cmp.Or(p.Description, standard.Description)
	if p.Kind != standard.Kind {
		panic(fmt.Sprintf("userman: the permission %q is of kind %q in every product", p.ID, standard.Kind))
	}
	return p
}

// normalized returns p as it stands in a registry.
func (p Permission) normalized() Permission {
	if reason := p.invalidReason(); reason != "" {
		panic(fmt.Sprintf("userman: the permission %q %s", p.ID, reason))
	}
	p.Default = p.Default.normalized()
	return p
}

// invalidReason returns what keeps p out of a registry.
func (p Permission) invalidReason() string {
	switch {
	case !permissionID.MatchString(p.ID):
		return "is not named module.key, in lower-case letters, digits and underscores"
	case !slices.Contains([]Kind{KindBool, KindExtensions, KindNumbers, KindStrings}, p.Kind):
		return fmt.Sprintf("is of an unknown kind %q", p.Kind)
	case p.Description == "":
		return "has no sentence"
	case p.Default.IsAppend():
		return "has a default that extends nothing"
	}
	if errs := p.Kind.validate("", p.Default); len(errs) > 0 {
		return "has a wrong default: " + errs[0].String()
	}
	return ""
}

// validate returns what is wrong with what a person or a group says, in the order
// of the IDs; fields are named permissions.ID, with an [index] for items. known
// is what was said before: what is left as it was stays, also of an ID that the
// product has dropped since.
func (r *registry) validate(grants, previous Permissions) []store.FieldError {
	if len(grants) > maxGrants {
		return []store.FieldError{{Field: fieldPermissions, Code: "max", Message: fmt.Sprintf("at most %d entries are allowed", maxGrants)}}
	}
	var errs []store.FieldError
	for _, id := range slices.Sorted(maps.Keys(grants)) {
		if before, ok := previous[id]; ok && before.Equal(grants[id]) {
			continue
		}
		i, ok := r.index.find(id)
		if !ok {
			errs = append(errs, unknownPermission(id))
			continue
		}
		errs = append(errs, r.permissions[i].Kind.validate(fieldPermissions+"."+id, grants[id])...)
	}
	return errs
}

// unknownPermission names the ID only when it has the form of one: it was
// submitted.
func unknownPermission(id string) store.FieldError {
	field := fieldPermissions
	if permissionID.MatchString(id) {
		field += "." + id
	}
	return store.FieldError{Field: field, Code: "unknown", Message: "there is no such permission; choose from the list of permissions"}
}
