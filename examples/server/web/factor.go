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
	return v.redirectAfterFactorChange(err, "Scan the QR code with your app, then enter the code that the app shows.")
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
	return v.showNewRecoveryCodes(codes, err, "Two-factor authentication is on. You need a code to log in from now on.")
}

func (v *pageHandler) factorRecoveryCodes() error {
	codes, err := v.site.Administrators.NewRecoveryCodes(v.r.Context(), v.admin.Username)
	return v.showNewRecoveryCodes(codes, err, "New recovery codes created. The old codes no longer work.")
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
		Title: "Turn off two-factor authentication?", Back: "/account", Action: "/account/second-factor/remove", Yes: "Turn off two-factor authentication",
		Consequences: []string{
			"After that your password alone is enough to log in.",
			"The entry in your app and your recovery codes will no longer work.",
		},
	})
}

func (v *pageHandler) factorRemove() error {
	_, err := v.site.Administrators.RemoveSecondFactor(v.r.Context(), v.admin.Username)
	return v.redirectAfterFactorChange(err, "Two-factor authentication is off.")
}
