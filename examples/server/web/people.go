package web

import (
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// personPage is the page of one person.
type personPage struct {
	*userman.User

	Form personFields
	// Elsewhere says that the person's directory keeps the password.
	Elsewhere bool
	Picture   field
	Pictured  string
}

// person returns the one that the address names.
func (v *visit) person() (*userman.User, error) {
	return v.people().Get(v.r.Context(), v.r.PathValue("username"))
}

// personForms returns what draws the form of u; of somebody new, u is empty.
func (v *visit) personForms(u *userman.User) (personForms, error) {
	groups, err := v.people().Groups(v.r.Context())
	f := personForms{groups: groups, directory: u.Directory, owns: func(string) bool { return false }}
	if owner, ok := v.directoryOf(u).(userman.Owner); ok {
		f.owns = owner.Owns
	}
	return f, err
}

// directoryOf returns the directory that u comes from; nil when there is none,
// or none any more.
func (v *visit) directoryOf(u *userman.User) userman.Directory {
	for _, d := range v.site.People.Directories() {
		if u.Directory != "" && d.Name() == u.Directory {
			return d
		}
	}
	return nil
}

// elsewhere reports whether the password of u is kept by a directory.
func (v *visit) elsewhere(u *userman.User) bool {
	directory := v.directoryOf(u)
	return u.Directory != "" && (directory == nil || directory.Abilities().Authenticate)
}

// formPerson returns the one of whom the form was made that is sent: somebody
// else may go by the username in the address by now, or nobody.
func (v *visit) formPerson() (*userman.User, error) {
	id := v.form().Get("person")
	if id == "" {
		return v.person()
	}
	u, err := v.people().GetByID(v.r.Context(), id)
	if err == nil && !u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.PersonRecord}
	}
	return u, err
}

// personHref is the page of a person; empty where the visitor may not see
// people.
func (v *visit) personHref(username string) string {
	if !v.visitor.Can(site.SectionPeople) {
		return ""
	}
	return personPath(username)
}

func (v *visit) personForm() error {
	u, err := v.person()
	if err != nil {
		return err
	}
	return v.showPerson(u, inputOfPerson(u), personVersion(u), refusals{status: http.StatusOK})
}

// showPerson draws the page of u with what was typed and refused. version is
// that of the record that was put into the form.
func (v *visit) showPerson(u *userman.User, in personInput, version string, errs refusals) error {
	forms, err := v.personForms(u)
	if err != nil {
		return err
	}
	form := forms.fields(in, errs)
	form.Version = version
	return v.drawPerson(errs.status, u, form, errs)
}

func (v *visit) drawPerson(status int, u *userman.User, form personFields, errs refusals) error {
	return v.showStatus(status, "person", u.Name(), personPage{
		User: u, Form: form, Elsewhere: v.elsewhere(u), Picture: pictureField(errs), Pictured: u.Picture,
	})
}

func (v *visit) personSave() error {
	of, err := v.formPerson()
	if err != nil {
		return err
	}
	in, loaded := readPerson(v.form()), v.form().Get("version")
	u, err := v.people().Update(v.r.Context(), of.Username, func(u *userman.User) error {
		if u.ID != of.ID || personVersion(u) != loaded {
			return errStale
		}
		in.fill(u)
		return nil
	})
	if err == nil {
		return v.done(personPath(u.Username), "Saved.")
	}
	if errors.Is(err, errStale) {
		return v.showStalePerson(in)
	}
	errs, ok := refusalsOf(err)
	if !ok {
		return err
	}
	u, err = v.formPerson()
	if err != nil {
		return err
	}
	return v.showPerson(u, in, loaded, errs)
}

// showStalePerson shows what somebody else saved meanwhile beside what was
// typed.
func (v *visit) showStalePerson(in personInput) error {
	now, err := v.formPerson()
	if err != nil {
		return err
	}
	forms, err := v.personForms(now)
	if err != nil {
		return err
	}
	form := forms.fields(in, refusals{})
	form.Version, form.Conflict = personVersion(now), conflictOfPerson(inputOfPerson(now), in)
	return v.drawPerson(http.StatusConflict, now, form, refusals{})
}

// refusedPerson shows the page of u with what was refused of an act.
func (v *visit) refusedPerson(u *userman.User, err error) error {
	v.retryAfter(err)
	errs, ok := refusalsOf(err)
	if !ok {
		return err
	}
	forms, err := v.personForms(u)
	if err != nil {
		return err
	}
	form := forms.fields(inputOfPerson(u), errs)
	form.Version, form.Problems, form.Refused = personVersion(u), nil, form.Problems
	return v.drawPerson(errs.status, u, form, errs)
}
