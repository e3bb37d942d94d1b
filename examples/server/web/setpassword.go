package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// setPasswordPage is what a one-time link leads to.
type setPasswordPage struct {
	Problems []problem
	Username string
	Expires  time.Time
	Password field
}

// newPassword is the field for one that is being chosen.
func newPassword(errs formErrors) field {
	return field{
		Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Required: true,
		Hint:   "12 characters or more, and not easy to guess; a few unrelated words do well.",
		Errors: errs.forField("password"),
	}
}

func (v *pageHandler) setPasswordForm() error {
	return v.renderSetPassword(formErrors{status: http.StatusOK})
}

func (v *pageHandler) renderSetPassword(errs formErrors) error {
	link, err := v.site.Administrators.Invitation(v.r.Context(), store.NewSecret(v.r.PathValue("token")))
	if errors.Is(err, store.ErrNotFound) {
		return v.renderStatus(http.StatusNotFound, "linkexpired", "This link does not work any more", nil)
	}
	if err != nil {
		return err
	}
	return v.renderStatus(errs.status, "setpassword", "Set your password", setPasswordPage{
		Problems: errs.summary(map[string]string{"password": "New password"}),
		Username: link.Username, Expires: link.ExpiresAt, Password: newPassword(errs),
	})
}

func (v *pageHandler) setPassword() error {
	token, password := store.NewSecret(v.r.PathValue("token")), store.NewSecret(v.form().Get("password"))
	_, err := v.site.Administrators.AcceptInvitation(v.r.Context(), token, password)
	if err == nil {
		return v.redirectWithFlash("/login", "Your password is set. Log in with it.")
	}
	if errors.Is(err, store.ErrNotFound) {
		return v.renderSetPassword(formErrors{status: http.StatusNotFound})
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return err
	}
	return v.renderSetPassword(errs)
}
