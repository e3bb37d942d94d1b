package api

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// NewGroup is a group to be made.
type NewGroup struct {
	Name string `json:"name"`
	GroupChanges
}

// GroupChanges are the fields of a group to be set.
type GroupChanges struct {
	Description optional[string]  `json:"description,omitzero"`
	Priority    optional[int]     `json:"priority,omitzero"`
	Default     optional[bool]    `json:"default,omitzero"`
	Permissions permissionChanges `json:"permissions,omitzero"`
}

// applyTo sets the fields of g that are given, and returns those that cannot be
// read.
func (c *GroupChanges) applyTo(g *userman.Group, registry []permission.Permission) []store.FieldError {
	c.Description.assignTo(&g.Description)
	c.Priority.assignTo(&g.Priority)
	c.Default.assignTo(&g.Default)
	return setPermissions(c.Permissions, &g.Permissions, registry)
}

// groupETag returns the tag of a group. Who joins or leaves it does not change
// it: who edits a group overwrites nothing of that.
func groupETag(g *userman.Group) string {
	tagged := *g
	tagged.Members = 0
	return computeETag(&tagged)
}

func exampleGroup() *userman.Group {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &userman.Group{
		Name: "Sales", Priority: 50, Permissions: permission.Permissions{permission.VoicemailDownload: permission.Off()}, Members: 1,
		CreatedAt: created, UpdatedAt: created,
	}
}
