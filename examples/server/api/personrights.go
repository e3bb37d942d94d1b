package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *api) registerPersonRights(g group) {
	register(g, operation{
		id: "explainUser", method: http.MethodGet, path: "/users/{username}/permissions", summary: "Say what a person may do, and why",
		description: "One item for each permission, in the order of GET /permissions.",
		response:    whole([]*userman.Explanation{exampleExplanation()}),
	}, func(ctx context.Context, input *Person) (*listOutput[*userman.Explanation], error) {
		effective, err := a.people(ctx).Effective(ctx, input.Username)
		if err != nil {
			return nil, err
		}
		return &listOutput[*userman.Explanation]{whole(effective.ExplainAll())}, nil
	})
	register(g, operation{
		id: "listUserReferences", method: http.MethodGet, path: "/users/{username}/references", summary: "List the records that refer to a person",
		description: "While there are any the person is not deleted.",
		response:    whole([]store.Reference{{Kind: "call flow", Key: "reception"}}),
	}, func(ctx context.Context, input *Person) (*listOutput[store.Reference], error) {
		references, err := a.people(ctx).References(ctx, input.Username)
		if err != nil {
			return nil, err
		}
		return &listOutput[store.Reference]{whole(references)}, nil
	})
	// What there is to permit is no secret, and both sections need it.
	register(group{api: a, tag: tagPeople}, operation{
		id: "listPermissions", method: http.MethodGet, path: "/permissions", summary: "List what people and groups can be permitted",
		response: whole([]userman.Permission{examplePermission()}),
	}, func(context.Context, *struct{}) (*listOutput[userman.Permission], error) {
		return &listOutput[userman.Permission]{whole(a.site.People.Permissions())}, nil
	})
}

func examplePermission() userman.Permission {
	return userman.Permission{
		ID: userman.VoicemailDownload, Kind: userman.Switch, Default: userman.On(), Sentence: "May download voicemail messages.",
	}
}

func exampleExplanation() *userman.Explanation {
	return &userman.Explanation{
		Permission: examplePermission(), On: false, Items: []string{},
		Sources: []userman.Source{
			{Origin: userman.FromGroup, Group: "Sales", Value: userman.Off(), Counts: true},
			{Origin: userman.FromDefault, Value: userman.On()},
		},
		Sentence: "Off, because the group Sales says so; it is on by default.",
	}
}
