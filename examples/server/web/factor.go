package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// redirectAfterFactorChange goes back to the page of the account, or says on it what was
// refused.
func (v *pageHandler) redirectAfterFactorChange(err error, message string) error {
	v.setRetryAfter(err)
	if errs, ok := formErrorsOf(err); ok {
		return v.renderAccount(errs, "")
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash("/account", message)
}

func (v *pageHandler) factorBegin() error {
	_, err := v.site.Administrators.BeginSecondFactor(v.r.Context(), v.admin.Username)
	return v.redirectAfterFactorChange(err, "Scan the code with your app, and type what it shows.")
}

func (v *pageHandler) factorQR() error {
	pending, err := v.site.Administrators.PendingSecondFactor(v.r.Context(), v.admin.Username)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "image/png")
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(pending.QR)
	return nil
}

func (v *pageHandler) factorConfirm() error {
	codes, err := v.site.Administrators.ConfirmSecondFactor(v.r.Context(), v.admin.Username, strings.TrimSpace(v.form().Get("code")))
	return v.showNewRecoveryCodes(codes, err, "The second factor is on: from now on a code is asked for when you log in.")
}

func (v *pageHandler) factorRecoveryCodes() error {
	codes, err := v.site.Administrators.NewRecoveryCodes(v.r.Context(), v.admin.Username)
	return v.showNewRecoveryCodes(codes, err, "There are new recovery codes. The old ones do not work any more.")
}

// showNewRecoveryCodes has the next page show recovery codes, once.
func (v *pageHandler) showNewRecoveryCodes(codes []store.Secret, err error, message string) error {
	if err == nil {
		lines := make([]string, len(codes))
		for i, code := range codes {
			lines[i] = code.Reveal()
		}
		v.stashSecret(codesKey, v.admin.Username, time.Time{}, strings.Join(lines, "\n"))
	}
	return v.redirectAfterFactorChange(err, message)
}

func (v *pageHandler) factorConfirmRemove() error {
	return v.renderConfirmation(http.StatusOK, confirmation{
		Title: "Remove your second factor?", Back: "/account", Action: "/account/second-factor/remove", Yes: "Remove second factor",
		Consequences: []string{
			"Your password is then enough to log in. Whoever learns it gets in.",
			"The entry in your app and your recovery codes stop to work.",
		},
	})
}

func (v *pageHandler) factorRemove() error {
	_, err := v.site.Administrators.RemoveSecondFactor(v.r.Context(), v.admin.Username)
	return v.redirectAfterFactorChange(err, "Your second factor is removed.")
}
