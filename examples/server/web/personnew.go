package web

import (
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (v *visit) personNew() error {
	forms, err := v.personForms(&userman.User{})
	if err != nil {
		return err
	}
	in := personInput{DefaultExtension: v.r.URL.Query().Get("extension")}
	for _, g := range forms.groups {
		if g.Default {
			in.Groups = append(in.Groups, g.Name)
		}
	}
	return v.showNewPerson(forms, in, v.mailBegin(), refusals{status: http.StatusOK})
}

func (v *visit) showNewPerson(forms personForms, in personInput, begin string, errs refusals) error {
	form := forms.fields(in, errs)
	form.Begin, form.Password = beginGroup(begin, errs), newPassword(errs)
	form.Password.Label, form.Password.Required = personLabels()["password"], false
	form.Password.Hint = "Only to set one yourself. " + form.Password.Hint
	if v.form().Get("password") != "" {
		form.Password.Hint = retype
	}
	return v.showStatus(errs.status, "personnew", "Add person", form)
}

func (v *visit) personCreate() error {
	forms, err := v.personForms(&userman.User{})
	if err != nil {
		return err
	}
	in, begin, password := readPerson(v.form()), v.form().Get("begin"), store.NewSecret(v.form().Get("password"))
	u := &userman.User{}
	in.fill(u)
	err = checkBegin(begin, password)
	if err == nil {
		u, err = v.people().Create(v.r.Context(), userman.NewUser{User: u, Password: password, NoDefaultGroups: !forms.leavesDefaults(in.Groups)})
	}
	if errs, ok := refusalsOf(err); ok {
		return v.showNewPerson(forms, in, begin, errs)
	}
	if err != nil {
		return err
	}
	return v.beginPerson(u, begin)
}

// leavesDefaults reports whether all default groups are among those chosen: the
// service puts everybody new into those, whoever makes them.
func (f personForms) leavesDefaults(chosen []string) bool {
	for _, g := range f.groups {
		if g.Default && !slices.Contains(chosen, g.Name) {
			return false
		}
	}
	return true
}
