package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *api) registerGroups() {
	e := &endpoint[userman.Group]{
		Type:           resource.Groups(a.users),
		operationGroup: a.group("groups", app.SectionGroups),
		noun:           "Group", path: "/groups",
		objects: []object[userman.Group]{permissionsObject(a, func(g *userman.Group) *permission.Permissions { return &g.Permissions })},
		event:   a.app.Users.Groups().AuditEvent,
	}
	e.registerRecord()
	a.registerMembers(e.operationGroup)
}

// NewMembers names users to be added to a group, or removed from it.
type NewMembers struct {
	Usernames []string `doc:"Usernames. Case does not matter." json:"usernames"`
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
				a.app.AuditLog.RecordFailure(ctx, a.app.Users.Groups().AuditEvent(ctx, "preview", r.text("name")), err)
			}
			return reply(revocations, err)
		})
	g.register(operation{
		id: "explainGroupImpact", route: "GET /groups/{name}/impact", params: []*huma.Param{limitParam("The maximum number of members; 50 by default.")},
		response: schemaFor[userman.GroupImpact](a.document),
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
	return reply(a.users(ctx).Groups().PreviewDelete(ctx, r.text("name"), r.page().EffectiveLimit()))
}
