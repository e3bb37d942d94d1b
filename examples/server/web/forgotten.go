package web

import (
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// forgottenPage is the page /person/forgot.
type forgottenPage struct {
	Problems []problem
	Name     field
	// Mails says that mails can be sent; without them only an administrator
	// can help.
	Mails bool
}

func (v *visit) forgottenForm() error { return v.showForgotten(refusals{status: http.StatusOK}) }

func (v *visit) showForgotten(errs refusals) error {
	label := v.loginLabel()
	return v.showStatus(errs.status, "forgotten", "Forgotten password", forgottenPage{
		Mails: v.site.Mail().Configured, Problems: errs.summary(map[string]string{"name": label}),
		Name: field{
			Name: "name", Label: label, Value: v.form().Get("name"), Autocomplete: "username", Required: true,
			Hint: "What you log in with.", Errors: errs.on("name"),
		},
	})
}

// loginLabel names what people may log in with.
func (v *visit) loginLabel() string {
	label := "Username"
	if v.site.Settings.People.LoginByEmail {
		label += ", or email address"
	}
	if v.site.Settings.People.LoginByExtension {
		label += ", or extension"
	}
	return label
}

// forgotten mails a link to whoever goes by that name. The answer is the same
// for everybody, and so tells nothing.
func (v *visit) forgotten() error {
	name := strings.TrimSpace(v.form().Get("name"))
	var err error
	switch {
	case !v.site.Mail().Configured:
		return v.showForgotten(refusals{status: http.StatusConflict})
	case name == "":
		err = store.Invalid(store.FieldError{Field: "name", Code: "required", Message: "write what you log in with"})
	default:
		err = v.site.People.RequestReset(v.r.Context(), name)
	}
	if err == nil {
		return v.redirect(sentPath)
	}
	errs, ok := refusalsOf(err)
	if !ok {
		return err
	}
	v.retryAfter(err)
	return v.showForgotten(errs)
}

// forgottenSent says the same to everybody who asked for a link.
func (v *visit) forgottenSent() error {
	return v.show("forgottensent", "Look into your mail", nil)
}
