package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// factorDone goes back to the page of the account, or says on it what was
// refused.
func (v *visit) factorDone(err error, said string) error {
	v.retryAfter(err)
	if errs, ok := refusalsOf(err); ok {
		return v.showAccount(errs, "")
	}
	if err != nil {
		return err
	}
	return v.done("/account", said)
}

func (v *visit) factorBegin() error {
	_, err := v.site.Administrators.BeginSecondFactor(v.r.Context(), v.visitor.Username)
	return v.factorDone(err, "Scan the code with your app, and type what it shows.")
}

func (v *visit) factorQR() error {
	pending, err := v.site.Administrators.PendingSecondFactor(v.r.Context(), v.visitor.Username)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "image/png")
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(pending.QR)
	return nil
}

func (v *visit) factorConfirm() error {
	codes, err := v.site.Administrators.ConfirmSecondFactor(v.r.Context(), v.visitor.Username, strings.TrimSpace(v.form().Get("code")))
	return v.factorCodes(codes, err, "The second factor is on: from now on a code is asked for when you log in.")
}

func (v *visit) factorRecoveryCodes() error {
	codes, err := v.site.Administrators.NewRecoveryCodes(v.r.Context(), v.visitor.Username)
	return v.factorCodes(codes, err, "There are new recovery codes. The old ones do not work any more.")
}

// factorCodes has the next page show recovery codes, once.
func (v *visit) factorCodes(codes []store.Secret, err error, said string) error {
	if err == nil {
		lines := make([]string, len(codes))
		for i, code := range codes {
			lines[i] = code.Reveal()
		}
		v.showOnce(codesKey, v.visitor.Username, time.Time{}, strings.Join(lines, "\n"))
	}
	return v.factorDone(err, said)
}

func (v *visit) factorAskRemove() error {
	return v.ask(http.StatusOK, question{
		Title: "Remove your second factor?", Back: "/account", Action: "/account/second-factor/remove", Yes: "Remove second factor",
		Consequences: []string{
			"Your password is then enough to log in. Whoever learns it gets in.",
			"The entry in your app and your recovery codes stop to work.",
		},
	})
}

func (v *visit) factorRemove() error {
	_, err := v.site.Administrators.RemoveSecondFactor(v.r.Context(), v.visitor.Username)
	return v.factorDone(err, "Your second factor is removed.")
}
