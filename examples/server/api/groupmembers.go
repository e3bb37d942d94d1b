package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// member is somebody in a group: whoever may see groups need not see all of the
// people.
type member struct {
	Username         string `json:"username"`
	Name             string `json:"name"`
	DefaultExtension string `json:"default_extension"`
	Disabled         bool   `json:"disabled"`
}

// NewMembers are people to be put into a group, or taken out of it.
type NewMembers struct {
	Usernames []string `json:"usernames"`
}

// groupImpact is what would change if a group were deleted.
type groupImpact struct {
	Items []userman.MemberImpact `json:"items"`
	Total int                    `json:"total"`
}

func (a *api) registerMembers(g operationGroup) {
	register(g, operation{
		id: "listMembers", method: http.MethodGet, path: "/groups/{name}/members", summary: "List the members of a group",
		response: list[member]{Items: []member{{Username: "jane.roe", Name: "Jane Roe", DefaultExtension: "4001"}}, Next: ""},
	}, a.listMembers)
	for _, act := range []struct {
		id, method, summary string
		do                  func(*userman.Service, context.Context, string, ...string) error
	}{
		{"addMembers", http.MethodPost, "Put people into a group", (*userman.Service).AddMembers},
		{"removeMembers", http.MethodDelete, "Take people out of a group", (*userman.Service).RemoveMembers},
	} {
		register(g, operation{
			id: act.id, method: act.method, path: "/groups/{name}/members", summary: act.summary,
			description: "All of them, or, when one of the names is unknown, none. At most 1000 at once.",
			status:      http.StatusNoContent, errors: []int{http.StatusConflict},
			request: map[string]any{"usernames": []string{"jane.roe"}},
		}, func(ctx context.Context, input *membersInput) (*noOutput, error) {
			return nil, act.do(a.users(ctx), ctx, input.Name, input.Body.Usernames...)
		})
	}
	register(g, operation{
		id: "explainGroupImpact", method: http.MethodGet, path: "/groups/{name}/impact", summary: "Say what the members of a group would lose if it were deleted",
		response: groupImpact{Total: 1, Items: []userman.MemberImpact{{
			Username: "jane.roe", Changes: []userman.PermissionChange{{Permission: permission.VoicemailDownload, Before: "off", After: "on"}},
		}}},
	}, a.groupImpact)
}

type membersInput struct {
	GroupPath
	Body NewMembers
}

type listMembersInput struct {
	GroupPath
	Paging
}

func (a *api) listMembers(ctx context.Context, input *listMembersInput) (*listOutput[member], error) {
	users := a.users(ctx)
	// A group that there is not has no list, not an empty one.
	g, err := users.Group(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	page, err := users.List(ctx, userman.Query{Group: g.Name, PageRequest: input.page()})
	if err != nil {
		return nil, err
	}
	return newListOutput(page, func(u *userman.User) member {
		return member{Username: u.Username, Name: u.Name(), DefaultExtension: u.DefaultExtension, Disabled: u.Disabled}
	}), nil
}

type groupImpactInput struct {
	GroupPath
	Limit int `doc:"How many members are told of at most; 50 unless given." maximum:"1000" minimum:"1" query:"limit"`
}

func (a *api) groupImpact(ctx context.Context, input *groupImpactInput) (*struct{ Body groupImpact }, error) {
	limit := store.PageRequest{Limit: input.Limit}.EffectiveLimit()
	items, total, err := a.users(ctx).PreviewDeleteGroup(ctx, input.Name, limit)
	if err != nil {
		return nil, err
	}
	return &struct{ Body groupImpact }{groupImpact{Items: items, Total: total}}, nil
}
