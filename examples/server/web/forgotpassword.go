package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// forgotPasswordPage is the page /forgot-password.
type forgotPasswordPage struct {
	Problems []problem
	Name     formField
	// Mails is false when the server sends no mail: only an administrator can
	// help then.
	Mails bool
}

func (p publicPages) forgotForm(_ context.Context, r *request) (response, error) {
	return p.forgotPage(r, formErrors{}), nil
}

func (p publicPages) forgotPage(r *request, errs formErrors) response {
	label := p.loginLabel()
	return formPage(errs, "forgotpassword", "Forgot password", forgotPasswordPage{
		Mails: p.site.MailStatus().Configured, Problems: errs.summary(map[string]string{"name": label}),
		Name: formField{
			Name: "name", Label: label, Value: r.form("name"), Autocomplete: "username", Required: true,
			Hint: "The name that you log in with.", Errors: errs.forField("name"),
		},
	})
}

// loginLabel names what users can log in with.
func (p publicPages) loginLabel() string {
	label := "Username"
	if p.site.Settings.Users.LoginByEmail {
		label += ", email address"
	}
	if p.site.Settings.Users.LoginByExtension {
		label += ", extension"
	}
	return label
}

// forgotPassword mails a link. The answer does not tell whether the user exists.
func (p publicPages) forgotPassword(ctx context.Context, r *request) (response, error) {
	if !p.site.MailStatus().Configured {
		return p.forgotPage(r, formErrors{status: http.StatusConflict}), nil
	}
	name := strings.TrimSpace(r.form("name"))
	err := store.NewInvalidError(store.FieldError{Field: "name", Code: "required", Message: "enter the name that you log in with"})
	if name != "" {
		err = p.site.Users.RequestReset(ctx, name)
	}
	if errs, ok := formErrorsOf(err); ok {
		return p.forgotPage(r, errs), nil
	}
	return redirect{Path: forgotPasswordSentPath}, err
}

func (p publicPages) forgotSent(context.Context, *request) (response, error) {
	return page{Name: "forgotpasswordsent", Title: "Check your inbox"}, nil
}
