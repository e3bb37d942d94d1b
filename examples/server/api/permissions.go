package api

import (
	"context"

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
			patch, _ := value.(map[string]any)
			merged, errs := at(record).Merge(a.users(ctx).Permissions(), patch)
			*at(record) = merged
			return errs
		},
	}
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
