package web

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionRoutes is the address of the permissions of a user: a tab of their page.
func (u *userPages) permissionRoutes() []route {
	return []route{get(userRoute+"/permissions", app.SectionUsers, u.with(func(_ context.Context, _ *request, now *userman.User) (response, error) {
		return redirect{Path: u.path(now) + "#" + permissionsTab}, nil
	}))}
}

// explain adds the effective values of a user, and their origins.
func (t permissionTable) explain(effective *permission.EffectiveSet) {
	why := map[string]*permission.Explanation{}
	for _, x := range effective.ExplainAll() {
		why[x.Permission.ID] = x
	}
	for _, m := range t {
		for i := range m.Rows {
			m.Rows[i].Value, m.Rows[i].Why = effective.Format(m.Rows[i].ID), why[m.Rows[i].ID]
		}
	}
}

// Origin names the layers that the effective value comes from.
func (c permissionControl) Origin() string {
	var layers []string
	for _, grant := range c.Why.Grants {
		switch {
		case !grant.Applied:
		case grant.Layer == permission.LayerGroup:
			layers = append(layers, "group "+grant.Group)
		case grant.Layer == permission.LayerUser:
			layers = append(layers, "this user")
		default:
			layers = append(layers, "default")
		}
	}
	return strings.Join(layers, ", ")
}
