package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *api) registerUserPermissions(g operationGroup) {
	register(g, operation{
		id: "explainUser", method: http.MethodGet, path: "/users/{username}/permissions", summary: "Say what a person may do, and why",
		description: "One item for each permission, in the order of GET /permissions.",
		response:    singlePage([]*permission.Explanation{exampleExplanation()}),
	}, func(ctx context.Context, input *UserPath) (*listOutput[*permission.Explanation], error) {
		effective, err := a.users(ctx).EffectivePermissions(ctx, input.Username)
		if err != nil {
			return nil, err
		}
		return &listOutput[*permission.Explanation]{singlePage(effective.ExplainAll())}, nil
	})
	register(g, operation{
		id: "listUserReferences", method: http.MethodGet, path: "/users/{username}/references", summary: "List the records that refer to a person",
		description: "While there are any the person is not deleted.",
		response:    singlePage([]store.Reference{{Kind: "call flow", Key: "reception"}}),
	}, func(ctx context.Context, input *UserPath) (*listOutput[store.Reference], error) {
		references, err := a.users(ctx).References(ctx, input.Username)
		if err != nil {
			return nil, err
		}
		return &listOutput[store.Reference]{singlePage(references)}, nil
	})
	// What there is to permit is no secret, and both sections need it.
	register(operationGroup{api: a, tag: tagUsers}, operation{
		id: "listPermissions", method: http.MethodGet, path: "/permissions", summary: "List what people and groups can be permitted",
		response: singlePage([]permission.Permission{examplePermission()}),
	}, func(context.Context, *struct{}) (*listOutput[permission.Permission], error) {
		return &listOutput[permission.Permission]{singlePage(a.app.Users.Permissions())}, nil
	})
}

func examplePermission() permission.Permission {
	return permission.Permission{
		ID: permission.VoicemailDownload, Kind: permission.KindBool, Default: permission.On(), Description: "May download voicemail messages.",
	}
}

func exampleExplanation() *permission.Explanation {
	return &permission.Explanation{
		Permission: examplePermission(), On: false, Items: []string{},
		Grants: []permission.Grant{
			{Layer: permission.LayerGroup, Group: "Sales", Value: permission.Off(), Applied: true},
			{Layer: permission.LayerDefault, Value: permission.On()},
		},
		Summary: "Off, because the group Sales says so; it is on by default.",
	}
}
