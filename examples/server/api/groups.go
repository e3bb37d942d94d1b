package api

import (
	"context"

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
		noun:           "Group", path: "/groups",
		objects: []object[userman.Group]{permissionsObject(a, func(g *userman.Group) *permission.Permissions { return &g.Permissions })},
		event:   a.groupEvent,
	}
	e.registerRecord()
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
