package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const tagGroups = "groups"

// GroupPath is the group that a path names.
type GroupPath struct {
	Name string `doc:"The name of the group, in any case." path:"name"`
}

// GroupTarget is a group to be changed.
type GroupTarget struct {
	GroupPath
	IfMatch
}

type groupOutput = recordOutput[*userman.Group]

func (a *api) registerGroups() {
	g := operationGroup{api: a, tag: tagGroups, section: app.SectionGroups}
	register(g, operation{
		id: "listGroups", method: http.MethodGet, path: "/groups", summary: "List groups, in the order in which they count",
		response: singlePage([]*userman.Group{exampleGroup()}),
	}, func(ctx context.Context, _ *struct{}) (*listOutput[*userman.Group], error) {
		groups, err := a.users(ctx).Groups(ctx)
		if err != nil {
			return nil, err
		}
		return &listOutput[*userman.Group]{singlePage(groups)}, nil
	})
	register(g, operation{
		id: "createGroup", method: http.MethodPost, path: "/groups", summary: "Make a group",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		request:  map[string]any{"name": "Sales", "priority": 50, "permissions": map[string]any{permission.VoicemailDownload: false}},
		response: exampleGroup(),
	}, a.createGroup)
	register(g, operation{
		id: "getGroup", method: http.MethodGet, path: "/groups/{name}", summary: "Show a group",
		notModified: true, response: exampleGroup(),
	}, a.getGroup)
	register(g, operation{
		id: "updateGroup", method: http.MethodPatch, path: "/groups/{name}", summary: "Change a group",
		description: "What is absent stays as it is; null sets a field to its default. Permissions are changed one by one (RFC 7396).",
		errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
		request:     map[string]any{"default": true, "permissions": map[string]any{permission.XMPPLogin: true, permission.VoicemailDownload: nil}},
		response:    exampleGroup(),
	}, a.updateGroup)
	register(g, operation{
		id: "deleteGroup", method: http.MethodDelete, path: "/groups/{name}", summary: "Delete a group",
		description: "One that has members is kept, unless force is set; GET /groups/{name}/impact says what they would lose.",
		status:      http.StatusNoContent, errors: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, a.deleteGroup)
	a.registerMembers(g)
}

type createGroupInput struct {
	IdempotencyKey
	Body NewGroup
}

func (a *api) createGroup(ctx context.Context, input *createGroupInput) (*createdOutput[*userman.Group], error) {
	result, err := idempotent(ctx, a, input.IdempotencyKey, a.groupEvent(ctx, "create", input.Body.Name), func(ctx context.Context) (*userman.Group, error) {
		users := a.users(ctx)
		g := &userman.Group{Name: input.Body.Name}
		errs := input.Body.applyTo(g, users.Permissions())
		created, err := users.CreateGroup(ctx, g)
		return created, mergeFieldErrors(errs, err)
	})
	if err != nil {
		return nil, err
	}
	return &createdOutput[*userman.Group]{
		ETag: groupETag(result), Location: prefix + "/groups/" + url.PathEscape(result.Name), Body: result,
	}, nil
}

type getGroupInput struct {
	GroupPath
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getGroup(ctx context.Context, input *getGroupInput) (*groupOutput, error) {
	g, err := a.users(ctx).Group(ctx, input.Name)
	if err != nil {
		return nil, err
	}
	return record(g, groupETag(g)).ifNoneMatch(input.IfNoneMatch), nil
}

type updateGroupInput struct {
	GroupTarget
	Body GroupChanges
}

func (a *api) updateGroup(ctx context.Context, input *updateGroupInput) (*groupOutput, error) {
	var changed *userman.Group
	err := a.ifGroupMatches(ctx, &input.GroupTarget, "update", func(ctx context.Context) (err error) {
		users := a.users(ctx)
		changed, err = users.UpdateGroup(ctx, input.Name, func(g *userman.Group) error {
			return store.NewInvalidError(input.Body.applyTo(g, users.Permissions())...)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return record(changed, groupETag(changed)), nil
}

type deleteGroupInput struct {
	GroupTarget
	Force bool `doc:"Delete it also when it has members." query:"force"`
}

func (a *api) deleteGroup(ctx context.Context, input *deleteGroupInput) (*noOutput, error) {
	return nil, a.ifGroupMatches(ctx, &input.GroupTarget, "delete", func(ctx context.Context) error {
		return a.users(ctx).DeleteGroup(ctx, input.Name, input.Force)
	})
}

// ifGroupMatches runs act on the condition of the request.
func (a *api) ifGroupMatches(ctx context.Context, input *GroupTarget, action string, act func(context.Context) error) error {
	return a.ifMatch(ctx, input.IfMatch, a.groupEvent(ctx, action, input.Name), func(ctx context.Context) (string, error) {
		g, err := a.users(ctx).Group(ctx, input.Name)
		if err != nil {
			return "", err
		}
		return groupETag(g), nil
	}, act)
}

// groupEvent is an act on a group for the audit trail, by the name that the
// group has; see newAuditEvent for one that is not there.
func (a *api) groupEvent(ctx context.Context, action, name string) audit.Event {
	if g, err := a.users(ctx).Group(ctx, name); err == nil {
		return audit.Event{Action: action, Kind: userman.KindGroup, Key: g.Name}
	}
	return newAuditEvent(action, userman.KindGroup, name)
}
