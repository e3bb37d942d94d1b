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

func (v *visit) administratorNew() error {
	in := administratorInput{Access: string(ampusers.Limited)}
	return v.show("administratornew", "Add administrator", v.administratorFields("", in, refusals{}))
}

func (v *visit) administratorCreate() error {
	in, username := readAdministrator(v.form()), v.form().Get("username")
	a := &ampusers.Administrator{Username: username}
	password := store.NewSecret(v.form().Get("password"))
	err := in.fill(a)
	if err == nil {
		a, err = v.administrators().Create(v.r.Context(), a, password)
	}
	if errs, ok := refusalsOf(err); ok {
		return v.showStatus(errs.status, "administratornew", "Add administrator", v.administratorFields(username, in, errs))
	}
	if err != nil {
		return err
	}
	if password.IsZero() {
		return v.invite(a.Username)
	}
	return v.done(administratorPath(a.Username), a.Username+" is added and can log in with the password that you chose.")
}

func (v *visit) administratorForm() error {
	a, err := v.administrators().Get(v.r.Context(), v.r.PathValue("username"))
	if err != nil {
		return err
	}
	return v.showAdministrator(http.StatusOK, a, v.administratorFields(a.Username, inputOfAdministrator(a), refusals{}))
}

// showAdministrator draws the page of a. A form without a version gets that of
// a: one that was typed into before keeps the version that it was made of.
func (v *visit) showAdministrator(status int, a *ampusers.Administrator, form administratorFields) error {
	form.Version = cmp.Or(form.Version, administratorVersion(a))
	return v.showStatus(status, "administrator", "Administrator "+a.Username, administratorPage{
		Administrator: a, Form: form, Rights: v.rights(a), Own: a.Username == v.visitor.Username,
	})
}

// rights explain every section, and the numbers that the address asks about.
func (v *visit) rights(a *ampusers.Administrator) []right {
	sections := v.site.Administrators.Sections()
	all := make([]right, 0, len(sections)+2)
	for _, s := range sections {
		all = append(all, right{s.Name, a.Explain(ampusers.SubjectSection, s.ID)})
	}
	number := v.r.URL.Query().Get("number")
	if number == "" {
		return all
	}
	return append(all,
		right{"Extension " + number, a.Explain(ampusers.SubjectExtension, number)},
		right{"DID " + number, a.Explain(ampusers.SubjectDID, number)})
}

func (v *visit) administratorSave() error {
	name, in, loaded := v.r.PathValue("username"), readAdministrator(v.form()), v.form().Get("version")
	invited := false
	a, err := v.administrators().Update(v.r.Context(), name, func(a *ampusers.Administrator) error {
		if administratorVersion(a) != loaded {
			return errStale
		}
		invited = !a.InvitedUntil.IsZero()
		return in.fill(a)
	})
	switch {
	case err == nil && invited && a.InvitedUntil.IsZero():
		return v.done(administratorPath(a.Username), "Saved. More rights ended the link to set a password: make a new one.")
	case err == nil:
		return v.done(administratorPath(a.Username), "Saved.")
	}
	if errors.Is(err, errStale) {
		return v.showStaleAdministrator(name, in)
	}
	errs, ok := refusalsOf(err)
	if !ok {
		return err
	}
	a, err = v.administrator()
	if err != nil {
		return err
	}
	form := v.administratorFields(a.Username, in, errs)
	form.Version = loaded
	return v.showAdministrator(errs.status, a, form)
}

// showStaleAdministrator shows what somebody else saved meanwhile beside what
// was typed.
func (v *visit) showStaleAdministrator(name string, in administratorInput) error {
	now, err := v.administrators().Get(v.r.Context(), name)
	if err != nil {
		return err
	}
	form := v.administratorFields(now.Username, in, refusals{})
	form.Conflict = conflictOfAdministrator(inputOfAdministrator(now), in)
	return v.showAdministrator(http.StatusConflict, now, form)
}
