package web

import (
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// deletedUsersPath is the list of deleted people.
const deletedUsersPath = "/deleted-people"

// deletedListPage is the page of deleted people.
type deletedListPage struct {
	listRequest

	Items  []*userman.User
	Paging paging
}

func (v *pageHandler) deletedList() error {
	req, err := v.listRequest("Search among deleted people", nil)
	if err != nil {
		return err
	}
	list, err := v.users().List(v.r.Context(), userman.Query{Search: req.Search, Status: userman.StatusDeleted, PageRequest: req.page})
	if err != nil {
		return err
	}
	return v.render("deletedpeople", "Deleted people", deletedListPage{listRequest: req, Items: list.Items, Paging: req.paging(list.Next)})
}

// deletedUser returns the one that the address names.
func (v *pageHandler) deletedUser() (*userman.User, error) {
	u, err := v.users().GetByID(v.r.Context(), v.r.PathValue("id"))
	if err == nil && u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.KindDeletedUser}
	}
	return u, err
}

func deletedPath(u *userman.User) string { return deletedUsersPath + "/" + url.PathEscape(u.ID) }

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
	page.Username.Hint = "Another one, if somebody else has it by now."
	page.DefaultExtension.Hint = "Another one, or none, if somebody else has it by now."
	return v.renderStatus(errs.status, "deletedperson", "Restore "+u.Name(), page)
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
	return v.redirectWithFlash(userPath(restored.Username), restored.Username+" is restored. Links from before do not work any more.")
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
		Title: "Remove " + u.Name() + " for good?", Problems: errs.summary(nil), Back: deletedUsersPath, Action: deletedPath(u) + "/purge",
		Yes: "Remove " + u.Username + " for good", Danger: true,
		Consequences: []string{
			"The record, its API tokens and the picture are removed.",
			"This cannot be undone. The audit trail keeps what was done.",
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
	return v.redirectWithFlash(deletedUsersPath, u.Username+" is removed for good.")
}
