package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionsObject is the field that grants permissions. A change names single
// permissions; null removes one (RFC 7396).
func permissionsObject[R any](a *api, at func(*R) *permission.Permissions) object[R] {
	return object[R]{
		name: "permissions",
		// The validator does not look into it: it would name the permissions as they
		// were sent.
		schema: &huma.Schema{Type: huma.TypeObject, Nullable: true, AdditionalProperties: true},
		set: func(ctx context.Context, record *R, value any) []store.FieldError {
			changes, _ := value.(map[string]any)
			return setPermissions(changes, at(record), a.users(ctx).Permissions())
		},
	}
}

// setPermissions changes the grants, but for those that it cannot read and returns.
// Without changes it removes all.
func setPermissions(changes map[string]any, grants *permission.Permissions, registry []permission.Permission) []store.FieldError {
	changed := maps.Clone(*grants)
	if changed == nil || changes == nil {
		changed = permission.Permissions{}
	}
	var errs []store.FieldError
	for _, id := range slices.Sorted(maps.Keys(changes)) {
		if changes[id] == nil {
			delete(changed, id)
			continue
		}
		var value permission.Value
		text, err := json.Marshal(changes[id])
		if err == nil {
			err = value.UnmarshalJSON(text)
		}
		if err != nil && isPermission(id, registry) {
			errs = append(errs, store.FieldErrorsAt("permissions."+id, err)...)
			continue
		}
		changed[id] = value // the service rejects unknown permissions
	}
	*grants = changed
	return errs
}

func isPermission(id string, registry []permission.Permission) bool {
	return slices.ContainsFunc(registry, func(p permission.Permission) bool { return p.ID == id })
}

// permissionValue stands for [permission.Value] in the document.
type permissionValue string

// Schema returns the schema of a value.
func (permissionValue) Schema(huma.Registry) *huma.Schema {
	items := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeBoolean, Description: "The value of a permission of the kind bool."},
		items,
		{
			Type: huma.TypeObject, Description: "Items that are added to the value of the next grant.",
			Properties: map[string]*huma.Schema{"append": items}, Required: []string{"append"}, AdditionalProperties: false,
		},
	}}
}

func (a *api) registerUserPermissions(g operationGroup) {
	g.register(operation{id: "explainUser", route: "GET /users/{username}/permissions", response: schemaFor[list[*permission.Explanation]](a.document)},
		func(ctx context.Context, r *request) (*response, error) {
			effective, err := a.users(ctx).EffectivePermissions(ctx, r.text("username"))
			if err != nil {
				return nil, err
			}
			return &response{body: singlePage(effective.ExplainAll())}, nil
		})
	g.register(operation{id: "listUserReferences", route: "GET /users/{username}/references", response: schemaFor[list[store.Reference]](a.document)},
		func(ctx context.Context, r *request) (*response, error) {
			references, err := a.users(ctx).References(ctx, r.text("username"))
			return reply(singlePage(references), err)
		})
	// The permissions are no secret, and two sections need them.
	registerFixedList(a.group("users", ""), "listPermissions", "GET /permissions", a.app.Users.Permissions)
}
