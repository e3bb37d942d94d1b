package web

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// personPage is the page of one person.
type personPage struct {
	*userman.User

	Form     personFields
	Picture  field
	Pictured string
}

// person returns the one of whom the form was made that was sent: somebody else
// may go by the username in the address by now, or nobody. A page is of the one
// that its address names.
func (v *visit) person() (*userman.User, error) {
	id := v.formPerson()
	if id == "" {
		return v.people().Get(v.r.Context(), v.r.PathValue("username"))
	}
	u, err := v.people().GetByID(v.r.Context(), id)
	if err == nil && !u.DeletedAt.IsZero() {
		return nil, &store.NotFoundError{Kind: userman.PersonRecord}
	}
	return u, err
}

// formPerson is the ID in the form that was sent. One with a file has it in its
// address, because it is read while it comes.
func (v *visit) formPerson() string {
	if v.r.Method != http.MethodPost {
		return ""
	}
	return cmp.Or(v.form().Get("person"), v.r.URL.Query().Get("person"))
}

// personForms returns what draws the form of u; of somebody new, u is empty.
func (v *visit) personForms(u *userman.User) (personForms, error) {
	groups, err := v.people().Groups(v.r.Context())
	f := personForms{groups: groups, directory: u.Directory, owns: func(string) bool { return false }}
	for _, d := range v.people().Directories() {
		if owner, ok := d.(userman.Owner); ok && d.Name() == u.Directory {
			f.owns = owner.Owns
		}
	}
	return f, err
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
		User: u, Form: form, Picture: pictureField(errs), Pictured: u.Picture,
	})
}

func (v *visit) personSave() error {
	of, err := v.person()
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
	u, err = v.person()
	if err != nil {
		return err
	}
	return v.showPerson(u, in, loaded, errs)
}

// showStalePerson shows what somebody else saved meanwhile beside what was
// typed.
func (v *visit) showStalePerson(in personInput) error {
	now, err := v.person()
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
