package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// member is a member of a group. The section of groups does not include the other
// fields of users.
type member struct {
	Username         string `json:"username"`
	Name             string `json:"name"`
	DefaultExtension string `json:"default_extension"`
	Disabled         bool   `doc:"Whether the user is disabled." json:"disabled"`
}

// NewMembers names users to be added to a group, or removed from it.
type NewMembers struct {
	Usernames []string `doc:"Usernames. Case does not matter." json:"usernames"`
}

// groupImpact is what would change if a group were deleted.
type groupImpact struct {
	Items []userman.MemberImpact `doc:"The first members, and what each would lose." json:"items"`
	Total int                    `doc:"The number of members."                       json:"total"`
}

func (a *api) registerMembers(g operationGroup) {
	g.register(operation{
		id: "listMembers", method: http.MethodGet, path: "/groups/{name}/members", summary: "List the members of a group", params: pagingParams(),
		response: list[member]{Items: []member{{Username: "jane.roe", Name: "Jane Roe", DefaultExtension: "4001"}}, Next: ""},
	}, a.listMembers)
	for _, act := range []struct {
		id, method, summary string
		do                  func(*userman.Service, context.Context, string, ...string) error
	}{
		{"addMembers", http.MethodPost, "Add users to a group", (*userman.Service).AddMembers},
		{"removeMembers", http.MethodDelete, "Remove users from a group", (*userman.Service).RemoveMembers},
	} {
		registerBody(g, operation{
			id: act.id, method: act.method, path: "/groups/{name}/members", summary: act.summary,
			description: "At most 1000 users. If one of the usernames is unknown, nothing is changed.",
			status:      http.StatusNoContent, errors: []int{http.StatusConflict},
			request: map[string]any{"usernames": []string{"jane.roe"}},
		}, func(ctx context.Context, r *request, body *NewMembers) (*response, error) {
			return noContent(act.do(a.users(ctx), ctx, r.text("name"), body.Usernames...))
		})
	}
	g.register(operation{
		id: "explainGroupImpact", method: http.MethodGet, path: "/groups/{name}/impact", summary: "Preview what the members of a group would lose if it were deleted",
		params: []*huma.Param{limitParam("The maximum number of members; 50 by default.")},
		response: groupImpact{Total: 1, Items: []userman.MemberImpact{{
			Username: "jane.roe", Changes: []userman.PermissionChange{{Permission: permission.VoicemailDownload, Before: "off", After: "on"}},
		}}},
	}, a.groupImpact)
}

func (a *api) listMembers(ctx context.Context, r *request) (*response, error) {
	users := a.users(ctx)
	// An unknown group is an error, not an empty list.
	g, err := users.Group(ctx, r.text("name"))
	if err != nil {
		return nil, err
	}
	page, err := users.List(ctx, userman.Query{Group: g.Name, PageRequest: r.page()})
	return replyPage(page, err, func(u *userman.User) member {
		return member{Username: u.Username, Name: u.Name(), DefaultExtension: u.DefaultExtension, Disabled: u.Disabled}
	})
}

func (a *api) groupImpact(ctx context.Context, r *request) (*response, error) {
	limit := store.PageRequest{Limit: r.page().Limit}.EffectiveLimit()
	items, total, err := a.users(ctx).PreviewDeleteGroup(ctx, r.text("name"), limit)
	return reply(groupImpact{Items: items, Total: total}, err)
}
