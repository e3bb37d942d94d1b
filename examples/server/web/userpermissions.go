package web

import (
	"context"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionsPath is the page of the permissions of a user.
func permissionsPath(username string) string { return userPath(username) + "/permissions" }

// permissionRoutes are the pages on which the permissions of a user are set and
// explained: a form of the same record with other fields.
func (u *userPages) permissionRoutes() []route {
	const one = userRoute + "/permissions"
	users := *u.Type
	users.Fields, users.Parts = field.New[userman.User](), nil
	p := u.record
	p.fieldSet = fieldSet[userman.User]{Type: &users, special: permissionForm(
		func() []permission.Permission { return u.site.Users.Permissions() },
		func(now *userman.User) *permission.Permissions { return &now.Permissions },
	)}
	p.template, p.body, p.drawer = "userpermissions", u.permissionsBody, nil
	p.path = func(now *userman.User) string { return permissionsPath(now.Username) }
	p.title = func(now *userman.User) string { return "Permissions of " + now.Name() }
	p.saved = func(_, _ *userman.User) string { return "Saved. Effective immediately." }
	return []route{get(one, app.SectionUsers, p.show), post(one, app.SectionUsers, p.save)}
}

// userPermissionsPage is the page of the permissions of a user.
type userPermissionsPage struct {
	*userman.User

	Form    form
	Modules []module[permissionRow]
}

// permissionRow is one permission: its setting for this user, and its effective
// value.
type permissionRow struct {
	Control permissionControl
	Why     *permission.Explanation
	// Value is the formatted effective value.
	Value string
}

func (u *userPages) permissionsBody(ctx context.Context, _ *request, now *userman.User, f form, _ formErrors) (any, error) {
	effective, err := u.users(ctx).EffectivePermissions(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	controls := map[string]permissionControl{}
	for _, m := range f.Permissions {
		for _, c := range m.Rows {
			controls[c.ID] = c
		}
	}
	body := userPermissionsPage{User: now, Form: f}
	for _, x := range effective.ExplainAll() {
		body.Modules = withRow(body.Modules, x.Permission, permissionRow{controls[x.Permission.ID], x, effectiveText(x, effective)})
	}
	return body, nil
}

// effectiveText formats the effective value.
func effectiveText(x *permission.Explanation, effective *permission.EffectiveSet) string {
	switch {
	case x.All:
		return "all"
	case x.Permission.Kind != permission.KindBool && len(x.Items) == 0:
		return "none"
	}
	return effective.Format(x.Permission.ID)
}
