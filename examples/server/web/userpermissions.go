package web

import (
	"context"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionRoutes are the pages on which the permissions of a user are set and
// explained: a form of the same record with other fields.
func (u *userPages) permissionRoutes() []route {
	const one = userRoute + "/permissions"
	users, permissions := *u.Type, u.site.Users.Permissions()
	users.Fields, users.Parts = field.New[userman.User](), nil
	p := u.record
	p.fieldSet = fieldSet[userman.User]{
		Type:        withPermissions(users, permissions, func(now *userman.User) *permission.Permissions { return &now.Permissions }),
		permissions: permissions,
	}
	p.template, p.describe, p.drawer = "userpermissions", u.describePermissions, nil
	p.path = func(now *userman.User) string { return userPath(now.Username) + "/permissions" }
	p.saved = func(_, _ *userman.User) string { return "Saved. Effective immediately." }
	return []route{get(one, app.SectionUsers, p.with(p.show)), post(one, app.SectionUsers, p.with(p.save))}
}

// permissionRow is one permission: its setting for this user, its effective value,
// and why.
type permissionRow struct {
	Control permissionControl
	Value   string
	Why     *permission.Explanation
}

func (u *userPages) describePermissions(ctx context.Context, _ *request, body *recordPage[userman.User], _ formErrors) error {
	effective, err := u.users(ctx).EffectivePermissions(ctx, body.Record.Username)
	if err != nil {
		return err
	}
	controls := map[string]permissionControl{}
	for _, m := range body.Form.Permissions {
		for _, c := range m.Rows {
			controls[c.ID] = c
		}
	}
	var modules []module[permissionRow]
	for _, x := range effective.ExplainAll() {
		modules = withRow(modules, x.Permission, permissionRow{controls[x.Permission.ID], effective.Format(x.Permission.ID), x})
	}
	body.Extra = modules
	return nil
}
