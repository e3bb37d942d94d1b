package api

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionChanges are permissions to be said, or, with null, to be said
// nothing of any more. What is absent stays (RFC 7396).
type permissionChanges struct {
	optional[map[string]json.RawMessage]
}

// Schema tells huma of an object whose fields we read ourselves: it would name
// them as they were submitted.
func (permissionChanges) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, AdditionalProperties: true}
}

// setPermissions changes what is said, and returns what cannot be read of it.
func setPermissions(c permissionChanges, permissions *permission.Permissions, registry []permission.Permission) []store.FieldError {
	if !c.set {
		return nil
	}
	changed := maps.Clone(*permissions)
	if changed == nil || c.null {
		changed = permission.Permissions{}
	}
	var errs []store.FieldError
	for _, id := range slices.Sorted(maps.Keys(c.value)) {
		text := c.value[id]
		if string(text) == "null" {
			delete(changed, id)
			continue
		}
		var value permission.Value
		if err := value.UnmarshalJSON(text); err != nil && isPermission(id, registry) {
			errs = append(errs, fieldErrors("permissions."+id, err)...)
			continue
		}
		changed[id] = value // the service refuses what is no permission
	}
	if len(errs) == 0 {
		*permissions = changed
	}
	return errs
}

func isPermission(id string, registry []permission.Permission) bool {
	return slices.ContainsFunc(registry, func(p permission.Permission) bool { return p.ID == id })
}

// permissionValue is what huma is told that a [permission.Value] is.
type permissionValue string

// Schema tells huma of the forms of a value.
func (permissionValue) Schema(huma.Registry) *huma.Schema {
	items := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeBoolean, Description: "What is said of a switch."},
		items,
		{
			Type: huma.TypeObject, Description: "Items that are added to what whoever comes next says.",
			Properties: map[string]*huma.Schema{"extend": items}, Required: []string{"extend"}, AdditionalProperties: false,
		},
	}}
}
