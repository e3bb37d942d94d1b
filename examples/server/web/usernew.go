package web

import (
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (v *pageHandler) userNew() error {
	forms, err := v.userForms(&userman.User{})
	if err != nil {
		return err
	}
	in := userInput{DefaultExtension: v.r.URL.Query().Get("extension")}
	for _, g := range forms.groups {
		if g.Default {
			in.Groups = append(in.Groups, g.Name)
		}
	}
	return v.renderNewUser(forms, in, v.defaultOnboarding(), formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderNewUser(forms userForms, in userInput, begin string, errs formErrors) error {
	form := forms.fields(in, errs)
	form.Begin, form.Password = onboardingGroup(begin, errs), newPassword(errs)
	form.Password.Label, form.Password.Required = userLabels()["password"], false
	form.Password.Hint = "Only if you set the password yourself. " + form.Password.Hint
	if v.form().Get("password") != "" {
		form.Password.Hint = retypeHint
	}
	return v.renderStatus(errs.status, "usernew", "Add user", form)
}

func (v *pageHandler) userCreate() error {
	forms, err := v.userForms(&userman.User{})
	if err != nil {
		return err
	}
	in, begin, password := readUser(v.form()), v.form().Get("onboarding"), store.NewSecret(v.form().Get("password"))
	u := &userman.User{}
	in.fill(u)
	err = validateOnboarding(begin, password)
	if err == nil {
		u, err = v.users().Create(v.r.Context(), userman.NewUser{User: u, Password: password, NoDefaultGroups: !forms.leavesDefaults(in.Groups)})
	}
	if errs, ok := formErrorsOf(err); ok {
		return v.renderNewUser(forms, in, begin, errs)
	}
	if err != nil {
		return err
	}
	return v.onboardUser(u, begin)
}

// leavesDefaults reports whether all default groups are among those chosen: the
// service puts everybody new into those, whoever makes them.
func (f userForms) leavesDefaults(chosen []string) bool {
	for _, g := range f.groups {
		if g.Default && !slices.Contains(chosen, g.Name) {
			return false
		}
	}
	return true
}
