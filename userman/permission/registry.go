package permission

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// fieldPermissions is the field of users and groups that holds permissions.
const fieldPermissions = "permissions"

// maxGrants bounds the permissions that one user or group sets.
const maxGrants = 1000

var permissionID = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,31}$`)

// Registry holds all permissions of a service, in their order. It never changes.
type Registry struct {
	permissions []Permission
	index       map[string]int // by ID
}

// NewRegistry returns a registry of the standard permissions (see [Standard]),
// followed by those of the product. A product permission with a standard ID
// takes the standard one's place; it inherits the kind and the description that
// it leaves empty. NewRegistry panics if a permission is invalid or given twice.
func NewRegistry(product []Permission) *Registry {
	standard := Standard()
	permissions, seen := slices.Clone(standard), map[string]bool{}
	for _, p := range product {
		if seen[p.ID] {
			panic(fmt.Sprintf("permission: %q is given twice", p.ID))
		}
		seen[p.ID] = true
		if i := slices.IndexFunc(standard, func(s Permission) bool { return s.ID == p.ID }); i >= 0 {
			permissions[i] = p.inheritFrom(standard[i]).normalized()
		} else {
			permissions = append(permissions, p.normalized())
		}
	}
	index := make(map[string]int, len(permissions))
	for i, p := range permissions {
		index[p.ID] = i
	}
	return &Registry{permissions, index}
}

// All returns a copy of all permissions, in their order.
func (r *Registry) All() []Permission { return slices.Clone(r.permissions) }

// inheritFrom returns p with its empty fields set from a standard permission.
func (p Permission) inheritFrom(standard Permission) Permission {
	p.Kind, p.Description = cmp.Or(p.Kind, standard.Kind), cmp.Or(p.Description, standard.Description)
	if p.Kind != standard.Kind {
		panic(fmt.Sprintf("permission: %q is of kind %q in every product", p.ID, standard.Kind))
	}
	return p
}

// normalized returns p in the form that a registry stores. It panics if p is
// invalid.
func (p Permission) normalized() Permission {
	if reason := p.invalidReason(); reason != "" {
		panic(fmt.Sprintf("permission: %q %s", p.ID, reason))
	}
	p.Default = p.Default.Normalized()
	return p
}

// invalidReason returns why p cannot be in a registry, or "" if it can.
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

// Validate returns the errors in the permissions of a user or a group, in the
// order of the IDs. The field of an error is "permissions.ID", with an "[index]"
// for an item. Validate accepts every value that equals the one in previous,
// even if the registry does not have the permission any more.
func (r *Registry) Validate(grants, previous Permissions) []store.FieldError {
	if len(grants) > maxGrants {
		return []store.FieldError{{Field: fieldPermissions, Code: store.CodeMax, Message: fmt.Sprintf("at most %d entries", maxGrants)}}
	}
	var errs []store.FieldError
	for _, id := range slices.Sorted(maps.Keys(grants)) {
		if before, ok := previous[id]; ok && before.Equal(grants[id]) {
			continue
		}
		i, ok := r.index[id]
		if !ok {
			errs = append(errs, unknownPermission(id))
			continue
		}
		errs = append(errs, r.permissions[i].Kind.validate(fieldPermissions+"."+id, grants[id])...)
	}
	return errs
}

// unknownPermission returns the error for an unknown ID. It names the ID only if
// the ID is well-formed, because it is user input.
func unknownPermission(id string) store.FieldError {
	field := fieldPermissions
	if permissionID.MatchString(id) {
		field += "." + id
	}
	return store.FieldError{Field: field, Code: store.CodeUnknown, Message: "there is no such permission; choose from the list of permissions"}
}

// applies returns the index of a permission. It returns false if there is no
// such permission, or if the value has no effect: an [Append] without items, or
// a value of another kind, set when the product defined the ID differently.
func (r *Registry) applies(id string, value Value) (int, bool) {
	i, ok := r.index[id]
	if !ok || value.IsList() == (r.permissions[i].Kind == KindBool) || value.IsAppend() && len(value.items) == 0 {
		return 0, false
	}
	return i, true
}
