package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// accountPage is the page /account: what administrators change of their own.
type accountPage struct {
	*ampusers.Administrator

	Problems []problem
	Current  field
	Password field
	// Enrolment is the second factor that was begun and not confirmed; nil
	// when there is none.
	Enrolment *enrollment
	// Codes are new recovery codes, shown this once.
	Codes copyable
}

// enrollment is what an authenticator app has to be given.
type enrollment struct {
	Secret copyable
	Code   field
}

func (v *pageHandler) account() error {
	return v.renderAccount(formErrors{status: http.StatusOK}, v.takeSecret(codesKey, v.admin.Username, time.Time{}))
}

// renderAccount draws the page with what was refused, and recovery codes, if
// there are new ones.
func (v *pageHandler) renderAccount(errs formErrors, codes string) error {
	ctx := v.r.Context()
	a, err := v.site.Administrators.Get(ctx, v.admin.Username)
	if err != nil {
		return err
	}
	labels := map[string]string{"current_password": "Current password", "password": "New password", "code": "Code"}
	page := accountPage{
		Administrator: a, Problems: errs.summary(labels), Password: newPassword(errs),
		Current: field{
			Name: "current_password", Label: labels["current_password"], Type: "password", Autocomplete: "current-password", Required: true,
			Errors: errs.forField("current_password"),
		},
		Codes: copyable{ID: "codes", Text: codes, What: "the recovery codes"},
	}
	pending, err := v.site.Administrators.PendingSecondFactor(ctx, v.admin.Username)
	switch {
	case err == nil:
		page.Enrolment = enrollmentOf(pending, errs)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return v.renderStatus(errs.status, "account", "Your account", page)
}

func enrollmentOf(pending *credential.TOTPEnrollment, errs formErrors) *enrollment {
	return &enrollment{
		Secret: copyable{ID: "factor-secret", Text: pending.Secret.Reveal(), What: "the key"},
		Code: field{
			Name: "code", Label: "Code", Autocomplete: "one-time-code", InputMode: "numeric", Required: true,
			Hint: "The six-digit code from the app.", Errors: errs.forField("code"),
		},
	}
}

func (v *pageHandler) accountPassword() error {
	current, password := store.NewSecret(v.form().Get("current_password")), store.NewSecret(v.form().Get("password"))
	a, err := v.site.Administrators.ChangePassword(v.r.Context(), v.admin.Username, current, password)
	v.setRetryAfter(err)
	if errs, ok := formErrorsOf(err); ok {
		return v.renderAccount(errs, "")
	}
	if err != nil {
		return err
	}
	if err := v.sessions.Refresh(v.r.Context(), a); err != nil {
		return err
	}
	return v.redirectWithFlash("/account", "Password changed. Other sessions were signed out.")
}
