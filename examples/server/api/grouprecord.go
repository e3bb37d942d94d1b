package api

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
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

// set sets the fields of g that are given, and returns those that cannot be
// read.
func (c *GroupChanges) set(g *userman.Group, known []userman.Permission) []store.FieldError {
	c.Description.into(&g.Description)
	c.Priority.into(&g.Priority)
	c.Default.into(&g.Default)
	return setPermissions(c.Permissions, &g.Permissions, known)
}

// groupTag returns the tag of a group. Who joins or leaves it does not change
// it: who edits a group overwrites nothing of that.
func groupTag(g *userman.Group) string {
	tagged := *g
	tagged.Members = 0
	return etagOf(&tagged)
}

func exampleGroup() *userman.Group {
	made := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &userman.Group{
		Name: "Sales", Priority: 50, Permissions: userman.Permissions{userman.VoicemailDownload: userman.Off()}, Members: 1,
		CreatedAt: made, UpdatedAt: made,
	}
}
