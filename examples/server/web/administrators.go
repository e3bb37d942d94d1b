package web

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// administratorPage is the page of one administrator.
type administratorPage struct {
	*ampusers.Administrator

	Form   administratorFields
	Rights []right
	// Own says that the visitor looks at the own account.
	Own bool
}

// right is one line of what an administrator may do.
type right struct {
	Name string
	ampusers.Explanation
}

func (v *pageHandler) administratorNew() error {
	in := administratorInput{Access: string(ampusers.Limited)}
	return v.render("administratornew", "Add administrator", v.administratorFields("", in, formErrors{}))
}

func (v *pageHandler) administratorCreate() error {
	in, username := readAdministrator(v.form()), v.form().Get("username")
	a := &ampusers.Administrator{Username: username}
	password := store.NewSecret(v.form().Get("password"))
	err := in.fill(a)
	if err == nil {
		a, err = v.administrators().Create(v.r.Context(), a, password)
	}
	if errs, ok := formErrorsOf(err); ok {
		return v.renderStatus(errs.status, "administratornew", "Add administrator", v.administratorFields(username, in, errs))
	}
	if err != nil {
		return err
	}
	if password.IsZero() {
		return v.inviteAdministrator(a.Username)
	}
	return v.redirectWithFlash(administratorPath(a.Username), a.Username+" was added and can log in with the password that you set.")
}

func (v *pageHandler) administratorForm() error {
	a, err := v.administrators().Get(v.r.Context(), v.r.PathValue("username"))
	if err != nil {
		return err
	}
	return v.renderAdministrator(http.StatusOK, a, v.administratorFields(a.Username, inputOfAdministrator(a), formErrors{}))
}

// renderAdministrator draws the page of a. A form without a version gets that of
// a: one that was typed into before keeps the version that it was made of.
func (v *pageHandler) renderAdministrator(status int, a *ampusers.Administrator, form administratorFields) error {
	form.Version = cmp.Or(form.Version, administratorVersion(a))
	return v.renderStatus(status, "administrator", "Administrator "+a.Username, administratorPage{
		Administrator: a, Form: form, Rights: v.rights(a), Own: a.Username == v.admin.Username,
	})
}

// rights explain every section, and the numbers that the address asks about.
func (v *pageHandler) rights(a *ampusers.Administrator) []right {
	sections := v.site.Administrators.Sections()
	all := make([]right, 0, len(sections)+2)
	for _, s := range sections {
		all = append(all, right{s.Name, a.Explain(ampusers.ResourceSection, s.ID)})
	}
	number := v.r.URL.Query().Get("number")
	if number == "" {
		return all
	}
	return append(all,
		right{"Extension " + number, a.Explain(ampusers.ResourceExtension, number)},
		right{"DID " + number, a.Explain(ampusers.ResourceDID, number)})
}

func (v *pageHandler) administratorSave() error {
	name, in, loaded := v.r.PathValue("username"), readAdministrator(v.form()), v.form().Get("version")
	invited := false
	a, err := v.administrators().Update(v.r.Context(), name, func(a *ampusers.Administrator) error {
		if administratorVersion(a) != loaded {
			return errStale
		}
		invited = !a.InvitationExpiresAt.IsZero()
		return in.fill(a)
	})
	switch {
	case err == nil && invited && a.InvitationExpiresAt.IsZero():
		return v.redirectWithFlash(administratorPath(a.Username), "Saved. Because rights were added, the password link was revoked. Create a new one.")
	case err == nil:
		return v.redirectWithFlash(administratorPath(a.Username), "Saved.")
	}
	if errors.Is(err, errStale) {
		return v.renderAdministratorConflict(name, in)
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	a, err = v.administrator()
	if err != nil {
		return err
	}
	form := v.administratorFields(a.Username, in, errs)
	form.Version = loaded
	return v.renderAdministrator(errs.status, a, form)
}

// renderAdministratorConflict shows what somebody else saved meanwhile beside what
// was typed.
func (v *pageHandler) renderAdministratorConflict(name string, in administratorInput) error {
	now, err := v.administrators().Get(v.r.Context(), name)
	if err != nil {
		return err
	}
	form := v.administratorFields(now.Username, in, formErrors{})
	form.Conflict = conflictOfAdministrator(inputOfAdministrator(now), in)
	return v.renderAdministrator(http.StatusConflict, now, form)
}
