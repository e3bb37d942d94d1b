package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

// accountPage is the page /account: what administrators change of their own.
type accountPage struct {
	*ampusers.Administrator

	Problems []problem
	Current  field
	Password field
	// Enrolment is the second factor that was begun and not confirmed; nil
	// when there is none.
	Enrolment *enrolment
	// Codes are new recovery codes, shown this once.
	Codes copied
}

// enrolment is what an authenticator app has to be given.
type enrolment struct {
	Secret copied
	Code   field
}

func (v *visit) account() error {
	return v.showAccount(refusals{status: http.StatusOK}, v.shownOnce(codesKey, v.visitor.Username, time.Time{}))
}

// showAccount draws the page with what was refused, and recovery codes, if
// there are new ones.
func (v *visit) showAccount(errs refusals, codes string) error {
	ctx := v.r.Context()
	a, err := v.site.Administrators.Get(ctx, v.visitor.Username)
	if err != nil {
		return err
	}
	labels := map[string]string{"current_password": "Current password", "password": "New password", "code": "Code"}
	page := accountPage{
		Administrator: a, Problems: errs.summary(labels), Password: newPassword(errs),
		Current: field{
			Name: "current_password", Label: labels["current_password"], Type: "password", Autocomplete: "current-password", Required: true,
			Errors: errs.on("current_password"),
		},
		Codes: copied{ID: "codes", Text: codes, What: "the recovery codes"},
	}
	pending, err := v.site.Administrators.PendingSecondFactor(ctx, v.visitor.Username)
	switch {
	case err == nil:
		page.Enrolment = enrolmentOf(pending, errs)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return v.showStatus(errs.status, "account", "Your account", page)
}

func enrolmentOf(pending *ampusers.Enrolment, errs refusals) *enrolment {
	return &enrolment{
		Secret: copied{ID: "factor-secret", Text: pending.Secret.Reveal(), What: "the key"},
		Code: field{
			Name: "code", Label: "Code", Autocomplete: "one-time-code", InputMode: "numeric", Required: true,
			Hint: "The six digits that the app shows now.", Errors: errs.on("code"),
		},
	}
}

func (v *visit) accountPassword() error {
	current, password := store.NewSecret(v.form().Get("current_password")), store.NewSecret(v.form().Get("password"))
	a, err := v.site.Administrators.ChangePassword(v.r.Context(), v.visitor.Username, current, password)
	v.retryAfter(err)
	if errs, ok := refusalsOf(err); ok {
		return v.showAccount(errs, "")
	}
	if err != nil {
		return err
	}
	if err := v.gate.Adopt(v.r.Context(), a); err != nil {
		return err
	}
	return v.done("/account", "Your password is changed. All your other sessions are ended.")
}
