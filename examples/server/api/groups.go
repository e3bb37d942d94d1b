package api

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const tagGroups = "groups"

func (a *api) registerGroups() {
	e := &endpoint[userman.Group]{
		Type:           resource.Groups(a.users),
		operationGroup: operationGroup{api: a, tag: tagGroups, section: app.SectionGroups},
		path:           "/groups", param: "name", noun: "Group", nouns: "Groups", schema: "Group",
		objects: []object[userman.Group]{permissionsObject(a, func(g *userman.Group) *permission.Permissions { return &g.Permissions })},
		event:   a.groupEvent,
		texts: endpointTexts{
			list:   "In the order of their precedence.",
			update: "Permissions are changed one by one.",
			delete: "A group with members is not deleted without force; GET /groups/{name}/impact shows what they would lose.",
		},
		example: resource.Result[userman.Group]{Record: exampleGroup()}, created: resource.Result[userman.Group]{Record: exampleGroup()},
		new:     map[string]any{"name": "Sales", "priority": 50, "permissions": map[string]any{permission.VoicemailDownload: false}},
		changes: map[string]any{"default": true, "permissions": map[string]any{permission.XMPPLogin: true, permission.VoicemailDownload: nil}},
	}
	e.register()
	a.registerMembers(e.operationGroup)
}

// groupEvent begins an entry of the audit log with the name that the group has; see
// [newAuditEvent] for a group that does not exist.
func (a *api) groupEvent(ctx context.Context, action, name string) audit.Event {
	if g, err := a.users(ctx).Group(ctx, name); err == nil {
		return audit.Event{Action: action, Kind: userman.KindGroup, Key: g.Name}
	}
	return newAuditEvent(action, userman.KindGroup, name)
}

func exampleGroup() *userman.Group {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &userman.Group{
		Name: "Sales", Priority: 50, Permissions: permission.Permissions{permission.VoicemailDownload: permission.Off()}, Members: 1,
		CreatedAt: created, UpdatedAt: created,
	}
}
