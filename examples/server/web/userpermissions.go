package web

import (
	"errors"
	"net/http"

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

func (v *pageHandler) userPermissions() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	return v.renderUserPermissions(u, inputOfPermissions(u.Permissions, v.users().Permissions()), userPermissionsPage{
		Version: permissionsVersion(u.Permissions),
	}, formErrors{status: http.StatusOK})
}

// permissionsVersion is equal where the same is said.
func permissionsVersion(grants permission.Permissions) string {
	words := make(map[string]string, len(grants))
	for id, value := range grants {
		words[id] = value.String()
	}
	return versionOf(words)
}

// renderUserPermissions draws the page with what was typed and refused. page has
// the version, and what conflicts.
func (v *pageHandler) renderUserPermissions(u *userman.User, in permissionsInput, page userPermissionsPage, errs formErrors) error {
	effective, err := v.users().EffectivePermissions(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	page.ID, page.Username, page.Name = u.ID, u.Username, u.Name()
	page.Problems = errs.summary(permissionLabels(v.users().Permissions()))
	for _, x := range effective.ExplainAll() {
		row := permissionRow{
			Control: newPermissionControl(x.Permission, in[x.Permission.ID], errs),
			Why:     x, Value: effectiveText(x, effective),
		}
		page.Modules = withRow(page.Modules, x.Permission, row)
	}
	return v.renderStatus(errs.status, "userpermissions", "Permissions of "+u.Name(), page)
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

func (v *pageHandler) userSavePermissions() error {
	target, err := v.user()
	if err != nil {
		return err
	}
	registered := v.users().Permissions()
	in, loaded := readPermissions(v.form(), registered), v.form().Get("version")
	u, err := v.users().Update(v.r.Context(), target.Username, func(u *userman.User) error {
		if u.ID != target.ID || permissionsVersion(u.Permissions) != loaded {
			return errStale
		}
		return in.fill(&u.Permissions, registered)
	})
	if err == nil {
		return v.redirectWithFlash(userPath(u.Username)+"/permissions", "Saved. Effective immediately.")
	}
	errs, isFormError := formErrorsOf(err)
	if !isFormError && !errors.Is(err, errStale) {
		return err
	}
	u, err = v.user()
	if err != nil {
		return err
	}
	page := userPermissionsPage{Version: loaded}
	if !isFormError {
		errs.status = http.StatusConflict
		page.Version, page.Conflict = permissionsVersion(u.Permissions), conflictOfPermissions(registered, inputOfPermissions(u.Permissions, registered), in)
	}
	return v.renderUserPermissions(u, in, page, errs)
}
