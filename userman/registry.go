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

// maxSaid bounds what a person or a group says before it is looked at.
const maxSaid = 1000

var permissionID = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,31}$`)

// registry are the permissions of a service, by ID and in their order. It never
// changes.
type registry struct {
	ordered []Permission
	index   nameTable
}

// newRegistry returns the standard permissions with those of the product. One
// of a standard ID takes over the kind and the sentence that it leaves empty.
// What contradicts itself is a mistake in the program: it panics.
func newRegistry(product []Permission) *registry {
	standard := StandardPermissions()
	ordered, given := slices.Clone(standard), map[string]bool{}
	for _, p := range product {
		if given[p.ID] {
			panic(fmt.Sprintf("userman: the permission %q is given twice", p.ID))
		}
		given[p.ID] = true
		if i := slices.IndexFunc(standard, func(s Permission) bool { return s.ID == p.ID }); i >= 0 {
			ordered[i] = p.inPlaceOf(standard[i]).normalised()
		} else {
			ordered = append(ordered, p.normalised())
		}
	}
	ids := make([]string, len(ordered))
	for i, p := range ordered {
		ids[i] = p.ID
	}
	return &registry{ordered, newNameTable(ids)}
}

// inPlaceOf returns p with what it leaves empty of a standard permission.
func (p Permission) inPlaceOf(standard Permission) Permission {
	p.Kind, p.Sentence = cmp.Or(p.Kind, standard.Kind), cmp.Or(p.Sentence, standard.Sentence)
	if p.Kind != standard.Kind {
		panic(fmt.Sprintf("userman: the permission %q is of kind %q in every product", p.ID, standard.Kind))
	}
	return p
}

// normalised returns p as it stands in a registry.
func (p Permission) normalised() Permission {
	if wrong := p.wrong(); wrong != "" {
		panic(fmt.Sprintf("userman: the permission %q %s", p.ID, wrong))
	}
	p.Default = p.Default.normalised()
	return p
}

// wrong returns what keeps p out of a registry.
func (p Permission) wrong() string {
	switch {
	case !permissionID.MatchString(p.ID):
		return "is not named module.key, in lower-case letters, digits and underscores"
	case !slices.Contains([]Kind{Switch, Extensions, Numbers, Names}, p.Kind):
		return fmt.Sprintf("is of an unknown kind %q", p.Kind)
	case p.Sentence == "":
		return "has no sentence"
	case p.Default.Extends():
		return "has a default that extends nothing"
	}
	if wrong := p.Kind.wrongWith("", p.Default); len(wrong) > 0 {
		return "has a wrong default: " + wrong[0].String()
	}
	return ""
}

// check returns what is wrong with what a person or a group says, in the order
// of the IDs; fields are named permissions.ID, with an [index] for items. known
// is what was said before: what is left as it was stays, also of an ID that the
// product has dropped since.
func (r *registry) check(said, known Permissions) []store.FieldError {
	if len(said) > maxSaid {
		return []store.FieldError{{Field: fieldPermissions, Code: "max", Message: fmt.Sprintf("at most %d entries are allowed", maxSaid)}}
	}
	var wrong []store.FieldError
	for _, id := range slices.Sorted(maps.Keys(said)) {
		if before, ok := known[id]; ok && before.Equal(said[id]) {
			continue
		}
		i, ok := r.index.find(id)
		if !ok {
			wrong = append(wrong, unknownPermission(id))
			continue
		}
		wrong = append(wrong, r.ordered[i].Kind.wrongWith(fieldPermissions+"."+id, said[id])...)
	}
	return wrong
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
