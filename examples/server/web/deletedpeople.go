package web

import (
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// deletedPeoplePath is the list of deleted people.
const deletedPeoplePath = "/deleted-people"

// deletedListPage is the page of deleted people.
type deletedListPage struct {
	listing

	Items  []*userman.User
	Paging paging
}

func (v *visit) deletedList() error {
	asked, err := v.listing("Search among deleted people", nil)
	if err != nil {
		return err
	}
	list, err := v.people().List(v.r.Context(), userman.Query{Search: asked.Search, Status: userman.Deleted, Page: asked.page})
	if err != nil {
		return err
	}
	return v.show("deletedpeople", "Deleted people", deletedListPage{listing: asked, Items: list.Items, Paging: asked.paging(list.Next)})
}

// deletedPerson returns the one that the address names.
func (v *visit) deletedPerson() (*userman.User, error) {
	u, err := v.people().GetByID(v.r.Context(), v.r.PathValue("id"))
	if err == nil && u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.DeletedPersonRecord}
	}
	return u, err
}

func deletedPath(u *userman.User) string { return deletedPeoplePath + "/" + url.PathEscape(u.ID) }

// restorePage is the form with which a deleted person comes back.
type restorePage struct {
	Problems                   []problem
	Name, Action               string
	Username, DefaultExtension field
}

func (v *visit) deletedAskRestore() error {
	u, err := v.deletedPerson()
	if err != nil {
		return err
	}
	return v.askRestore(u, u.Username, u.DefaultExtension, refusals{status: http.StatusOK})
}

func (v *visit) askRestore(u *userman.User, username, extension string, errs refusals) error {
	none := personForms{owns: func(string) bool { return false }}
	page := restorePage{
		Problems: errs.summary(personLabels()), Name: u.Name(), Action: deletedPath(u) + "/restore",
		Username: none.field("username", username, errs), DefaultExtension: none.field("default_extension", extension, errs),
	}
	page.Username.Hint = "Another one, if somebody else has it by now."
	page.DefaultExtension.Hint = "Another one, or none, if somebody else has it by now."
	return v.showStatus(errs.status, "deletedperson", "Restore "+u.Name(), page)
}

func (v *visit) deletedRestore() error {
	u, err := v.deletedPerson()
	if err != nil {
		return err
	}
	username, extension := v.form().Get("username"), v.form().Get("default_extension")
	restored, err := v.people().Restore(v.r.Context(), u.ID, func(u *userman.User) error {
		u.Username, u.DefaultExtension = username, extension
		return nil
	})
	if errs, ok := refusalsOf(err); ok {
		return v.askRestore(u, username, extension, errs)
	}
	if err != nil {
		return err
	}
	return v.done(personPath(restored.Username), restored.Username+" is restored. Links from before do not work any more.")
}

func (v *visit) deletedAskPurge() error {
	u, err := v.deletedPerson()
	if err != nil {
		return err
	}
	return v.askPurge(u, refusals{status: http.StatusOK})
}

func (v *visit) askPurge(u *userman.User, errs refusals) error {
	return v.ask(errs.status, question{
		Title: "Remove " + u.Name() + " for good?", Problems: errs.summary(nil), Back: deletedPeoplePath, Action: deletedPath(u) + "/purge",
		Yes: "Remove " + u.Username + " for good", Danger: true,
		Consequences: []string{
			"The record, its API tokens and the picture are removed.",
			"This cannot be undone. The audit trail keeps what was done.",
		},
	})
}

func (v *visit) deletedPurge() error {
	u, err := v.deletedPerson()
	if err != nil {
		return err
	}
	err = v.people().Purge(v.r.Context(), u.ID)
	if errs, ok := refusalsOf(err); ok {
		return v.askPurge(u, errs)
	}
	if err != nil {
		return err
	}
	return v.done(deletedPeoplePath, u.Username+" is removed for good.")
}
