package web

import (
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/userman"
)

// personPermissionsPage is the page on which permissions of one person are set
// and explained.
type personPermissionsPage struct {
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
	Why     *userman.Explanation
	// Value is the effective value in words.
	Value string
}

func (v *visit) personPermissions() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.showPersonPermissions(u, inputOfPermissions(u.Permissions, v.people().Permissions()), personPermissionsPage{
		Version: permissionsVersion(u.Permissions),
	}, refusals{status: http.StatusOK})
}

// permissionsVersion is equal where the same is said.
func permissionsVersion(said userman.Permissions) string {
	words := make(map[string]string, len(said))
	for id, value := range said {
		words[id] = value.String()
	}
	return versionOf(words)
}

// showPersonPermissions draws the page with what was typed and refused. page has
// the version, and what conflicts.
func (v *visit) showPersonPermissions(u *userman.User, in permissionsInput, page personPermissionsPage, errs refusals) error {
	effective, err := v.people().Effective(v.r.Context(), u.Username)
	if err != nil {
		return err
	}
	page.ID, page.Username, page.Name = u.ID, u.Username, u.Name()
	page.Problems = errs.summary(permissionLabels(v.people().Permissions()))
	for _, x := range effective.ExplainAll() {
		row := permissionRow{
			Control: newPermissionControl(x.Permission, in[x.Permission.ID], errs),
			Why:     x, Value: outcomeWords(x, effective),
		}
		page.Modules = withRow(page.Modules, x.Permission, row)
	}
	return v.showStatus(errs.status, "personpermissions", "Permissions of "+u.Name(), page)
}

// outcomeWords is the effective value in a word or a few.
func outcomeWords(x *userman.Explanation, effective *userman.Effective) string {
	switch {
	case x.All:
		return "everything"
	case x.Permission.Kind != userman.Switch && len(x.Items) == 0:
		return "nothing"
	}
	return effective.Words(x.Permission.ID)
}

func (v *visit) personSavePermissions() error {
	of, err := v.person()
	if err != nil {
		return err
	}
	known := v.people().Permissions()
	in, loaded := readPermissions(v.form(), known), v.form().Get("version")
	u, err := v.people().Update(v.r.Context(), of.Username, func(u *userman.User) error {
		if u.ID != of.ID || permissionsVersion(u.Permissions) != loaded {
			return errStale
		}
		return in.fill(&u.Permissions, known)
	})
	if err == nil {
		return v.done(personPath(u.Username)+"/permissions", "Saved. What this person may do holds from now on.")
	}
	errs, refused := refusalsOf(err)
	if !refused && !errors.Is(err, errStale) {
		return err
	}
	u, err = v.person()
	if err != nil {
		return err
	}
	page := personPermissionsPage{Version: loaded}
	if !refused {
		errs.status = http.StatusConflict
		page.Version, page.Conflict = permissionsVersion(u.Permissions), conflictOfPermissions(known, inputOfPermissions(u.Permissions, known), in)
	}
	return v.showPersonPermissions(u, in, page, errs)
}
