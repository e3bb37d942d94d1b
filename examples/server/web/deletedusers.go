package web

import (
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// deletedUsersPath is the list of deleted people.
const deletedUsersPath = "/users?status=deleted"

// deletedUser returns the one that the address names.
func (v *pageHandler) deletedUser() (*userman.User, error) {
	u, err := v.users().GetByID(v.r.Context(), v.r.PathValue("id"))
	if err == nil && u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.KindDeletedUser}
	}
	return u, err
}

func deletedPath(u *userman.User) string { return "/deleted-users/" + url.PathEscape(u.ID) }

// restorePage is the form with which a deleted person comes back.
type restorePage struct {
	Problems                   []problem
	Name, Action               string
	Username, DefaultExtension field
}

func (v *pageHandler) deletedConfirmRestore() error {
	u, err := v.deletedUser()
	if err != nil {
		return err
	}
	return v.confirmRestore(u, u.Username, u.DefaultExtension, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmRestore(u *userman.User, username, extension string, errs formErrors) error {
	none := userForms{owns: func(string) bool { return false }}
	page := restorePage{
		Problems: errs.summary(userLabels()), Name: u.Name(), Action: deletedPath(u) + "/restore",
		Username: none.field("username", username, errs), DefaultExtension: none.field("default_extension", extension, errs),
	}
	page.Username.Hint = "Change it if another user has taken it."
	page.DefaultExtension.Hint = "Change it or leave it empty if another user has taken it."
	return v.renderStatus(errs.status, "deleteduser", "Restore "+u.Name(), page)
}

func (v *pageHandler) deletedRestore() error {
	u, err := v.deletedUser()
	if err != nil {
		return err
	}
	username, extension := v.form().Get("username"), v.form().Get("default_extension")
	restored, err := v.users().Restore(v.r.Context(), u.ID, func(u *userman.User) error {
		u.Username, u.DefaultExtension = username, extension
		return nil
	})
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmRestore(u, username, extension, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(userPath(restored.Username), restored.Username+" was restored. Earlier links no longer work.")
}

func (v *pageHandler) deletedConfirmPurge() error {
	u, err := v.deletedUser()
	if err != nil {
		return err
	}
	return v.confirmPurge(u, formErrors{status: http.StatusOK})
}

func (v *pageHandler) confirmPurge(u *userman.User, errs formErrors) error {
	return v.renderConfirmation(errs.status, confirmation{
		Title: "Purge " + u.Name() + "?", Problems: errs.summary(nil), Back: deletedUsersPath, Action: deletedPath(u) + "/purge",
		Yes: "Purge " + u.Username, Danger: true,
		Consequences: []string{
			"The user, their API tokens and their picture are permanently removed.",
			"This cannot be undone. The audit log is kept.",
		},
	})
}

func (v *pageHandler) deletedPurge() error {
	u, err := v.deletedUser()
	if err != nil {
		return err
	}
	err = v.users().Purge(v.r.Context(), u.ID)
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmPurge(u, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash(deletedUsersPath, u.Username+" was purged.")
}
