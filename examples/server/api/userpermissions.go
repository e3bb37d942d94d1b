package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *api) registerUserPermissions(g operationGroup) {
	register(g, operation{
		id: "explainUser", method: http.MethodGet, path: "/users/{username}/permissions", summary: "Say what a person may do, and why",
		description: "One item for each permission, in the order of GET /permissions.",
		response:    singlePage([]*userman.Explanation{exampleExplanation()}),
	}, func(ctx context.Context, input *UserPath) (*listOutput[*userman.Explanation], error) {
		effective, err := a.users(ctx).EffectivePermissions(ctx, input.Username)
		if err != nil {
			return nil, err
		}
		return &listOutput[*userman.Explanation]{singlePage(effective.ExplainAll())}, nil
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
		response: singlePage([]userman.Permission{examplePermission()}),
	}, func(context.Context, *struct{}) (*listOutput[userman.Permission], error) {
		return &listOutput[userman.Permission]{singlePage(a.app.Users.Permissions())}, nil
	})
}

func examplePermission() userman.Permission {
	return userman.Permission{
		ID: userman.VoicemailDownload, Kind: userman.KindBool, Default: userman.On(), Description: "May download voicemail messages.",
	}
}

func exampleExplanation() *userman.Explanation {
	return &userman.Explanation{
		Permission: examplePermission(), On: false, Items: []string{},
		Grants: []userman.Grant{
			{Layer: userman.LayerGroup, Group: "Sales", Value: userman.Off(), Applied: true},
			{Layer: userman.LayerDefault, Value: userman.On()},
		},
		Summary: "Off, because the group Sales says so; it is on by default.",
	}
}
