package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *api) registerGroups() {
	e := &endpoint[userman.Group]{
		Type:           resource.Groups(a.users),
		operationGroup: a.group("groups", app.SectionGroups),
		noun:           "Group", path: "/groups",
		objects: []object[userman.Group]{permissionsObject(a, func(g *userman.Group) *permission.Permissions { return &g.Permissions })},
		event:   a.groupEvent,
	}
	e.registerRecord()
	a.registerMembers(e.operationGroup)
}

// groupEvent begins an entry of the audit log with the name that the group has; see
// [newAuditEvent] for a group that does not exist yet.
func (a *api) groupEvent(ctx context.Context, action, name string) audit.Event {
	if g, err := a.users(ctx).Groups().Get(ctx, name); err == nil {
		return audit.Event{Action: action, Kind: userman.KindGroup, Key: g.Name}
	}
	return newAuditEvent(action, userman.KindGroup, name)
}

// NewMembers names users to be added to a group, or removed from it.
type NewMembers struct {
	Usernames []string `doc:"Usernames. Case does not matter." json:"usernames"`
}

// groupImpact is what would change if a group were deleted.
type groupImpact struct {
	Items []userman.MemberImpact `doc:"The first members, and the permissions that change for each." json:"items"`
	Total int                    `doc:"The number of members."                                       json:"total"`
	// Revocations are the members whose credentials the deletion revokes.
	Revocations userman.Revocations `doc:"The members whose credentials the deletion ends." json:"revocations"`
}

func (a *api) registerMembers(g operationGroup) {
	g.register(operation{
		id: "listMembers", route: "GET /groups/{name}/members", params: pagingParams(), response: schemaFor[list[userman.Member]](a.document),
	}, a.listMembers)
	registerBody(g, operation{id: "addMembers", route: "POST /groups/{name}/members"}, func(ctx context.Context, r *request, body *NewMembers) (*response, error) {
		return noContent(a.users(ctx).Groups().AddMembers(ctx, r.text("name"), body.Usernames...))
	})
	registerBody(g, operation{id: "removeMembers", route: "DELETE /groups/{name}/members"}, func(ctx context.Context, r *request, body *NewMembers) (*response, error) {
		return noContent(a.users(ctx).Groups().RemoveMembers(ctx, r.text("name"), body.Usernames...))
	})
	registerBody(g, operation{id: "previewMembers", route: "POST /groups/{name}/members/preview", response: schemaFor[userman.Revocations](a.document)},
		func(ctx context.Context, r *request, body *NewMembers) (*response, error) {
			revocations, err := a.users(ctx).PreviewRevocations(ctx, resource.MaxRevocations, func(ctx context.Context, users *userman.Service) error {
				return users.Groups().AddMembers(ctx, r.text("name"), body.Usernames...)
			})
			if err != nil { // the transaction of the preview has no entry
				a.app.AuditLog.RecordFailure(ctx, a.groupEvent(ctx, "preview", r.text("name")), err)
			}
			return reply(revocations, err)
		})
	g.register(operation{
		id: "explainGroupImpact", route: "GET /groups/{name}/impact", params: []*huma.Param{limitParam("The maximum number of members; 50 by default.")},
		response: schemaFor[groupImpact](a.document),
	}, a.groupImpact)
}

func (a *api) listMembers(ctx context.Context, r *request) (*response, error) {
	users := a.users(ctx)
	// An unknown group is an error, not an empty list.
	g, err := users.Groups().Get(ctx, r.text("name"))
	if err != nil {
		return nil, err
	}
	page, err := users.List(ctx, userman.Query{Group: g.Name, PageRequest: r.page()})
	return replyPage(page, err, (*userman.User).AsMember)
}

func (a *api) groupImpact(ctx context.Context, r *request) (*response, error) {
	limit := store.PageRequest{Limit: r.page().Limit}.EffectiveLimit()
	users, name := a.users(ctx), r.text("name")
	items, total, err := users.Groups().PreviewDelete(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	revocations := &userman.Revocations{Items: []userman.Revocation{}}
	if !a.isScoped(ctx) { // others cannot delete it
		revocations, err = users.PreviewRevocations(ctx, limit, func(ctx context.Context, users *userman.Service) error {
			return users.Groups().Delete(ctx, name, true)
		})
		if err != nil {
			return nil, err
		}
	}
	return reply(groupImpact{Items: items, Total: total, Revocations: *revocations}, nil)
}
