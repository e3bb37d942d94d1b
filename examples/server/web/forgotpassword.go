package web

import (
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// forgotPasswordPage is the page /forgot-password.
type forgotPasswordPage struct {
	Problems []problem
	Name     field
	// Mails says that mails can be sent; without them only an administrator
	// can help.
	Mails bool
}

func (v *pageHandler) forgotPasswordForm() error {
	return v.renderForgotPassword(formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderForgotPassword(errs formErrors) error {
	label := v.loginLabel()
	return v.renderStatus(errs.status, "forgotpassword", "Forgot password", forgotPasswordPage{
		Mails: v.site.MailStatus().Configured, Problems: errs.summary(map[string]string{"name": label}),
		Name: field{
			Name: "name", Label: label, Value: v.form().Get("name"), Autocomplete: "username", Required: true,
			Hint: "The name that you log in with.", Errors: errs.forField("name"),
		},
	})
}

// loginLabel names what people may log in with.
func (v *pageHandler) loginLabel() string {
	label := "Username"
	if v.site.Settings.Users.LoginByEmail {
		label += ", email address"
	}
	if v.site.Settings.Users.LoginByExtension {
		label += ", extension"
	}
	return label
}

// forgotPassword mails a link to whoever goes by that name. The answer is the same
// for everybody, and so tells nothing.
func (v *pageHandler) forgotPassword() error {
	name := strings.TrimSpace(v.form().Get("name"))
	var err error
	switch {
	case !v.site.MailStatus().Configured:
		return v.renderForgotPassword(formErrors{status: http.StatusConflict})
	case name == "":
		err = store.NewInvalidError(store.FieldError{Field: "name", Code: "required", Message: "enter the name that you log in with"})
	default:
		err = v.site.Users.RequestReset(v.r.Context(), name)
	}
	if err == nil {
		return v.redirect(forgotPasswordSentPath)
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	v.setRetryAfter(err)
	return v.renderForgotPassword(errs)
}

// forgotPasswordSent says the same to everybody who asked for a link.
func (v *pageHandler) forgotPasswordSent() error {
	return v.render("forgotpasswordsent", "Check your inbox", nil)
}
