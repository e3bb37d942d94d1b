package web

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// userPage is the page of one person.
type userPage struct {
	*userman.User

	Form     userFields
	Picture  field
	Pictured string
}

// user returns the one of whom the form was made that was sent: somebody else
// may go by the username in the address by now, or nobody. A page is of the one
// that its address names.
func (v *pageHandler) user() (*userman.User, error) {
	id := v.formUserID()
	if id == "" {
		return v.users().Get(v.r.Context(), v.r.PathValue("username"))
	}
	u, err := v.users().GetByID(v.r.Context(), id)
	if err == nil && !u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.KindUser}
	}
	return u, err
}

// formUserID is the ID in the form that was sent. One with a file has it in its
// address, because it is read while it comes.
func (v *pageHandler) formUserID() string {
	if v.r.Method != http.MethodPost {
		return ""
	}
	return cmp.Or(v.form().Get("user"), v.r.URL.Query().Get("user"))
}

// userForms returns what draws the form of u; of somebody new, u is empty.
func (v *pageHandler) userForms(u *userman.User) (userForms, error) {
	groups, err := v.users().Groups(v.r.Context())
	f := userForms{groups: groups, directory: u.Directory, owns: func(string) bool { return false }}
	for _, d := range v.users().Directories() {
		if owner, ok := d.(userman.FieldOwner); ok && d.Name() == u.Directory {
			f.owns = owner.OwnsField
		}
	}
	return f, err
}

// userHref is the page of a person; empty where the visitor may not see
// people.
func (v *pageHandler) userHref(username string) string {
	if !v.admin.Can(app.SectionUsers) {
		return ""
	}
	return userPath(username)
}

func (v *pageHandler) userForm() error {
	u, err := v.user()
	if err != nil {
		return err
	}
	return v.renderUserInput(u, inputOfUser(u), userVersion(u), formErrors{status: http.StatusOK})
}

// renderUserInput draws the page of u with what was typed and refused. version is
// that of the record that was put into the form.
func (v *pageHandler) renderUserInput(u *userman.User, in userInput, version string, errs formErrors) error {
	forms, err := v.userForms(u)
	if err != nil {
		return err
	}
	form := forms.fields(in, errs)
	form.Version = version
	return v.renderUser(errs.status, u, form, errs)
}

func (v *pageHandler) renderUser(status int, u *userman.User, form userFields, errs formErrors) error {
	return v.renderStatus(status, "user", u.Name(), userPage{
		User: u, Form: form, Picture: pictureField(errs), Pictured: u.Picture,
	})
}

func (v *pageHandler) userSave() error {
	target, err := v.user()
	if err != nil {
		return err
	}
	in, loaded := readUser(v.form()), v.form().Get("version")
	u, err := v.users().Update(v.r.Context(), target.Username, func(u *userman.User) error {
		if u.ID != target.ID || userVersion(u) != loaded {
			return errStale
		}
		in.fill(u)
		return nil
	})
	if err == nil {
		return v.redirectWithFlash(userPath(u.Username), "Saved.")
	}
	if errors.Is(err, errStale) {
		return v.renderUserConflict(in)
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	u, err = v.user()
	if err != nil {
		return err
	}
	return v.renderUserInput(u, in, loaded, errs)
}

// renderUserConflict shows what somebody else saved meanwhile beside what was
// typed.
func (v *pageHandler) renderUserConflict(in userInput) error {
	now, err := v.user()
	if err != nil {
		return err
	}
	forms, err := v.userForms(now)
	if err != nil {
		return err
	}
	form := forms.fields(in, formErrors{})
	form.Version, form.Conflict = userVersion(now), conflictOfUser(inputOfUser(now), in)
	return v.renderUser(http.StatusConflict, now, form, formErrors{})
}

// renderUserErrors shows the page of u with what was refused of an act.
func (v *pageHandler) renderUserErrors(u *userman.User, err error) error {
	v.setRetryAfter(err)
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	forms, err := v.userForms(u)
	if err != nil {
		return err
	}
	form := forms.fields(inputOfUser(u), errs)
	form.Version, form.Problems, form.ActionErrors = userVersion(u), nil, form.Problems
	return v.renderUser(errs.status, u, form, errs)
}
