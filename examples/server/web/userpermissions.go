package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userPermissionsPage is the page on which permissions of one person are set
// and explained.
type userPermissionsPage struct {
	ID, Username, Name string
	Problems           []problem
	Conflict           []difference
	Version            string
	Modules            []module[permissionRow]
}

// permissionRow is one permission: what says something about it for this person,
// and what comes of it.
type permissionRow struct {
	Control permissionControl
	Why     *permission.Explanation
	// Value is the effective value in words.
	Value string
}

func (u *userPages) permissions(ctx context.Context, r *request) (response, error) {
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	in := inputOfPermissions(now.Permissions, u.users(ctx).Permissions())
	return u.permissionsPage(ctx, now, in, userPermissionsPage{Version: permissionsVersion(now.Permissions)}, formErrors{})
}

// permissionsVersion is equal where the same is said.
func permissionsVersion(grants permission.Permissions) string {
	words := make(map[string]string, len(grants))
	for id, value := range grants {
		words[id] = value.String()
	}
	return versionOf(words)
}

// permissionsPage shows the input and its errors. body has the version and the
// conflicts.
func (u *userPages) permissionsPage(ctx context.Context, now *userman.User, in permissionsInput, body userPermissionsPage, errs formErrors) (response, error) {
	effective, err := u.users(ctx).EffectivePermissions(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	body.ID, body.Username, body.Name = now.ID, now.Username, now.Name()
	body.Problems = errs.summary(permissionLabels(u.users(ctx).Permissions()))
	for _, x := range effective.ExplainAll() {
		row := permissionRow{
			Control: newPermissionControl(x.Permission, in[x.Permission.ID], errs),
			Why:     x, Value: effectiveText(x, effective),
		}
		body.Modules = withRow(body.Modules, x.Permission, row)
	}
	return formPage(errs, "userpermissions", "Permissions of "+now.Name(), body), nil
}

// effectiveText is the effective value in a word or a few.
func effectiveText(x *permission.Explanation, effective *permission.EffectiveSet) string {
	switch {
	case x.All:
		return "all"
	case x.Permission.Kind != permission.KindBool && len(x.Items) == 0:
		return "none"
	}
	return effective.Format(x.Permission.ID)
}

func (u *userPages) savePermissions(ctx context.Context, r *request) (response, error) {
	loaded, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	registered := u.users(ctx).Permissions()
	in, version := readPermissions(r.PostForm, registered), r.form("version")
	saved, err := u.users(ctx).Update(ctx, loaded.Username, func(now *userman.User) error {
		if now.ID != loaded.ID || permissionsVersion(now.Permissions) != version {
			return errStale
		}
		return store.NewInvalidError(in.fill(&now.Permissions, registered)...)
	})
	if err == nil {
		return redirect{Path: u.path(saved) + "/permissions", Flash: "Saved. Effective immediately."}, nil
	}
	errs, isFormError := formErrorsOf(err)
	if !isFormError && !errors.Is(err, errStale) {
		return nil, err
	}
	now, err := u.user(ctx, r)
	if err != nil {
		return nil, err
	}
	body := userPermissionsPage{Version: version}
	if !isFormError {
		errs.status = http.StatusConflict
		body.Version, body.Conflict = permissionsVersion(now.Permissions), conflictOfPermissions(registered, inputOfPermissions(now.Permissions, registered), in)
	}
	return u.permissionsPage(ctx, now, in, body, errs)
}
